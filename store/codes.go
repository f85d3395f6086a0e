package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// CodeTriesPerAttempt is how many codes one sign-in may try.
const CodeTriesPerAttempt = 5

// triesPerDay bounds guessing over many attempts: wrong codes of one user.
const triesPerDay = 100

// sendLimits are how often a code may be sent to one user.
var sendLimits = []struct {
	n      int
	window time.Duration
}{
	{1, 30 * time.Second},
	{3, 10 * time.Minute},
	{5, 24 * time.Hour},
}

// AllowCodeSend notes that a code is sent, by sms or call, if the limits allow
// it; else *RateError. nextAt is when the next one may be sent. Counting and
// noting are one step: parallel requests never send more.
func (s *Store) AllowCodeSend(ctx context.Context, userID int64, sessionID, via string) (nextAt time.Time, err error) {
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		next, err := s.nextSend(ctx, tx, userID)
		if err != nil {
			return err
		}
		if next.After(at(s.now())) {
			return &RateError{next}
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO code_sends (user_id, via, at) VALUES (?, ?, ?)`, userID, via, s.now()); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE sessions SET code_via = ? WHERE id = ?`, via, sessionID); err != nil {
			return err
		}
		if nextAt, err = s.nextSend(ctx, tx, userID); err != nil {
			return err
		}
		return s.record(ctx, tx, Event{Kind: "code_sent", UserID: userID, SessionID: sessionID, Detail: via})
	})
	return nextAt, err
}

// NextCodeSend is when the next code may be sent; a time past means now.
func (s *Store) NextCodeSend(ctx context.Context, userID int64) (time.Time, error) {
	return s.nextSend(ctx, s.read, userID)
}

type rowQuerier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func (s *Store) nextSend(ctx context.Context, q rowQuerier, userID int64) (next time.Time, err error) {
	const query = `SELECT at FROM code_sends WHERE user_id = ? ORDER BY at DESC LIMIT 1 OFFSET ?`
	for _, limit := range sendLimits {
		var nth int64
		err := q.QueryRowContext(ctx, query, userID, limit.n-1).Scan(&nth)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return next, wrap(err)
		}
		if free := at(nth).Add(limit.window); free.After(next) {
			next = free
		}
	}
	return next, nil
}

// SpendCodeTry takes one of the tries of this attempt before a code is
// checked, and says how many are left after it. ErrNoTriesLeft when there was
// none, also when the user's tries of the day are used up. It is atomic: 200
// at once never check more than the limit.
func (s *Store) SpendCodeTry(ctx context.Context, sessionID string) (left int, err error) {
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		const update = `
			UPDATE sessions
			SET code_tries = code_tries + 1
			WHERE id = ? AND level = 1 AND ended_at IS NULL AND code_tries < ?
				AND (SELECT COUNT(*) FROM code_tries WHERE code_tries.user_id = sessions.user_id AND at > ?) < ?
			RETURNING user_id, code_tries`
		now := s.now()
		var userID int64
		var tries int
		err := tx.QueryRowContext(ctx, update, sessionID, CodeTriesPerAttempt, now-(24*time.Hour).Milliseconds(), triesPerDay).Scan(&userID, &tries)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNoTriesLeft
		}
		if err != nil {
			return err
		}
		left = CodeTriesPerAttempt - tries
		_, err = tx.ExecContext(ctx, `INSERT INTO code_tries (user_id, at) VALUES (?, ?)`, userID, now)
		return err
	})
	return left, err
}

// ConfirmByCode signs in by a code that the provider has accepted. It is the
// same step as ConfirmLogin, with the code in the place of the approval: a
// code that this user has used before is refused (ErrCodeUsed), and what is
// pending on the phone is cancelled. ErrNotApproved after a Deny.
func (s *Store) ConfirmByCode(ctx context.Context, sessionID, method, codeHash string, c Client) (sess Session, err error) {
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		userID, err := s.openAttempt(ctx, tx, sessionID)
		if err != nil {
			return err
		}
		const use = `INSERT INTO used_codes (user_id, code_hash, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`
		fresh, err := changed(tx.ExecContext(ctx, use, userID, codeHash, s.now()))
		if err != nil {
			return err
		}
		if !fresh {
			return ErrCodeUsed
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM code_tries WHERE user_id = ?`, userID); err != nil {
			return err
		}
		sess = s.newSession(userID, SignedIn, c)
		sess.Method = method
		return s.promote(ctx, tx, sessionID, sess)
	})
	return sess, err
}

// openAttempt finds the user of a sign-in that may still use a code.
func (s *Store) openAttempt(ctx context.Context, tx *sql.Tx, sessionID string) (userID int64, err error) {
	const query = `
		SELECT user_id
		FROM sessions
		WHERE id = ? AND level = 1 AND ended_at IS NULL AND expires_at > ?
			AND NOT EXISTS (SELECT 1 FROM approvals WHERE session_id = sessions.id AND status = 'denied')`
	err = tx.QueryRowContext(ctx, query, sessionID, s.now()).Scan(&userID)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, ErrNotApproved
	}
	return userID, err
}
