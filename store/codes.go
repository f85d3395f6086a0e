package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// CodeTriesPerAttempt is how many codes one sign-in may try.
const CodeTriesPerAttempt = 5

const (
	day = 24 * time.Hour
	// triesPerDay bounds guessing over many attempts: codes of one user that
	// did not sign in.
	triesPerDay = 100
)

// sendLimits are how often a code may be sent to one phone, whichever of its
// accounts asks.
var sendLimits = []limit{
	{1, 30 * time.Second},
	{3, 10 * time.Minute},
	{5, day},
}

// NoteCode keeps what became of a code, for the pages of its attempt.
func (s *Store) NoteCode(ctx context.Context, sessionID string, state CodeState) error {
	_, err := s.db.ExecContext(ctx, `UPDATE sessions SET code_state = ? WHERE id = ?`, state, sessionID)
	return wrap(err)
}

// AllowCodeSend notes that a code is sent in this attempt, by sms or call, if
// the limits allow it; else *RateError. nextAt is when the next one may be
// sent. Counting and noting are one transaction, so that concurrent requests
// cannot exceed the limits.
func (s *Store) AllowCodeSend(ctx context.Context, userID int64, sessionID string, via Method) (nextAt time.Time, err error) {
	err = s.inTx(ctx, func(tx *txn) error {
		next, err := s.nextSend(ctx, tx, userID)
		if err != nil {
			return err
		}
		if next.After(at(tx.now)) {
			return &RateError{next, "code_sent"}
		}
		if err := tx.noteSend(ctx, userID, sessionID, via); err != nil {
			return err
		}
		nextAt, err = s.nextSend(ctx, tx, userID)
		return err
	})
	return nextAt, err
}

func (tx *txn) noteSend(ctx context.Context, userID int64, sessionID string, via Method) error {
	const insert = `
		INSERT INTO code_sends (user_id, factor_id, via, at)
		SELECT user_id, id, ?, ?
		FROM factors
		WHERE user_id = ? AND provider = ? AND revoked_at IS NULL`
	found, err := changed(tx.ExecContext(ctx, insert, via, tx.now, userID, tx.store.opts.Provider))
	if err != nil {
		return err
	}
	if !found {
		return ErrNotFound
	}
	const remember = `UPDATE sessions SET code_via = ? WHERE id = ? AND user_id = ?`
	if _, err := tx.ExecContext(ctx, remember, via, sessionID, userID); err != nil {
		return err
	}
	return tx.record(ctx, Event{Kind: EventCodeSent, UserID: userID, SessionID: sessionID, Detail: string(via)})
}

// RefuseCode notes that a code was wrong, or was used before, in the attempt or the
// session that it was given in.
func (s *Store) RefuseCode(ctx context.Context, sess Session, why error) error {
	detail := "wrong"
	if errors.Is(why, ErrCodeUsed) {
		detail = "used"
	}
	return s.inTx(ctx, func(tx *txn) error {
		return tx.record(ctx, Event{Kind: EventCodeRefused, UserID: sess.UserID, SessionID: sess.ID, Detail: detail})
	})
}

// NextCodeSend is when the next code may be sent; a time in the past means now.
func (s *Store) NextCodeSend(ctx context.Context, userID int64) (time.Time, error) {
	next, err := s.nextSend(ctx, s.read, userID)
	return next, wrap(err)
}

func (s *Store) nextSend(ctx context.Context, q querier, userID int64) (next time.Time, err error) {
	const query = `
		SELECT code_sends.at
		FROM factors
		JOIN factors AS same
			ON same.provider = factors.provider AND same.handle = factors.handle
		JOIN code_sends ON code_sends.factor_id = same.id
		WHERE factors.user_id = ? AND factors.provider = ? AND factors.revoked_at IS NULL
		ORDER BY code_sends.at DESC
		LIMIT 1 OFFSET ?`
	for _, l := range sendLimits {
		var nth int64
		err := q.QueryRowContext(ctx, query, userID, s.opts.Provider, l.n-1).Scan(&nth)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return time.Time{}, err
		}
		if free := at(nth).Add(l.window); free.After(next) {
			next = free
		}
	}
	return next, nil
}

// SpendCodeTry takes one of the tries of this attempt before a code is
// checked, so that concurrent requests cannot exceed the limit, and returns how
// many are left. When none is left, or the user's tries of the day are used up,
// it ends the session (reason too_many_codes) and returns ErrNoTriesLeft; so it
// does for a session that has ended.
func (s *Store) SpendCodeTry(ctx context.Context, sessionID string) (left int, err error) {
	took := false
	err = s.inTx(ctx, func(tx *txn) error {
		left, err = tx.spendTry(ctx, sessionID)
		took = err == nil
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		_, err = tx.endSession(ctx, sessionID, ReasonTooManyCodes, "")
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		return err
	})
	if err == nil && !took {
		err = ErrNoTriesLeft
	}
	return left, err
}

