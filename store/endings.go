package store

import (
	"context"
	"errors"
)

// EndSession ends a session for ever, and what is pending for it. To end one
// twice, or one that never was, is no error.
func (s *Store) EndSession(ctx context.Context, id, reason string) error {
	return s.inTx(ctx, func(tx *txn) error {
		_, err := tx.endSession(ctx, id, reason, "")
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		return err
	})
}

// endReasons names the end of a request by the end of its session; where none
// is named, it is signed_out.
var endReasons = map[string]string{
	"replaced":  "superseded",
	"signed_in": "other_method",
}

// endSession ends a session that has not ended, and returns it. ErrNotFound.
func (tx *txn) endSession(ctx context.Context, id, reason, replacedBy string) (Session, error) {
	const end = `
		UPDATE sessions
		SET
			ended_at = ?,
			end_reason = ?,
			replaced_by = ?
		WHERE id = ? AND ended_at IS NULL
		RETURNING ` + sessionColumns
	sess, err := scanSession(tx.QueryRowContext(ctx, end, tx.now, reason, replacedBy, id))
	if err != nil {
		return Session{}, wrap(err)
	}
	why, ok := endReasons[reason]
	if !ok {
		why = "signed_out"
	}
	if _, err := tx.settle(ctx, why, `session_id = ?3`, id); err != nil {
		return Session{}, err
	}
	return sess, tx.record(ctx, Event{Kind: "session_ended", UserID: sess.UserID, SessionID: id, Detail: reason})
}

func (tx *txn) endSessionsOf(ctx context.Context, userID int64, reason string) ([]Session, error) {
	const query = `SELECT ` + sessionColumns + ` FROM sessions WHERE user_id = ? AND ended_at IS NULL`
	return tx.endAll(ctx, func(Session) string { return reason }, query, userID)
}

// endAll ends the sessions that the query finds, each for its own reason.
func (tx *txn) endAll(ctx context.Context, reason func(Session) string, query string, args ...any) ([]Session, error) {
	found, err := list(ctx, tx, scanSession, query, args...)
	if err != nil {
		return nil, err
	}
	for i, sess := range found {
		if found[i], err = tx.endSession(ctx, sess.ID, reason(sess), ""); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// overdue finds sessions that no longer count though nobody has ended them.
// The two halves have an index each: a sweep every second must not read all
// that live. It takes some at a time and leaves the rest to the next.
const overdue = `
	FROM sessions
	WHERE id IN (
		SELECT id FROM sessions WHERE ended_at IS NULL AND expires_at <= ?1
		UNION ALL
		SELECT id FROM sessions WHERE ended_at IS NULL AND level = 2 AND last_seen <= ?2
		LIMIT 500)`

// EndOverdue ends sessions that are too old ("expired") or have rested too
// long ("idle"), and returns them, so that their open pages can be told.
// Session refuses them from the moment on, whether or not this has run.
func (s *Store) EndOverdue(ctx context.Context) (ended []Session, err error) {
	now := s.now()
	rested := now - s.opts.SessionIdle.Milliseconds()
	var any bool
	// A sweep that finds nothing does not take the writer's place.
	if err := s.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 `+overdue+`)`, now, rested).Scan(&any); err != nil || !any {
		return nil, wrap(err)
	}
	err = s.inTx(ctx, func(tx *txn) error {
		why := func(sess Session) string {
			if sess.ExpiresAt.UnixMilli() <= now {
				return "expired"
			}
			return "idle"
		}
		ended, err = tx.endAll(ctx, why, `SELECT `+sessionColumns+overdue, now, rested)
		return err
	})
	return ended, err
}
