package handlers

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/storage/sqlite3/v2"
)

// busyTimeout is how long a session waits for others to be written.
const busyTimeout = 5 * time.Second

// NewSessionStorage opens the SQLite file at path for Fiber's sessions. The
// file holds hashes of the session ids: reading it signs nobody in.
func NewSessionStorage(path string) (storage fiber.Storage, err error) {
	return openSessions(path, busyTimeout)
}

func openSessions(path string, busy time.Duration) (storage fiber.Storage, err error) {
	// sqlite3.New panics on a bad path; a start should end in a sentence.
	defer func() {
		if r := recover(); r != nil {
			storage, err = nil, fmt.Errorf("session file %s cannot be opened: %v", path, r)
		}
	}()
	// The library's defaults (rollback journal, connections that live a
	// second) stall for seconds under load; these do not.
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() +
		fmt.Sprintf("?_journal_mode=WAL&_busy_timeout=%d&_txlock=immediate&_synchronous=NORMAL", busy.Milliseconds())
	return hashedKeys{sqlite3.New(sqlite3.Config{
		Database:        dsn,
		Table:           "sessions",
		GCInterval:      time.Minute,
		MaxOpenConns:    4,
		MaxIdleConns:    4,
		ConnMaxLifetime: -1,
	})}, nil
}

// hashedKeys keeps what a cookie holds out of the storage beneath it.
type hashedKeys struct{ fiber.Storage }

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
