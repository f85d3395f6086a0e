package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"time"
)

// FreshFor is how long after a sign-in, a tap or a code the account may be
// changed.
const FreshFor = 10 * time.Minute

// BeginConfirm is BeginApproval for a request to confirm a change of the account;
// subject says which, and replaces is as of BeginLogin. *RateError as of BeginTransfer;
// ErrNotApproved after a Deny in this session; ErrReplaced.
func (s *Store) BeginConfirm(ctx context.Context, sessionID, subject, replaces string, ttl time.Duration) (a Approval, replaced []Approval, err error) {
	err = s.inTx(ctx, func(tx *txn) error {
		if _, err := tx.signedIn(ctx, sessionID); err != nil {
			return err
		}
		if err := tx.notDenied(ctx, sessionID); err != nil {
			return err
		}
		if _, err := tx.isNewest(ctx, sessionID, KindConfirm, replaces); err != nil {
			return err
		}
		if a, replaced, err = tx.replaceApproval(ctx, sessionID, KindConfirm, subject, ttl); err != nil {
			return err
		}
		return tx.spendPush(ctx, a)
	})
	if err != nil {
		return Approval{}, nil, err
	}
	return a, replaced, nil
}

// ConfirmChange uses the approval of a change, once, and lets the session go on
// under another id, fresh again. ErrNotApproved when there is nothing to use.
func (s *Store) ConfirmChange(ctx context.Context, sessionID, subject string, c Client) (sess Session, err error) {
	err = s.inTx(ctx, func(tx *txn) error {
		a, err := tx.consume(ctx, sessionID, KindConfirm, subject)
		if err != nil {
			return err
		}
		before, err := tx.signedIn(ctx, sessionID)
		if err != nil {
			return err
		}
		sess, err = tx.freshen(ctx, before, c, Event{ApprovalID: a.ID, Detail: string(MethodPush)})
		return err
	})
	if err != nil {
		return Session{}, err
	}
	return sess, nil
}

// ConfirmChangeByCode is ConfirmChange by a code that was accepted. ErrCodeUsed as
// for ConfirmByCode; ErrNotApproved after a Deny in this session.
func (s *Store) ConfirmChangeByCode(ctx context.Context, sessionID string, method Method, codeHash string, c Client) (Session, error) {
	return s.confirmChangeBy(ctx, sessionID, method, c, func(tx *txn, userID int64) error {
		return tx.useCode(ctx, sessionID, userID, codeHash)
	})
}

// confirmChangeBy is ConfirmChange by a code, which use checks or marks as used. The
// wrong ones before it are forgotten.
func (s *Store) confirmChangeBy(ctx context.Context, sessionID string, method Method, c Client, use func(tx *txn, userID int64) error) (sess Session, err error) {
	err = s.inTx(ctx, func(tx *txn) error {
		before, err := tx.signedIn(ctx, sessionID)
		if err != nil {
			return err
		}
		if err := tx.notDenied(ctx, sessionID); err != nil {
			return err
		}
		if err := use(tx, before.UserID); err != nil {
			return err
		}
		if _, err := tx.cancelOrExpire(ctx, ReasonOtherMethod, `session_id = ?3 AND kind = 'confirm'`, sessionID); err != nil {
			return err
		}
		if err := tx.forgetTries(ctx, sessionID); err != nil {
			return err
		}
		before.CodeAt = at(tx.now)
		sess, err = tx.freshen(ctx, before, c, Event{Detail: string(method)})
		return err
	})
	if err != nil {
		return Session{}, err
	}
	return sess, nil
}

// notDenied is ErrNotApproved when the phone has denied a change in this session:
// whoever sits at it has to sign in again.
func (tx *txn) notDenied(ctx context.Context, sessionID string) error {
	const query = `
		SELECT EXISTS (
			SELECT 1
			FROM approvals
			WHERE session_id = ? AND kind = 'confirm' AND status = 'denied')`
	var denied bool
	err := tx.QueryRowContext(ctx, query, sessionID).Scan(&denied)
	if err == nil && denied {
		return ErrNotApproved
	}
	return err
}

func (tx *txn) freshen(ctx context.Context, before Session, c Client, e Event) (Session, error) {
	before.FreshUntil = at(tx.now).Add(FreshFor)
	sess, err := tx.renew(ctx, before, c)
	if err != nil {
		return Session{}, err
	}
	e.Kind, e.UserID, e.SessionID = EventChangeConfirmed, sess.UserID, sess.ID
	return sess, tx.record(ctx, e)
}

// RenewSession lets a signed-in session go on under another id, as after a change
// of what signs in: a cookie from before is worth nothing after it. ErrNotFound
// for a session that no longer counts.
func (s *Store) RenewSession(ctx context.Context, sessionID string, c Client) (sess Session, err error) {
	err = s.inTx(ctx, func(tx *txn) error {
		before, err := tx.signedIn(ctx, sessionID)
		if err != nil {
			return err
		}
		sess, err = tx.renew(ctx, before, c)
		return err
	})
	if err != nil {
		return Session{}, err
	}
	return sess, nil
}

// renew lets a session go on under another id, and takes along what waits in it, and
// what its owner is asked about it. When it began and when it ends stay as they are.
func (tx *txn) renew(ctx context.Context, before Session, c Client) (Session, error) {
	sess := before
	sess.ID, sess.IP, sess.UserAgent, sess.Place, sess.form = rand.Text(), c.IP, c.UserAgent, c.Place, c.Form
	sess.LastSeenAt, sess.UsedAt = at(tx.now), time.Time{}
	sess.CodeTries, sess.CodeVia, sess.CodeState = 0, "", ""
	if err := tx.insertSession(ctx, sess); err != nil {
		return Session{}, err
	}
	if err := tx.noticesGoOn(ctx, before.ID, sess); err != nil {
		return Session{}, err
	}
	if err := tx.shownGoesOn(ctx, before.ID, sess); err != nil {
		return Session{}, err
	}
	for _, move := range []string{
		`UPDATE approvals SET session_id = ? WHERE session_id = ? AND kind = 'transfer'`,
		`UPDATE transfers SET session_id = ? WHERE session_id = ?`,
	} {
		if _, err := tx.ExecContext(ctx, move, sess.ID, before.ID); err != nil {
			return Session{}, err
		}
	}
	_, err := tx.endSession(ctx, before.ID, ReasonRekeyed, sess.ID)
	return sess, err
}

// signedIn finds a session that is signed in and counts. ErrNotFound.
func (tx *txn) signedIn(ctx context.Context, sessionID string) (Session, error) {
	const query = `
		SELECT ` + sessionColumns + `
		FROM sessions
		WHERE id = ?
			AND level = 2
			AND ended_at IS NULL
			AND expires_at > ?
			AND last_seen > ?`
	sess, err := scanSession(tx.QueryRowContext(ctx, query, sessionID, tx.now, tx.now-tx.store.opts.SessionIdle.Milliseconds()))
	if errors.Is(err, sql.ErrNoRows) {
		return Session{}, ErrNotFound
	}
	return sess, err
}
