package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// useWithin is how long after its deadline an approval given in time may
// still be used: a tap in the last second must not be lost on its way back.
const useWithin = 30 * time.Second

// ConfirmLogin uses the approval of this session's login, once, and returns a
// new session that is signed in; the old one ends in the same step.
// ErrNotApproved when there is nothing to use, ErrNotFound when the session
// has ended. Of many at once exactly one succeeds.
func (s *Store) ConfirmLogin(ctx context.Context, sessionID string, c Client) (sess Session, err error) {
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		a, err := s.consume(ctx, tx, sessionID, KindLogin, "")
		if err != nil {
			return err
		}
		sess = s.newSession(a.UserID, SignedIn, c)
		sess.Method, sess.ApprovalID = "push", a.ID
		sess.Latency = sess.CreatedAt.Sub(a.DecidedAt)
		return s.promote(ctx, tx, sessionID, sess)
	})
	return sess, err
}

// consume uses an approval. The condition is the whole rule: this session, its
// user, this kind and subject, approved, not used, in time.
func (s *Store) consume(ctx context.Context, tx *sql.Tx, sessionID string, kind Kind, subject string) (Approval, error) {
	const update = `
		UPDATE approvals
		SET consumed_at = ?
		WHERE id = (SELECT id FROM approvals WHERE session_id = ? AND kind = ? AND subject = ?
				ORDER BY created_at DESC, rowid DESC LIMIT 1)
			AND status = 'approved'
			AND consumed_at IS NULL
			AND expires_at > ?
			AND EXISTS (SELECT 1 FROM sessions
				WHERE sessions.id = approvals.session_id
					AND sessions.user_id = approvals.user_id
					AND sessions.ended_at IS NULL
					AND sessions.expires_at > ?)
		RETURNING ` + approvalColumns
	now := s.now()
	a, err := scanApproval(tx.QueryRowContext(ctx, update, now, sessionID, kind, subject, now-useWithin.Milliseconds(), now))
	if errors.Is(err, sql.ErrNoRows) {
		return Approval{}, ErrNotApproved
	}
	return a, err
}

// promote ends the half session and begins the whole one.
func (s *Store) promote(ctx context.Context, tx *sql.Tx, old string, sess Session) error {
	if err := insertSession(ctx, tx, sess); err != nil {
		return err
	}
	if err := s.endSession(ctx, tx, old, "signed_in", sess.ID); err != nil {
		return err
	}
	return s.record(ctx, tx, Event{Kind: "signed_in", UserID: sess.UserID, SessionID: sess.ID, ApprovalID: sess.ApprovalID, Detail: sess.Method})
}
