package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
)

// CopyFile writes a copy of the SQLite file at from, as it is at one moment, over the
// empty file at to. Others may read and write from meanwhile. The copy was read back,
// is sound, and is on the disk.
func CopyFile(ctx context.Context, from, to string) error {
	if err := copyFile(ctx, from, to); err != nil {
		return fmt.Errorf("%s: %w", from, wrap(err))
	}
	return nil
}

func copyFile(ctx context.Context, from, to string) error {
	if _, err := os.Stat(from); err != nil {
		return err
	}
	db, err := pool(from, "_txlock=deferred", 1)
	if err != nil {
		return err
	}
	// One statement is one read transaction, and no writer waits for it.
	_, err = db.ExecContext(ctx, `VACUUM INTO ?`, to)
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	if err := sound(ctx, to); err != nil {
		return err
	}
	// SQLite leaves it to the system when what it copied gets to the disk.
	return Sync(to)
}

// sound reads all of a file that nobody else has open. Of one that is opened for reading
// alone SQLite would not check the constraints.
func sound(ctx context.Context, path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	db, err := sql.Open("sqlite3", "file:"+(&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()+"?mode=rw")
	if err != nil {
		return err
	}
	defer db.Close()
	var found string
	if err := db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&found); err != nil {
		return err
	}
	if found != "ok" {
		return fmt.Errorf("%w: %s", errDamaged, found)
	}
	return nil
}

// Sync returns when a file, or the names in a folder, are on the disk.
func Sync(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}
