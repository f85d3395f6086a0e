package main

import (
	"bytes"
	"encoding/gob"
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/session"
	"github.com/gofiber/storage/sqlite3/v2"
)

// The name of the session cookie, and the key under which the session holds the id
// that the hubs use.
const (
	cookieName = "nod_session"
	sessionRef = "session"
)

// openStorage uses Nod's settings: with the library's defaults the storage stalls
// for seconds, and the benchmark would compare databases.
func openStorage(path string) *sqlite3.Storage {
	return sqlite3.New(sqlite3.Config{
		Database:        "file:" + path + "?_journal_mode=WAL&_busy_timeout=5000&_txlock=immediate&_synchronous=NORMAL",
		Table:           "sessions",
		GCInterval:      time.Minute,
		MaxOpenConns:    4,
		MaxIdleConns:    4,
		ConnMaxLifetime: -1,
	})
}

// requireSession is a guard as Fiber's documentation shows it.
func requireSession(path string) fiber.Handler {
	store := session.New(session.Config{Storage: openStorage(path), KeyLookup: "cookie:" + cookieName})
	return func(c *fiber.Ctx) error {
		sess, err := store.Get(c)
		if err != nil {
			return err
		}
		key, _ := sess.Get(sessionRef).(string)
		if key == "" {
			return fiber.ErrUnauthorized
		}
		c.Locals(sessionRef, key)
		return c.Next()
	}
}

// page stands for the pages that a browser loads before it waits.
func page(c *fiber.Ctx) error { return c.Redirect("/login/approval", fiber.StatusSeeOther) }

// sessionKey reads the same session for net/http; it returns "" if there is none.
func sessionKey(storage *sqlite3.Storage, r *http.Request) (string, error) {
	cookie, err := r.Cookie(cookieName)
	if err != nil {
		return "", nil
	}
	raw, err := storage.Get(cookie.Value)
	if err != nil || raw == nil {
		return "", err
	}
	var data map[string]any
	if err := gob.NewDecoder(bytes.NewReader(raw)).Decode(&data); err != nil {
		return "", err
	}
	key, _ := data[sessionRef].(string)
	return key, nil
}
