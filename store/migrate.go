package store

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

//go:embed migrations/*.sql
var migrations embed.FS

// inGo are the parts of migrations that SQL cannot take; each follows its file.
var inGo = map[string]func(*txn, context.Context) error{
	"migrations/0007_emails_and_numbers.sql": (*txn).rekeyEmails,
	"migrations/0020_limits_moved.sql":       (*txn).moveUsage,
	"migrations/0013_notices.sql":            (*txn).nameNetworks,
	"migrations/0014_audit.sql":              (*txn).markOldAddresses,
	"migrations/0040_email_keys.sql":         (*txn).rekeyEmails,
}

// migrate runs the numbered files that this database has not seen, in order,
// each with its record in one transaction: a start that was cut off in the
// middle goes on where it stopped.
func (s *Store) migrate(ctx context.Context, from fs.FS) error {
	if err := s.inTx(ctx, func(tx *txn) error { return tx.claim(ctx) }); err != nil {
		return err
	}
	files, err := fs.Glob(from, "migrations/*.sql")
	if err != nil {
		return err
	}
	ran, err := s.migrated(ctx, files)
	if err != nil {
		return err
	}
	for _, name := range files {
		if slices.Contains(ran, name) {
			continue
		}
		if err := s.migrateOne(ctx, from, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// demoMark stands among the migrations of a file that a demonstration has made: it is
// written with the first of its tables, so no file is without it for a moment, and an
// older program refuses the file.
const demoMark = "a demonstration"

// claim makes the list of migrations, and keeps demonstrations apart from the rest.
func (tx *txn) claim(ctx context.Context) error {
	const table = `CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT`
	if err := tx.alone(ctx); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, tx.store.script(table)); err != nil {
		return err
	}
	demo := tx.store.opts.Demo
	if demo && tx.store.empty {
		_, err := tx.ExecContext(ctx, `INSERT INTO migrations (name, at) VALUES (?, ?)`, demoMark, tx.now)
		return err
	}
	var marks int
	err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM migrations WHERE name = ?`, demoMark).Scan(&marks)
	switch {
	case err != nil:
		return err
	case demo && marks == 0:
		return ErrNotDemo
	case !demo && marks > 0:
		return ErrDemo
	}
	return nil
}

// migrated are the files that have run. It stops a program that is older than one of
// them: it does not know what the schema means by now.
func (s *Store) migrated(ctx context.Context, known []string) (ran []string, err error) {
	scan := func(r row) (name string, err error) { return name, r.Scan(&name) }
	if ran, err = list(ctx, s.db, scan, `SELECT name FROM migrations ORDER BY name`); err != nil {
		return nil, err
	}
	if slices.Contains(ran, movedMark) {
		return nil, ErrMoved
	}
	for _, name := range ran {
		if name != demoMark && !slices.Contains(known, name) {
			return nil, fmt.Errorf("was made by a newer version, with %s: start that one again, or restore a backup from before it", name)
		}
	}
	return ran, nil
}

func (s *Store) migrateOne(ctx context.Context, from fs.FS, name string) error {
	return s.inTx(ctx, func(tx *txn) error {
		if err := tx.alone(ctx); err != nil {
			return err
		}
		const record = `INSERT INTO migrations (name, at) VALUES (?, ?) ON CONFLICT (name) DO NOTHING`
		fresh, err := changed(tx.ExecContext(ctx, record, name, tx.now))
		if err != nil || !fresh {
			return err
		}
		script, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		text, err := tx.withLegacyProvider(ctx, string(script))
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, s.script(text)); err != nil {
			return err
		}
		if step, ok := inGo[name]; ok {
			return step(tx, ctx)
		}
		return nil
	})
}

// withLegacyProvider fills in whose phones the accounts of an old file have.
// Only an account that is open needs to know.
func (tx *txn) withLegacyProvider(ctx context.Context, script string) (string, error) {
	const blank = "{{legacy provider}}"
	if !strings.Contains(script, blank) {
		return script, nil
	}
	var accounts int
	err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM users WHERE closed_at IS NULL`).Scan(&accounts)
	if err != nil {
		return "", err
	}
	provider := cmp.Or(tx.store.opts.LegacyProvider, tx.store.opts.Provider)
	switch {
	case accounts == 0:
	case tx.store.opts.LegacyProvider == "":
		return "", ErrWhichProvider
	case provider != tx.store.opts.Provider:
		// Not written: a wrong guess could not be undone.
		return "", &LegacyError{accounts, provider}
	}
	return strings.ReplaceAll(script, blank, string(provider)), nil
}
