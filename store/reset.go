package store

import (
	"context"
	"database/sql"
	"errors"
)

// StartReset begins a sign-in for who has forgotten the password: a recovery code
// takes its place and is used up, and the second step has to be the phone itself.
// The browser's session before ends, as with StartSession. ErrInvalidCredentials for
// an e-mail without an account and for a wrong code alike; *RateError.
func (s *Store) StartReset(ctx context.Context, email, code, replaces string, c Client) (sess Session, u User, err error) {
	right := false
	err = s.inTx(ctx, func(tx *txn) error {
		right = false
		found, err := tx.owner(ctx, email)
		if err != nil {
			return err
		}
		if err := tx.spendRecovery(ctx, found.ID, s.mailHash(email), c); err != nil {
			return err
		}
		// Nobody has the id 0, and what nobody has costs the same.
		sess = tx.newSession(found.ID, PasswordPassed, c)
		sess.ResetsPassword = true
		if right, err = tx.useRecoveryCode(ctx, sess, code, c); err != nil {
			return err
		}
		u = found
		again, err := tx.sameReset(ctx, found.ID, code, c.Form)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if !right && err == nil {
			sess, right = again, true
			return nil
		}
		if !right {
			return tx.refuseReset(ctx, found, claim{action: ActForgot, account: s.mailHash(email), userID: found.ID, ip: c.IP})
		}
		return tx.startSession(ctx, sess, replaces, MethodRecovery)
	})
	if err == nil && !right {
		err = ErrInvalidCredentials
	}
	if err != nil {
		return Session{}, User{}, err
	}
	return sess, u, nil
}

// sameReset is the sign-in that a form has begun already, in which this very code was
// used up. The form alone is no proof of it.
func (tx *txn) sameReset(ctx context.Context, userID int64, code, form string) (Session, error) {
	sess, err := tx.sameSignIn(ctx, userID, true, form)
	if err != nil {
		return Session{}, err
	}
	const query = `SELECT COUNT(*) FROM recovery_codes WHERE user_id = ? AND hash = ? AND used_at = ?`
	var used int
	err = tx.QueryRowContext(ctx, query, userID, tx.store.keyedHash(recoveryHash(userID, code)), sess.CreatedAt.UnixMilli()).Scan(&used)
	if err == nil && used == 0 {
		err = ErrNotFound
	}
	return sess, err
}

// owner finds whose account has an e-mail; the zero User for nobody.
func (tx *txn) owner(ctx context.Context, email string) (u User, err error) {
	const query = `
		SELECT ` + userColumns + `
		FROM users
		WHERE users.email_key IN (?1, ?2)
		ORDER BY CASE users.email_key WHEN ?2 THEN 0 ELSE 1 END
		LIMIT 1`
	var created int64
	err = tx.QueryRowContext(ctx, query, emailKey(email), typedEmailKey(email)).Scan(userFields(&u, &created)...)
	if errors.Is(err, sql.ErrNoRows) {
		return User{}, nil
	}
	u.CreatedAt = at(created)
	return u, err
}

// refuseReset counts a wrong code. What others did wrong refuses no right one: nobody
// guesses those.
func (tx *txn) refuseReset(ctx context.Context, found User, c claim) error {
	if err := tx.spend(ctx, c); err != nil {
		return err
	}
	if found.ID == 0 {
		return nil
	}
	return tx.record(ctx, Event{Kind: EventCodeRefused, UserID: found.ID, Detail: string(MethodRecovery)})
}

// ResetPassword gives the user another password, once in a session that began with
// StartReset. It goes on under another id, and all others end: ended. No other
// browser is known any more. ErrNotFound for another session, ErrNotFresh, ErrBusy.
func (s *Store) ResetPassword(ctx context.Context, sessionID, password string, c Client) (sess Session, ended []Session, err error) {
	hash, err := s.hashAt(ctx, sessionID, password)
	if err != nil {
		return Session{}, nil, err
	}
	err = s.change(ctx, sessionID, func(tx *txn, by Session) error {
		const once = `UPDATE sessions SET resets_password = 0 WHERE id = ? AND resets_password = 1`
		may, err := changed(tx.ExecContext(ctx, once, sessionID))
		if err == nil && !may {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		by.ResetsPassword = false
		sess, ended, err = tx.changePassword(ctx, by, hash, true, MethodRecovery, c)
		return err
	})
	if err != nil {
		return Session{}, nil, err
	}
	return sess, ended, nil
}
