package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate runs the numbered files that this database has not seen, in order,
// each with its record in one transaction: a start that was cut off in the
// middle goes on where it stopped.
func (s *Store) migrate(ctx context.Context) error {
	const table = `CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT`
	if _, err := s.db.ExecContext(ctx, table); err != nil {
		return err
	}
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	for _, name := range files {
		if err := s.migrateOne(ctx, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (s *Store) migrateOne(ctx context.Context, name string) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		const record = `INSERT INTO migrations (name, at) VALUES (?, ?) ON CONFLICT (name) DO NOTHING`
		fresh, err := changed(tx.ExecContext(ctx, record, name, s.now()))
		if err != nil || !fresh {
			return err
		}
		script, err := migrations.ReadFile(name)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, string(script))
		return err
	})
}
