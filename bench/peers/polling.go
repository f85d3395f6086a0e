package main

import (
	"database/sql"
	"errors"

	"github.com/gofiber/fiber/v2"
	_ "github.com/mattn/go-sqlite3" // the driver
)

// servePolling is the tutorial's design: the phone's answer is a column of the user,
// and the page polls for it.
func servePolling(s settings) error {
	db, err := sql.Open("sqlite3", "file:"+s.database+"?_journal_mode=WAL&_busy_timeout=5000&_txlock=immediate&_synchronous=FULL")
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(4)
	db.SetMaxIdleConns(4)
	if _, err := db.Exec(`CREATE TABLE users (session TEXT PRIMARY KEY, authy_status TEXT NOT NULL) WITHOUT ROWID`); err != nil {
		return err
	}
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Get("/metrics", func(c *fiber.Ctx) error { return c.SendString(memory()) })
	app.Post("/publish/:key", func(c *fiber.Ctx) error {
		_, err := db.ExecContext(c.Context(), `INSERT OR REPLACE INTO users VALUES (?, 'approved')`, c.Params("key"))
		return err
	})
	guard := requireSession(s.sessions)
	app.Get("/login", guard, page)
	app.Post("/authy/status", guard, func(c *fiber.Ctx) error {
		status := "pending"
		err := db.QueryRowContext(c.Context(), `SELECT authy_status FROM users WHERE session = ?`, c.Locals(sessionRef)).Scan(&status)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		return c.SendString(status)
	})
	return app.Listener(s.listener)
}
