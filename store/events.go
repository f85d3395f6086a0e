package store

import (
	"context"
	"database/sql"
	"time"
)

// Event is one line of the audit trail.
type Event struct {
	At         time.Time
	Kind       string // such as "signed_in", "approval_denied"
	UserID     int64
	SessionID  string
	ApprovalID string
	Detail     string
}

// Record writes a line for what changed no row here.
func (s *Store) Record(ctx context.Context, e Event) error {
	return s.inTx(ctx, func(tx *sql.Tx) error { return s.record(ctx, tx, e) })
}

func (s *Store) record(ctx context.Context, tx *sql.Tx, e Event) error {
	const insert = `
		INSERT INTO events (at, kind, user_id, session_id, approval_id, detail)
		VALUES (?, ?, ?, ?, ?, ?)`
	_, err := tx.ExecContext(ctx, insert, s.now(), e.Kind, e.UserID, e.SessionID, e.ApprovalID, e.Detail)
	return err
}

// Events returns the newest lines about a user, newest first.
func (s *Store) Events(ctx context.Context, userID int64, limit int) ([]Event, error) {
	const query = `
		SELECT at, kind, user_id, session_id, approval_id, detail
		FROM events
		WHERE user_id = ?
		ORDER BY id DESC
		LIMIT ?`
	return list(ctx, s.read, scanEvent, query, userID, limit)
}

func scanEvent(r row) (Event, error) {
	var e Event
	var ms int64
	err := r.Scan(&ms, &e.Kind, &e.UserID, &e.SessionID, &e.ApprovalID, &e.Detail)
	e.At = at(ms)
	return e, err
}

// querier is a pool or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
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
