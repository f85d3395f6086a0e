package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	_ "github.com/mattn/go-sqlite3" // the driver that reads the files
)

// audit compares what was promised with what is in the files.
func (w *world) audit(ctx context.Context) error {
	var all error
	for _, name := range []string{"nod.db", "nod-sessions.db", "nod-simulator.db"} {
		all = errors.Join(all, w.inFile(name, func(db *sql.DB) error { return w.checkWhole(ctx, name, db) }))
	}
	return errors.Join(all, w.inFile("nod.db", func(db *sql.DB) error {
		return errors.Join(w.checkTaps(ctx, db), w.checkAccounts(ctx, db), w.checkTransfers(ctx, db), w.checkRules(ctx, db))
	}))
}

func (w *world) inFile(name string, check func(*sql.DB) error) error {
	db, err := sql.Open("sqlite3", "file:"+w.process.file(name)+"?mode=ro")
	if err != nil {
		return err
	}
	defer db.Close()
	if err := check(db); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (w *world) checkWhole(ctx context.Context, name string, db *sql.DB) error {
	var verdict string
	err := db.QueryRowContext(ctx, `PRAGMA integrity_check`).Scan(&verdict)
	if err == nil && verdict != "ok" {
		w.book.lose("%s is damaged: %s", name, verdict)
	}
	return err
}

// checkTaps: an acknowledged tap is in the file, unless its request was over. A
// page was told the same.
func (w *world) checkTaps(ctx context.Context, db *sql.DB) error {
	for uuid, t := range w.book.taps {
		var status, reason string
		err := db.QueryRowContext(ctx, `SELECT status, reason FROM approvals WHERE uuid = ?`, uuid).Scan(&status, &reason)
		if errors.Is(err, sql.ErrNoRows) {
			status, err = "unknown", nil
		}
		if err != nil {
			return err
		}
		want := past[t.verb]
		switch {
		case t.taken && status != want && status != "cancelled":
			w.book.lose("tap %s on %s: the request is %s %s", t.verb, uuid, status, reason)
		case t.told != "" && t.told != status && !(t.told == "executed" && status == "approved"):
			w.book.lose("tap %s on %s: the page was told %s, the request is %s %s", t.verb, uuid, t.told, status, reason)
		}
	}
	return nil
}

// checkAccounts: who was promised an account has one, with a phone.
func (w *world) checkAccounts(ctx context.Context, db *sql.DB) error {
	for email := range w.book.accounts {
		var there bool
		const query = `
			SELECT EXISTS (
				SELECT 1
				FROM users JOIN factors ON factors.user_id = users.id
				WHERE users.email = ? AND factors.revoked_at IS NULL)`
		if err := db.QueryRowContext(ctx, query, email).Scan(&there); err != nil {
			return err
		}
		if !there {
			w.book.lose("the account of %s is not there", email)
		}
	}
	return nil
}

// checkTransfers: what was acknowledged as executed is, once.
func (w *world) checkTransfers(ctx context.Context, db *sql.DB) error {
	for payee := range w.book.executed {
		var executed, told int
		const query = `
			SELECT
				COUNT(*),
				COALESCE(SUM((SELECT COUNT(*) FROM events
					WHERE events.approval_id = transfers.approval_id AND events.kind = 'transfer_executed')), 0)
			FROM transfers
			WHERE payee = ? AND executed_at IS NOT NULL`
		if err := db.QueryRowContext(ctx, query, payee).Scan(&executed, &told); err != nil {
			return err
		}
		if executed != 1 || told != 1 {
			w.book.lose("the transfer to %s was executed %d times, with %d events", payee, executed, told)
		}
	}
	return nil
}

// rules are what no row may break.
var rules = []struct{ broken, query string }{
	{"users without a phone", `
		SELECT email FROM users
		WHERE NOT EXISTS (SELECT 1 FROM factors WHERE factors.user_id = users.id)`},
	{"approvals that let in more than one session", `
		SELECT approval_id FROM sessions
		WHERE level = 2 AND end_reason <> 'rekeyed'
		GROUP BY approval_id
		HAVING COUNT(*) > 1`},
	{"sessions that are signed in without a used approval", `
		SELECT sessions.id FROM sessions
		WHERE level = 2 AND NOT EXISTS (
			SELECT 1 FROM approvals
			WHERE approvals.id = sessions.approval_id
				AND approvals.user_id = sessions.user_id
				AND approvals.kind = 'login'
				AND approvals.consumed_at IS NOT NULL)`},
	{"transfers that were executed without a used approval", `
		SELECT transfers.id FROM transfers JOIN approvals ON approvals.id = transfers.approval_id
		WHERE transfers.executed_at IS NOT NULL AND approvals.consumed_at IS NULL`},
	{"payees who were paid twice", `
		SELECT payee FROM transfers
		WHERE executed_at IS NOT NULL
		GROUP BY payee
		HAVING COUNT(*) > 1`},
}

// checkRules also compares each approval that was used with the phones' taps.
func (w *world) checkRules(ctx context.Context, db *sql.DB) error {
	for _, rule := range rules {
		found, err := texts(ctx, db, rule.query)
		if err != nil {
			return err
		}
		if len(found) > 0 {
			w.book.lose("%s: %v", rule.broken, found)
		}
	}
	used, err := texts(ctx, db, `SELECT uuid FROM approvals WHERE status = 'approved' OR consumed_at IS NOT NULL`)
	for _, uuid := range used {
		if t := w.book.taps[uuid]; t == nil || t.verb != "approve" {
			w.book.lose("request %s is approved, and nobody tapped Approve", uuid)
		}
	}
	return err
}

func texts(ctx context.Context, db *sql.DB, query string) (found []string, err error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		found = append(found, text)
	}
	return found, rows.Err()
}
