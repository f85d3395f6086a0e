package simulator

import (
	"context"
	"crypto/rand"
	"database/sql"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	_ "github.com/mattn/go-sqlite3" // the driver "sqlite3"
)

//go:embed schema.sql
var schema string

// upgrades bring a file from version i+1 to i+2. schema.sql has their results:
// it makes a new file, and afterwards adds the indexes that an old one lacks.
var upgrades = []string{
	// 2: the order of registration, which the random ids do not tell.
	`ALTER TABLE users ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
	 UPDATE users SET seq = authy_id - 100000;`,
	// 3: callbacks that the application has not taken yet.
	`ALTER TABLE requests ADD COLUMN callback_until INTEGER NOT NULL DEFAULT 0;`,
	// 4: when a token was used, to prune by.
	`ALTER TABLE spent_tokens ADD COLUMN at INTEGER NOT NULL DEFAULT 0;
	 UPDATE spent_tokens SET at = unixepoch() * 1000;`,
	// 5: requests that the application has withdrawn.
	`ALTER TABLE requests ADD COLUMN withdrawn TEXT NOT NULL DEFAULT '';`,
	// 6: everybody who has a phone.
	`CREATE TABLE owners (seq INTEGER PRIMARY KEY, authy_id INTEGER NOT NULL, email TEXT NOT NULL, UNIQUE (authy_id, email)) STRICT;
	 INSERT INTO owners (authy_id, email) SELECT authy_id, email FROM users WHERE removed_at = 0;`,
	// 7: calls that were answered. Until then the code of each was shown.
	`ALTER TABLE messages ADD COLUMN answered INTEGER NOT NULL DEFAULT 0;
	 UPDATE messages SET answered = 1 WHERE via = 'call' AND ringing = 0;`,
}

// openDB opens the file at path, or a temporary one, which remove deletes.
func openDB(ctx context.Context, path string) (db *sql.DB, remove func() error, err error) {
	remove = func() error { return nil }
	if path == "" {
		dir, err := os.MkdirTemp("", "simulator-")
		if err != nil {
			return nil, nil, fmt.Errorf("temporary folder: %w", err)
		}
		path = filepath.Join(dir, "simulator.db")
		remove = func() error { return os.RemoveAll(dir) }
	}
	db, err = openFile(ctx, path)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("simulator database %s: %w", path, err), remove())
	}
	return db, remove, nil
}

// openFile opens a file that only its owner can read. A commit is on the disk
// before it is acknowledged, so that a power cut takes no phone whose id an
// application has stored.
func openFile(ctx context.Context, path string) (*sql.DB, error) {
	if err := ownerOnly(path); err != nil {
		return nil, err
	}
	dsn := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(),
		RawQuery: "_journal_mode=WAL&_busy_timeout=60000&_txlock=immediate&_synchronous=FULL&_foreign_keys=on"}
	db, err := sql.Open("sqlite3", dsn.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(4)
	if err := prepare(ctx, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// ownerOnly makes a missing file, which will hold the key and the phones' secrets,
// and closes one that others could read. SQLite gives its side files the same mode.
func ownerOnly(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		return err
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	for _, name := range []string{real, real + "-wal", real + "-shm"} {
		if err := os.Chmod(name, 0o600); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// prepare creates the tables of a new file, brings an older one up to date, and
// rejects a newer one.
func prepare(ctx context.Context, db *sql.DB) error {
	newest := len(upgrades) + 1
	return inTx(ctx, db, func(tx *sql.Tx) error {
		var version int
		if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
			return err
		}
		if version < 0 || version > newest {
			return fmt.Errorf("was written by a newer version (schema %d, this is %d): start that one again, or remove the file to start with new phones",
				version, newest)
		}
		for ; version > 0 && version < newest; version++ {
			if _, err := tx.ExecContext(ctx, upgrades[version-1]); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, schema); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", newest))
		return err
	})
}

// inTx runs do in a transaction that takes the write lock at its start.
func inTx(ctx context.Context, db *sql.DB, do func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

func (s *Simulator) tx(ctx context.Context, do func(*sql.Tx) error) error {
	return inTx(ctx, s.db, do)
}

// querier is what *sql.DB and *sql.Tx have in common.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// changed runs a statement and reports whether it changed a row.
func changed(ctx context.Context, q querier, query string, args ...any) (bool, error) {
	result, err := q.ExecContext(ctx, query, args...)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// collect reads all rows of a query. It returns an empty slice rather than nil,
// which would become null in JSON.
func collect[T any](ctx context.Context, q querier, scan func(func(...any) error) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := []T{}
	for rows.Next() {
		one, err := scan(rows.Scan)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// setting returns the stored value of name, and first stores value if there is
// none.
func setting(ctx context.Context, q querier, name, value string) (string, error) {
	_, err := q.ExecContext(ctx, "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", name, value)
	if err != nil {
		return "", err
	}
	err = q.QueryRowContext(ctx, "SELECT value FROM settings WHERE name = ?", name).Scan(&value)
	return value, err
}

func toMillis(t time.Time) int64 { return t.UnixMilli() }

// fromMillis converts a time of the tables, where 0 is the zero time.
func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// randomHex returns n random bytes in hexadecimal.
func randomHex(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never returns an error
	return hex.EncodeToString(b)
}
