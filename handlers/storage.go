package handlers

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/storage/sqlite3/v2"

	"nod/store"
)

// busyTimeout is how long a write of a session waits for others.
const busyTimeout = 5 * time.Second

// NewSessionStorage opens the SQLite file at path for Fiber's sessions, and
// makes it if it is missing, for its owner only. The file holds hashes of the
// session ids: reading it signs nobody in. A session that was acknowledged
// survives a power cut.
func NewSessionStorage(path string) (*SessionFile, error) {
	return openSessions(path, busyTimeout)
}

func openSessions(path string, busy time.Duration) (file *SessionFile, err error) {
	// sqlite3.New panics on a bad path.
	defer func() {
		if r := recover(); r != nil {
			file, err = nil, fmt.Errorf("session file %s cannot be opened: %v", path, r)
		}
	}()
	if err := ownerOnly(path); err != nil {
		return nil, fmt.Errorf("session file %s: %w", path, err)
	}
	// The library's defaults (rollback journal, connections that live a
	// second) stall for seconds under load; these do not.
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() +
		fmt.Sprintf("?_journal_mode=WAL&_busy_timeout=%d&_txlock=immediate&_synchronous=FULL", busy.Milliseconds())
	storage := sqlite3.New(sqlite3.Config{
		Database:        dsn,
		Table:           "sessions",
		GCInterval:      never,
		MaxOpenConns:    sessionConnections,
		MaxIdleConns:    sessionConnections,
		ConnMaxLifetime: -1,
	})
	probe, err := store.NewProbe(path, storage.Conn(), probeStatement, time.Now)
	if err == nil {
		err = limitLog(storage.Conn())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("session file %s: %w", path, store.Neutral(err)), storage.Close())
	}
	return &SessionFile{storage, probe}, nil
}

const (
	sessionConnections = 4
	// never is when the library cleans up. It would do so in one statement,
	// however much there is; KeepPruned does it in parts.
	never = 100 * 365 * 24 * time.Hour
	// probeStatement writes a row that no session can have, and leaves none.
	probeStatement = `
		INSERT INTO sessions (k, v, e) VALUES ('probe', ?, 1);
		DELETE FROM sessions WHERE k = 'probe'`
	// maxSessionLog is what is left of a write-ahead log that has grown.
	maxSessionLog = 8 << 20
)

// limitLog sets what a DSN cannot, on each of the connections. They are never
// closed, so none comes later.
func limitLog(db *sql.DB) error {
	for range sessionConnections {
		conn, err := db.Conn(context.Background())
		if err != nil {
			return err
		}
		defer conn.Close() // all are held until the last is there
		if _, err := conn.ExecContext(context.Background(), fmt.Sprintf("PRAGMA journal_size_limit = %d", maxSessionLog)); err != nil {
			return err
		}
	}
	return nil
}

// ownerOnly makes a missing file readable by its owner alone, and closes one that
// is open to others.
func ownerOnly(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return store.OwnerOnly(path)
}

// Sessions is Fiber's session storage, wherever it is.
type Sessions interface {
	fiber.Storage
	Ready(ctx context.Context) error
	KeepPruned(ctx context.Context, problem func(error))
	Stats() sql.DBStats // who waits for a connection
}

// SessionFile is Fiber's session storage. It keeps what a cookie holds out of
// the file, and its errors are those of package store.
type SessionFile struct {
	*sqlite3.Storage
	probe *store.Probe
}

// Get reads the value of a key.
func (s *SessionFile) Get(key string) ([]byte, error) {
	value, err := s.Storage.Get(hashKey(key))
	return value, store.Neutral(err)
}

// Delete forgets a key.
func (s *SessionFile) Delete(key string) error { return store.Neutral(s.Storage.Delete(hashKey(key))) }

// Set keeps a value under a key.
func (s *SessionFile) Set(key string, value []byte, life time.Duration) error {
	return store.Neutral(s.Storage.Set(hashKey(key), value, life))
}

// Ready says whether the file can be written, and is still the one at its path.
func (s *SessionFile) Ready(ctx context.Context) error { return s.probe.Check(ctx) }

// Stats says how often and how long one of the connections was waited for.
func (s *SessionFile) Stats() sql.DBStats { return s.Conn().Stats() }

const (
	sessionsPruned = 200 // in one transaction
	pruneInterval  = time.Minute
)

// KeepPruned deletes what has expired, at once and then every minute, until ctx
// ends. problem is told what went wrong.
func (s *SessionFile) KeepPruned(ctx context.Context, problem func(error)) {
	keepPruned(ctx, problem, s.prune)
}

func keepPruned(ctx context.Context, problem func(error), prune func(context.Context, time.Time) error) {
	again := time.NewTicker(pruneInterval)
	defer again.Stop()
	for {
		if err := prune(ctx, time.Now()); err != nil && ctx.Err() == nil {
			problem(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
	}
}

// prune deletes a few rows at a time, and lets others write in between.
func (s *SessionFile) prune(ctx context.Context, now time.Time) error {
	const some = `DELETE FROM sessions WHERE k IN (SELECT k FROM sessions WHERE e <> 0 AND e <= ? ORDER BY e LIMIT ?)`
	for {
		began := time.Now()
		result, err := s.Conn().ExecContext(ctx, some, now.Unix(), sessionsPruned)
		if err != nil {
			return store.Neutral(err)
		}
		if n, err := result.RowsAffected(); err != nil || n < sessionsPruned {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(4 * time.Since(began)):
		}
	}
}

func hashKey(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// randomText is 130 bits of randomness in letters and digits.
func randomText() string { return rand.Text() }
