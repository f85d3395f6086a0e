package store

import (
	"context"
	"time"
)

// Event is one line of the audit trail.
type Event struct {
	At         time.Time // set by the store
	Kind       EventKind
	UserID     int64
	SessionID  string
	ApprovalID string
	Detail     string
}

const recordQuery = `
	INSERT INTO events (
		at,
		kind,
		user_id,
		session_id,
		approval_id,
		detail
	)
	VALUES (?, ?, ?, ?, ?, ?)`

func (tx *txn) record(ctx context.Context, e Event) error {
	_, err := tx.StmtContext(ctx, tx.store.hot.record).ExecContext(ctx,
		tx.now, e.Kind, e.UserID, e.SessionID, e.ApprovalID, e.Detail)
	return err
}

// Events returns the newest lines about a user, newest first.
func (s *Store) Events(ctx context.Context, userID int64, limit int) ([]Event, error) {
	const query = `
		SELECT
			at,
			kind,
			user_id,
			session_id,
			approval_id,
			detail
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
