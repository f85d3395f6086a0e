package handlers

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/storage/sqlite3/v2"
)

// busyTimeout is how long a write of a session waits for others.
const busyTimeout = 5 * time.Second

// NewSessionStorage opens the SQLite file at path for Fiber's sessions, and
// makes it if it is missing, for its owner only. The file holds hashes of the
// session ids: reading it signs nobody in. A session that was acknowledged
// survives a power cut.
func NewSessionStorage(path string) (storage fiber.Storage, err error) {
	return openSessions(path, busyTimeout)
}

func openSessions(path string, busy time.Duration) (storage fiber.Storage, err error) {
	// sqlite3.New panics on a bad path.
	defer func() {
		if r := recover(); r != nil {
			storage, err = nil, fmt.Errorf("session file %s cannot be opened: %v", path, r)
		}
	}()
	if err := ownerOnly(path); err != nil {
		return nil, fmt.Errorf("session file %s: %w", path, err)
	}
	// The library's defaults (rollback journal, connections that live a
	// second) stall for seconds under load; these do not.
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() +
		fmt.Sprintf("?_journal_mode=WAL&_busy_timeout=%d&_txlock=immediate&_synchronous=FULL", busy.Milliseconds())
	return hashedKeys{sqlite3.New(sqlite3.Config{
		Database:        dsn,
		Table:           "sessions",
		GCInterval:      time.Minute,
		MaxOpenConns:    4,
		MaxIdleConns:    4,
		ConnMaxLifetime: -1,
	})}, nil
}

// ownerOnly makes a missing file readable by its owner alone, and closes one
// that an earlier version left open to others. SQLite gives its side files the
// mode of the file.
func ownerOnly(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		if err := os.Chmod(name, 0o600); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// hashedKeys keeps what a cookie holds out of the storage beneath it.
type hashedKeys struct{ *sqlite3.Storage }

func (s hashedKeys) Get(key string) ([]byte, error) { return s.Storage.Get(hashKey(key)) }
func (s hashedKeys) Delete(key string) error        { return s.Storage.Delete(hashKey(key)) }
func (s hashedKeys) Set(key string, value []byte, life time.Duration) error {
	return s.Storage.Set(hashKey(key), value, life)
}

func hashKey(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// randomText is 130 bits of randomness in letters and digits.
func randomText() string { return rand.Text() }
