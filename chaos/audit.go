package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "github.com/mattn/go-sqlite3" // the driver that reads the files
)

// audit compares what was promised with what is in the databases. over says that
// nobody does anything any more; before, a phone's answer may still be on its way.
func (w *world) audit(ctx context.Context, over bool) error {
	promised := w.book.promises() // before anything is read
	all := w.checkWhole(ctx)
	db, err := w.site.records("nod.db")
	if err != nil {
		return errors.Join(all, err)
	}
	defer db.Close()
	for _, err := range []error{
		w.checkTaps(ctx, db, promised, over), w.checkAccounts(ctx, db, promised),
		w.checkTransfers(ctx, db, promised), w.checkRules(ctx, db),
	} {
		all = errors.Join(all, err)
	}
	return all
}

// records opens a database to be read: that of PostgreSQL, or a file. Both take $1.
func (s *site) records(file string) (*sql.DB, error) {
	if s.cluster != nil {
		config, err := pgx.ParseConfig(s.cluster.URL("nod"))
		if err != nil {
			return nil, err
		}
		return stdlib.OpenDB(*config), nil
	}
	return sql.Open("sqlite3", "file:"+s.file(file)+"?mode=ro&_busy_timeout=5000")
}

// checkWhole has the databases check themselves.
func (w *world) checkWhole(ctx context.Context) error {
	files, query := []string{"nod.db", "nod-sessions.db", "nod-simulator.db"}, `PRAGMA integrity_check`
	if w.site.cluster != nil {
		// Each index is as it should be, and has each row of its table.
		files, query = []string{"PostgreSQL"}, `
			SELECT CASE WHEN COUNT(bt_index_check(pg_class.oid, true)) > 0 THEN 'ok' ELSE 'no table is there' END
			FROM pg_class
				JOIN pg_namespace ON pg_namespace.oid = relnamespace AND nspname = 'public'
				JOIN pg_am ON pg_am.oid = relam AND amname = 'btree'`
	}
	for _, file := range files {
		if err := w.checkOne(ctx, file, query); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

func (w *world) checkOne(ctx context.Context, file, query string) error {
	db, err := w.site.records(file)
	if err != nil {
		return err
	}
	defer db.Close()
	var verdict string
	if err := db.QueryRowContext(ctx, query).Scan(&verdict); err != nil {
		return err
	}
	if verdict != "ok" {
		w.book.lose("%s is damaged: %s", file, verdict)
	}
	return nil
}

// checkTaps: an acknowledged tap is in the database, unless its request was over. A
// page was told the same.
func (w *world) checkTaps(ctx context.Context, db *sql.DB, promised promises, over bool) error {
	now, err := requests(ctx, db)
	if err != nil {
		return err
	}
	for uuid, t := range promised.taps {
		status := now[uuid]
		want := past[t.verb]
		switch {
		case t.taken && t.told == "" && !over && (status == "pending" || status == ""):
			// The answer is on its way, and may be what tells Nod the provider's id.
		case t.taken && status != want && status != "cancelled":
			w.book.lose("tap %s on %s: the request is %q", t.verb, uuid, status)
		case t.told != "" && t.told != status && !(t.told == "executed" && status == "approved"):
			w.book.lose("tap %s on %s: the page was told %s, the request is %q", t.verb, uuid, t.told, status)
		}
	}
	return nil
}

// requests is how each request to a phone is, by the provider's id.
func requests(ctx context.Context, db *sql.DB) (map[string]string, error) {
	rows, err := db.QueryContext(ctx, `SELECT uuid, status FROM approvals WHERE uuid IS NOT NULL`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[string]string{}
	for rows.Next() {
		var uuid, status string
		if err := rows.Scan(&uuid, &status); err != nil {
			return nil, err
		}
		all[uuid] = status
	}
	return all, rows.Err()
}

// checkAccounts: who was promised an account has one, with a phone.
func (w *world) checkAccounts(ctx context.Context, db *sql.DB, promised promises) error {
	for _, email := range promised.accounts {
		var there bool
		const query = `
			SELECT EXISTS (
				SELECT 1
				FROM users JOIN factors ON factors.user_id = users.id
				WHERE users.email = $1 AND factors.revoked_at IS NULL)`
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
func (w *world) checkTransfers(ctx context.Context, db *sql.DB, promised promises) error {
	for _, payee := range promised.executed {
		var executed, told int
		const query = `
			SELECT
				COUNT(*),
				COALESCE(SUM((SELECT COUNT(*) FROM events
					WHERE events.approval_id = transfers.approval_id AND events.kind = 'transfer_executed')), 0)
			FROM transfers
			WHERE payee = $1 AND executed_at IS NOT NULL`
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
	tapped := w.book.promises().taps // each is noted before it is sent
	for _, uuid := range used {
		if tapped[uuid].verb != "approve" {
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
