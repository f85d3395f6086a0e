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
// ErrNotApproved when there is nothing to use, also because the session has
// ended; *TakenError. If callers race for the same approval, exactly one
// succeeds.
func (s *Store) ConfirmLogin(ctx context.Context, sessionID string, c Client) (sess Session, err error) {
	err = s.inTx(ctx, func(tx *txn) error {
		if err := tx.hold(ctx, sessionID); err != nil {
			return err
		}
		a, err := tx.consume(ctx, sessionID, KindLogin, "")
		if err != nil {
			return err
		}
		sess = tx.newSession(a.UserID, SignedIn, c)
		sess.Method, sess.ApprovalID = MethodPush, a.ID
		sess.Latency = -time.Millisecond
		if c.Unpressed {
			sess.Latency = sess.CreatedAt.Sub(a.DecidedAt)
		}
		if err := tx.promote(ctx, sessionID, &sess, c); err != nil {
			return err
		}
		return tx.prove(ctx, a.UserID, a.Provider) // last: the first sign-in of a phone is told from the next by it
	})
	if err != nil {
		return Session{}, err
	}
	return sess, nil
}

// consume uses an approval. The condition is the whole rule: the latest of
// this session, its user, this kind and subject, approved, not used, in time.
func (tx *txn) consume(ctx context.Context, sessionID string, kind Kind, subject string) (Approval, error) {
	const update = `
		UPDATE approvals
		SET consumed_at = ?1
		WHERE seq = (SELECT MAX(seq) FROM approvals WHERE session_id = ?2 AND kind = ?3 AND subject = ?4)
			AND status = 'approved'
			AND consumed_at IS NULL
			AND expires_at > ?5
			AND EXISTS (
				SELECT 1
				FROM sessions
				WHERE sessions.id = approvals.session_id
					AND sessions.user_id = approvals.user_id
					AND sessions.ended_at IS NULL
					AND sessions.expires_at > ?1)
		RETURNING ` + approvalColumns
	a, err := scanApproval(tx.QueryRowContext(ctx, update, tx.now, sessionID, kind, subject, tx.now-useWithin.Milliseconds()))
	if errors.Is(err, sql.ErrNoRows) {
		return Approval{}, ErrNotApproved
	}
	return a, err
}

// promote ends the half session and begins the whole one, see arrive. *TakenError for a
// sign-up whose e-mail has an account.
func (tx *txn) promote(ctx context.Context, old string, sess *Session, c Client) error {
	if err := tx.ownEmail(ctx, sess.UserID, old, c); err != nil {
		return err
	}
	before, err := tx.endSession(ctx, old, ReasonSignedIn, sess.ID)
	if err != nil {
		return err
	}
	sess.ResetsPassword = before.ResetsPassword
	if sess.Method != MethodPush {
		sess.CodeAt = sess.CreatedAt
	}
	return tx.arrive(ctx, old, sess, c)
}

// arrive begins a session that is signed in, in a browser that is known from then on.
// old is the half session that it follows, "" for none.
func (tx *txn) arrive(ctx context.Context, old string, sess *Session, c Client) (err error) {
	if sess.Device, err = tx.rememberDevice(ctx, sess.UserID, c); err != nil {
		return err
	}
	if err := tx.tellOfCode(ctx, old, *sess); err != nil {
		return err
	}
	known := sess.Device != "" && sess.Device == c.Device
	if err := tx.noticeNew(ctx, *sess, known); err != nil {
		return err
	}
	if err := tx.insertSession(ctx, *sess); err != nil {
		return err
	}
	return tx.record(ctx, Event{Kind: EventSignedIn, UserID: sess.UserID, SessionID: sess.ID, ApprovalID: sess.ApprovalID, Detail: string(sess.Method), IP: sess.IP})
}

// tellOfCode says of a recovery code in which browser it was used, once that is known:
// for this sign-in, or to begin with, in the place of the password.
func (tx *txn) tellOfCode(ctx context.Context, old string, sess Session) error {
	switch {
	case sess.ResetsPassword:
		return tx.noticesGoOn(ctx, old, sess)
	case sess.Method == MethodRecovery:
		return tx.noticesGoOn(ctx, sess.ID, sess)
	}
	return nil
}