func (tx *txn) spendTry(ctx context.Context, sessionID string) (left int, err error) {
	const update = `
		UPDATE sessions
		SET code_tries = code_tries + 1
		WHERE id = ?1
			AND ended_at IS NULL
			AND expires_at > ?2
			AND code_tries < ?3
			AND ?4 > (
				SELECT COUNT(*)
				FROM code_tries
				WHERE code_tries.user_id = sessions.user_id AND code_tries.at > ?5)
		RETURNING user_id, code_tries`
	var userID int64
	var tries int
	err = tx.QueryRowContext(ctx, update, sessionID, tx.now, CodeTriesPerAttempt, triesPerDay, tx.now-day.Milliseconds()).Scan(&userID, &tries)
	if err != nil {
		return 0, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO code_tries (user_id, at) VALUES (?, ?)`, userID, tx.now)
	return CodeTriesPerAttempt - tries, err
}

// NoteUnanswered notes a code of which nobody knows whether the provider has
// checked it, in place of the one before.
func (s *Store) NoteUnanswered(ctx context.Context, sessionID, codeHash string) error {
	const update = `UPDATE sessions SET unanswered_code = ? WHERE id = ?`
	_, err := s.db.ExecContext(ctx, update, codeHash, sessionID)
	return wrap(err)
}

// ReturnCodeTry gives back the try of the attempt that a code has cost, if it is the
// one that was noted as unanswered: once for each note. returned says whether it
// did. Among the tries of the day it stays, which bound how often the provider is
// asked.
func (s *Store) ReturnCodeTry(ctx context.Context, sessionID, codeHash string) (returned bool, err error) {
	const update = `
		UPDATE sessions
		SET code_tries = code_tries - 1, unanswered_code = ''
		WHERE id = ? AND unanswered_code = ? AND code_tries > 0 AND ended_at IS NULL`
	returned, err = changed(s.db.ExecContext(ctx, update, sessionID, codeHash))
	return returned, wrap(err)
}

// ConfirmByCode signs in by a code that the provider has accepted. It is the
// same step as ConfirmLogin, with the code in the place of the approval: a
// code that this user has used in the last day is refused (ErrCodeUsed), and
// what is pending on the phone is cancelled. ErrNotApproved after a Deny, and
// when the session has ended; *TakenError.
func (s *Store) ConfirmByCode(ctx context.Context, sessionID string, method Method, codeHash string, c Client) (sess Session, err error) {
	err = s.inTx(ctx, func(tx *txn) error {
		userID, err := tx.openAttempt(ctx, sessionID)
		if err != nil {
			return err
		}
		if err := tx.useCode(ctx, userID, codeHash); err != nil {
			return err
		}
		sess = tx.newSession(userID, SignedIn, c)
		sess.Method = method
		if err := tx.promote(ctx, sessionID, &sess, c); err != nil {
			return err
		}
		return tx.prove(ctx, userID)
	})
	if err != nil {
		return Session{}, err
	}
	return sess, nil
}

// openAttempt finds the user of a sign-in that may still use a code.
func (tx *txn) openAttempt(ctx context.Context, sessionID string) (userID int64, err error) {
	const query = `
		SELECT user_id
		FROM sessions
		WHERE id = ?
			AND level = 1
			AND ended_at IS NULL
			AND expires_at > ?
			AND NOT EXISTS (
				SELECT 1
				FROM approvals
				WHERE session_id = sessions.id AND kind = 'login' AND status = 'denied')`
	err = tx.QueryRowContext(ctx, query, sessionID, tx.now).Scan(&userID)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, ErrNotApproved
	}
	return userID, err
}

// useCode marks a code as used, and clears the tries that came before it.
func (tx *txn) useCode(ctx context.Context, userID int64, codeHash string) error {
	const use = `
		INSERT INTO used_codes (user_id, code_hash, at)
		VALUES (?1, ?2, ?3)
		ON CONFLICT (user_id, code_hash) DO UPDATE SET at = ?3 WHERE used_codes.at <= ?4`
	fresh, err := changed(tx.ExecContext(ctx, use, userID, codeHash, tx.now, tx.now-day.Milliseconds()))
	if err != nil {
		return err
	}
	if !fresh {
		return ErrCodeUsed
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM code_tries WHERE user_id = ?`, userID)
	return err
}
