package store

import (
	"cmp"
	"context"
	"errors"
)

// EndSession ends a session for good, and what is pending for it. Ending one
// twice, or one that never existed, is no error.
func (s *Store) EndSession(ctx context.Context, id string, reason Reason) error {
	return s.inTx(ctx, func(tx *txn) error {
		_, err := tx.endSession(ctx, id, reason, "")
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		return err
	})
}

// endReasons maps the end of a session to the end of its request; the others
// are signed_out.
var endReasons = map[Reason]Reason{
	ReasonReplaced: ReasonSuperseded,
	ReasonSignedIn: ReasonOtherMethod,
}

// endSession ends a session that has not ended, and returns it. ErrNotFound.
func (tx *txn) endSession(ctx context.Context, id string, reason Reason, replacedBy string) (Session, error) {
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
	why := cmp.Or(endReasons[reason], ReasonSignedOut)
	if _, err := tx.cancelOrExpire(ctx, why, `session_id = ?3`, id); err != nil {
		return Session{}, err
	}
	if err := tx.revise(ctx, id); err != nil {
		return Session{}, err
	}
	return sess, tx.record(ctx, Event{Kind: EventSessionEnded, UserID: sess.UserID, SessionID: id, Detail: string(reason)})
}

func (tx *txn) endSessionsOf(ctx context.Context, userID int64, reason Reason) ([]Session, error) {
	const query = `SELECT ` + sessionColumns + ` FROM sessions WHERE user_id = ? AND ended_at IS NULL`
	return tx.endAll(ctx, func(Session) Reason { return reason }, query, userID)
}

// endAll ends the sessions that the query finds, each for its own reason.
func (tx *txn) endAll(ctx context.Context, reason func(Session) Reason, query string, args ...any) ([]Session, error) {
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

// overdue finds sessions that no longer count although nobody has ended them.
// Its two halves have an index each, since a sweep every second must not read
// all open sessions. It takes some at a time.
const overdue = `
	FROM sessions
	WHERE id IN (
		SELECT id FROM sessions WHERE ended_at IS NULL AND expires_at <= ?1
		UNION ALL
		SELECT id FROM sessions WHERE ended_at IS NULL AND level = 2 AND last_seen <= ?2
		LIMIT ?3)`

// EndOverdue ends sessions that are too old ("expired") or unused for too long
// ("idle"), and returns them, so that their open pages can be told. Session
// refuses them from that moment on, whether or not this has run.
func (s *Store) EndOverdue(ctx context.Context) (ended []Session, err error) {
	now := s.now()
	rested := now - s.opts.SessionIdle.Milliseconds()
	var any bool
	// A sweep that finds nothing takes no write lock.
	if err := s.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 `+overdue+`)`, now, rested, 1).Scan(&any); err != nil || !any {
		return nil, wrap(err)
	}
	why := func(sess Session) Reason {
		if sess.ExpiresAt.UnixMilli() <= now {
			return ReasonExpired
		}
		return ReasonIdle
	}
	return inParts(sweepBatch, func() (part []Session, err error) {
		err = s.inTx(ctx, func(tx *txn) error {
			part, err = tx.endAll(ctx, why, `SELECT `+sessionColumns+overdue, now, rested, sweepBatch)
			return err
		})
		return part, err
	})
}
