package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"nod/config"
	"nod/store"
)

// copied is one file of a backup.
type copied struct {
	from, to string
	part     string // what is at to in the end, until all are whole
}

// Backup copies the databases to file, and to names beside it, whether or not a
// server is running. It overwrites nothing.
func Backup(ctx context.Context, c config.Config, file string, out io.Writer) (err error) {
	if c.Postgres != "" {
		return errors.New("the database is PostgreSQL, which pg_dump copies: nod backup is for the files of SQLite")
	}
	files, err := filesOf(c.Database, file)
	if err != nil {
		return explainMissing(c, err)
	}
	defer func() {
		for _, f := range files {
			err = errors.Join(err, removeIfThere(f.part))
		}
	}()
	for i := range files {
		if err := files[i].copy(ctx); err != nil {
			return fmt.Errorf("no backup was made: %w", err)
		}
	}
	if err := publish(files, file); err != nil {
		return err
	}
	return tellBackup(c, files, out)
}

// publish gives the copies their names, the last one to file: where that is, the
// backup is whole.
func publish(files []copied, file string) error {
	last := slices.IndexFunc(files, func(f copied) bool { return f.to == file })
	for _, f := range append(slices.Delete(slices.Clone(files), last, last+1), files[last]) {
		if err := os.Rename(f.part, f.to); err != nil {
			return err
		}
	}
	return store.Sync(filepath.Dir(file))
}

// filesOf lists what there is to copy, in an order in which nothing refers to what
// was copied before it: a session of a cookie to its row, and the row to its phone.
func filesOf(database, file string) ([]copied, error) {
	if _, err := os.Stat(database); err != nil {
		return nil, err
	}
	var files []copied
	for _, f := range []copied{
		{from: beside(database, "sessions"), to: beside(file, "sessions")},
		{from: database, to: file},
		{from: beside(database, simulatorFile), to: beside(file, simulatorFile)},
	} {
		if _, err := os.Lstat(f.to); !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s is there already, and a backup overwrites nothing: name another file", f.to)
		}
		switch _, err := os.Stat(f.from); {
		case err == nil:
			files = append(files, f)
		case !errors.Is(err, fs.ErrNotExist):
			return nil, err
		}
	}
	return files, nil
}

// copy makes the part, which only its owner can read.
func (f *copied) copy(ctx context.Context) error {
	part, err := os.CreateTemp(filepath.Dir(f.to), filepath.Base(f.to)+".part-")
	if err != nil {
		return err
	}
	f.part = part.Name()
	return errors.Join(part.Close(), store.CopyFile(ctx, f.from, f.part))
}

func removeIfThere(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func tellBackup(c config.Config, files []copied, out io.Writer) error {
	for _, f := range files {
		info, err := os.Stat(f.to)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s → %s (%d kB)\n", f.from, f.to, (info.Size()+1023)/1024)
	}
	if key := store.KeyFile(c.Database); c.SecretKey == "" {
		fmt.Fprintf(out, "The key in %s is not part of it. Keep a copy of that elsewhere: without it the backup cannot be used.\n", key)
	}
	return nil
}
