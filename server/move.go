package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"text/tabwriter"

	"nod/config"
	"nod/handlers"
	"nod/store"
)

// Move carries everything from the SQLite files of c to its PostgreSQL database: once,
// while no Nod runs on either.
func Move(ctx context.Context, c config.Config, out io.Writer, logger *slog.Logger) (err error) {
	if _, err := os.Stat(c.Database); err != nil {
		return fmt.Errorf("there is nothing to move: %w", err)
	}
	held, err := lockFile(ctx, c.Database, 0, logger)
	if err != nil {
		return err
	}
	defer held.Close()
	from, err := openMoved(ctx, c, logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	others, end, err := cookiesOf(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	to := newSite(c, logger)
	options := to.storeOptions()
	if options.SecretKey, err = keyOf(c); err != nil {
		return err
	}
	moved, err := from.MoveTo(ctx, to.database(), options, others...)
	if len(moved) == 0 {
		return fmt.Errorf("nothing was moved: %w", to.explainStore(err))
	}
	return errors.Join(err, tellMoved(out, c, moved))
}

// openMoved opens the file that is to be moved.
func openMoved(ctx context.Context, c config.Config, logger *slog.Logger) (*store.Store, error) {
	c.Postgres = ""
	s := newSite(c, logger)
	options := s.storeOptions()
	options.Existing = true
	db, err := store.Open(ctx, c.Database, options)
	return db, s.explainStore(err)
}

// keyOf is the key that the file is used with, and the database from now on.
func keyOf(c config.Config) ([]byte, error) {
	if c.SecretKey != "" {
		return []byte(c.SecretKey), nil
	}
	return store.ReadKey(c.Database)
}

// cookiesOf are Fiber's sessions, if they are there: without them everybody is signed out
// already.
func cookiesOf(c config.Config) (tables []store.OtherTable, end func() error, err error) {
	path := beside(c.Database, "sessions")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, func() error { return nil }, nil
	}
	file, err := handlers.NewSessionStorage(path)
	if err != nil {
		return nil, nil, err
	}
	return []store.OtherTable{{From: file.Conn(), Table: "sessions", Name: handlers.SessionTableName}}, file.Close, nil
}

func tellMoved(out io.Writer, c config.Config, moved []store.Moved) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, m := range moved {
		if m.Rows > 0 {
			fmt.Fprintf(w, "%s\t%s\n", m.Table, count(m.Rows, "row"))
		}
	}
	fmt.Fprintf(w, "\nAll of it is in PostgreSQL, read back and compared. No Nod takes %s any more: keep it as a backup.\n", c.Database)
	fmt.Fprint(w, "Start Nod with DATABASE_URL set to the new database")
	if c.SecretKey == "" {
		fmt.Fprintf(w, " and SECRET_KEY_FILE to %s", store.KeyFile(c.Database))
	}
	fmt.Fprintln(w, ".")
	return w.Flush()
}
