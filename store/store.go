// Package store keeps users, sessions, approvals, transfers and the audit
// trail in one SQLite file.
//
// Owns: every change of state. A transition is the WHERE clause of one
// statement, and the number of changed rows is the answer.
// Promises: an exported method is one transaction; what it returns is
// committed; of many who try the same step at once, one succeeds; a change of
// state and its line in the audit trail are written together.
// Never: lets an error of the driver out under its own name, keeps a secret of
// a cookie, or tells a browser anything: callers publish after the commit.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"time"

	"github.com/alexedwards/argon2id"
	_ "github.com/mattn/go-sqlite3" // the driver
	"golang.org/x/sync/semaphore"
)

// Options of a store. The zero value is usable.
type Options struct {
	Now         func() time.Time // nil: time.Now
	SessionIdle time.Duration    // 0: 1 hour; how long a signed-in session may rest
	SessionMax  time.Duration    // 0: 24 hours; how long it may live
	PendingMax  time.Duration    // 0: 15 minutes; how long one may stay half signed in

	HashConcurrency int              // 0: GOMAXPROCS; passwords hashed at once
	HashParams      *argon2id.Params // nil: 19 MiB, 2 passes, 1 lane
}

// Store is an open database. It is safe for concurrent use.
type Store struct {
	opts    Options
	db      *sql.DB // one connection: SQLite has one writer
	read    *sql.DB
	hashing *semaphore.Weighted
	queue   chan struct{} // places of those who wait to be hashed
	dummy   string        // a hash that no password has
	mailKey []byte        // hides whose e-mail a failure was for
}

// Open opens or makes the SQLite file at path and brings its schema up to date.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	s := &Store{opts: o.withDefaults()}
	s.hashing = semaphore.NewWeighted(int64(s.opts.HashConcurrency))
	s.queue = make(chan struct{}, queuePerHash*s.opts.HashConcurrency)
	var err error
	if s.db, err = open(path, "_txlock=immediate", 1); err != nil {
		return nil, fmt.Errorf("store: %s: %w", path, err)
	}
	if s.read, err = open(path, "_query_only=true", 4); err != nil {
		return nil, fmt.Errorf("store: %s: %w", path, err)
	}
	if err := s.prepare(ctx); err != nil {
		_ = s.Close()
		return nil, fmt.Errorf("store: %s: %w", path, err)
	}
	return s, nil
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	setDefault(&o.SessionIdle, time.Hour)
	setDefault(&o.SessionMax, 24*time.Hour)
	setDefault(&o.PendingMax, 15*time.Minute)
	if o.HashConcurrency == 0 {
		o.HashConcurrency = runtime.GOMAXPROCS(0)
	}
	if o.HashParams == nil {
		// OWASP's choice for argon2id with the least memory.
		o.HashParams = &argon2id.Params{Memory: 19 << 10, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}
	}
	return o
}

func setDefault(d *time.Duration, value time.Duration) {
	if *d == 0 {
		*d = value
	}
}

// open makes a pool whose every connection has the same settings: a PRAGMA by
// Exec would reach only one of them.
func open(path, mode string, connections int) (*sql.DB, error) {
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() +
		"?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=5000&_foreign_keys=on&" + mode
	db, err := sql.Open("sqlite3", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

func (s *Store) prepare(ctx context.Context) error {
	if err := s.migrate(ctx); err != nil {
		return err
	}
	var err error
	if s.mailKey, err = s.Secret(ctx, "throttle"); err != nil {
		return err
	}
	s.dummy, err = argon2id.CreateHash("nobody has this password", s.opts.HashParams)
	return err
}

// Close closes the database.
func (s *Store) Close() error {
	var err error
	for _, db := range []*sql.DB{s.read, s.db} {
		if db != nil {
			err = errors.Join(err, db.Close())
		}
	}
	return err
}

// Ready says whether the database answers and can be written.
func (s *Store) Ready(ctx context.Context) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO secrets (name, value) VALUES ('ready', x'00') ON CONFLICT (name) DO UPDATE SET value = x'00'`)
		return err
	})
}

// inTx runs do in one transaction that may write from its first statement.
func (s *Store) inTx(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to roll back
	if err := do(tx); err != nil {
		return wrap(err)
	}
	return wrap(tx.Commit())
}

// now is the time of a statement, as the tables keep it.
func (s *Store) now() int64 { return s.opts.Now().UnixMilli() }

func at(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// row is what *sql.Row and *sql.Rows have in common.
type row interface{ Scan(into ...any) error }

// changed says whether a conditional statement found its row.
func changed(result sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}
