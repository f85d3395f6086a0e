package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"github.com/mattn/go-sqlite3"
)

// privateMode is the mode of a database file.
const privateMode = 0o600

// inspect says in plain words what SQLite would only call "unable to open", and
// makes a missing file readable by its owner only: it will hold password
// hashes, and SQLite gives its side files the same mode.
func inspect(path string) error {
	made, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, privateMode)
	if err == nil {
		err = made.Close()
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return errors.New("is a directory, not a database file")
	case !info.Mode().IsRegular():
		return errors.New("is not a regular file")
	case info.Mode().Perm()&0o222 == 0:
		return fmt.Errorf("is read-only (mode %v)", info.Mode().Perm())
	}
	return OwnerOnly(path)
}

// refuseOther refuses a file that is no database, as when a name was mistyped: it may
// belong to another program, and stays as it is.
func refuseOther(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	const begins = "SQLite format 3\x00"
	head := make([]byte, len(begins))
	n, err := io.ReadFull(file, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	if n > 0 && string(head[:n]) != begins {
		return fmt.Errorf("%w, or is not a database: it does not begin as one", errDamaged)
	}
	return nil
}

// OwnerOnly closes a database file, and the side files that a killed process has
// left, to all but their owner. An earlier version or a copy may have left them
// open.
func OwnerOnly(path string) error {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	if err := refuseOther(real); err != nil {
		return err
	}
	for _, name := range []string{real, real + "-wal", real + "-shm"} {
		if err := os.Chmod(name, privateMode); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// pool makes connections that all have the same settings: a PRAGMA by Exec
// would reach only one of them. A path is made absolute so that no name means
// anything special to SQLite. Only inspect makes files, hence mode=rw.
func pool(path, mode string, connections int) (*sql.DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	dsn := "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() +
		"?mode=rw&_journal_mode=WAL&_synchronous=FULL&_busy_timeout=5000&_foreign_keys=on&_stmt_cache_size=100&" + mode
	db := sql.OpenDB(connector{dsn})
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

// maxLog is what is left of a write-ahead log that has grown, as it does while a
// reader stays open for long: without a limit it keeps its size for good.
const maxLog = 8 << 20

// connector opens connections with the one setting that a DSN cannot have.
type connector struct{ dsn string }

var sqliteDriver = &sqlite3.SQLiteDriver{ConnectHook: func(c *sqlite3.SQLiteConn) error {
	_, err := c.Exec(fmt.Sprintf("PRAGMA journal_size_limit = %d", maxLog), nil)
	return err
}}

func (c connector) Driver() driver.Driver                        { return sqliteDriver }
func (c connector) Connect(context.Context) (driver.Conn, error) { return sqliteDriver.Open(c.dsn) }

// hotQueries run on every request, for every waiting browser, for every callback or
// at every sign-in.
//
// The driver keeps the statements that ran last, of each connection. What these
// compare a column with by "=" is CAST(? AS TEXT) and not ?: SQLite looks at the
// value of a bare parameter when it plans a statement, and since the driver clears
// all of them between two runs, it would parse and plan the statement again each
// time. That took up to five sixths of the time of a read.
var hotQueries = []string{
	sessionQuery, latestQuery, waitQuery,
	decideQuery, foundQuery, recordQuery, countQuery, reviseQuery,
	nthQuery, askerQuery, rivalQuery, beginQuery, knownQuery, pausedQuery,
}

// row is what *sql.Row and *sql.Rows have in common.
type row interface{ Scan(into ...any) error }

// querier is a pool or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// list reads all rows before anything else is done: iterating while writing
// would lock the database against itself.
func list[T any](ctx context.Context, q querier, scan func(row) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, wrap(err)
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		item, err := scan(rows)
		if err != nil {
			return nil, wrap(err)
		}
		all = append(all, item)
	}
	return all, wrap(rows.Err())
}

// changed says whether a conditional statement found its row.
func changed(result sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}
