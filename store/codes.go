package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// CodeTriesPerAttempt is how many codes one sign-in may try.
const CodeTriesPerAttempt = 5

// CodePause is how long after a code the next one can be sent to a phone.
const CodePause = 30 * time.Second

const day = 24 * time.Hour

// NoteCode keeps what became of a code, for the pages of its attempt.
func (s *Store) NoteCode(ctx context.Context, sessionID string, state CodeState) error {
	_, err := s.exec(ctx, `UPDATE sessions SET code_state = ? WHERE id = ?`, state, sessionID)
	return wrap(err)
}

// AllowCodeSend notes that a code is sent in this attempt, by sms or call, to a
// number of this country, if the limits allow it; else *RateError. Until NoteCode says
// what became of it, it is unconfirmed. nextAt is when the next one may be sent. Counting and noting are one transaction, so that
// concurrent requests cannot exceed the limits.
func (s *Store) AllowCodeSend(ctx context.Context, sessionID string, via Method, country string) (nextAt time.Time, err error) {
	err = s.inTx(ctx, func(tx *txn) error {
		who, err := s.asker(ctx, tx, sessionID, tx.now)
		if err != nil {
			return err
		}
		send := who.to(ActCodeSent)
		send.country = country
		if err := tx.spend(ctx, send); err != nil {
			return err
		}
		if nextAt, err = whenAllowed(s.allowed(ctx, tx, tx.now, send)); err != nil {
			return err
		}
		const remember = `UPDATE sessions SET code_via = ?, code_state = 'unconfirmed' WHERE id = ?`
		if _, err := tx.ExecContext(ctx, remember, via, sessionID); err != nil {
			return err
		}
		return tx.record(ctx, Event{Kind: EventCodeSent, UserID: who.userID, SessionID: sessionID, Detail: string(via)})
	})
	return nextAt, err
}

// NextCodeSend is when the next code may be sent in this attempt; the zero time
// means now.
func (s *Store) NextCodeSend(ctx context.Context, sessionID, country string) (time.Time, error) {
	now := s.now()
	who, err := s.asker(ctx, s.read, sessionID, now)
	if err != nil {
		return time.Time{}, err
	}
	send := who.to(ActCodeSent)
	send.country = country
	return whenAllowed(s.allowed(ctx, s.read, now, send))
}

func whenAllowed(err error) (time.Time, error) {
	var limit *RateError
	if errors.As(err, &limit) {
		return limit.RetryAt, nil
	}
	return time.Time{}, err
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

// SpendCodeTry takes one of the tries of this attempt before a code is
// checked, so that concurrent requests cannot exceed the limit, and returns how
// many are left. When none is left it ends the session (reason too_many_codes) and
// returns ErrNoTriesLeft; so it does for a session that has ended. *RateError when
// the tries of the day are used up: those of strangers bind no known browser, and
// the attempt goes on.
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
		WHERE id = ?
			AND ended_at IS NULL
			AND expires_at > ?
			AND code_tries < ?
		RETURNING code_tries`
	var tries int
	if err := tx.QueryRowContext(ctx, update, sessionID, tx.now, CodeTriesPerAttempt).Scan(&tries); err != nil {
		return 0, err
	}
	who, err := tx.store.asker(ctx, tx, sessionID, tx.now)
	if err != nil {
		return 0, err
	}
	return CodeTriesPerAttempt - tries, tx.spend(ctx, who.to(ActCodeTry))
}

// SpendAskedTry counts a code before the provider is asked about it. Codes of apps
// and recovery codes of ours never are: what others try at the same phone is not
// counted against them. *RateError.
func (s *Store) SpendAskedTry(ctx context.Context, sessionID string) error {
	return s.inTx(ctx, func(tx *txn) error {
		who, err := s.asker(ctx, tx, sessionID, tx.now)
		if err != nil {
			return err
		}
		return tx.spend(ctx, who.to(ActAsked))
	})
}

// NoteUnanswered notes a code of which nobody knows whether the provider has
// checked it, in place of the one before.
func (s *Store) NoteUnanswered(ctx context.Context, sessionID, codeHash string) error {
	const update = `UPDATE sessions SET unanswered_code = ? WHERE id = ?`
	_, err := s.exec(ctx, update, codeHash, sessionID)
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
	returned, err = changed(s.exec(ctx, update, sessionID, codeHash))
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
		if err := tx.useCode(ctx, sessionID, userID, codeHash); err != nil {
			return err
		}
		if err := tx.forgetTries(ctx, sessionID); err != nil {
			return err
		}
		sess = tx.newSession(userID, SignedIn, c)
		sess.Method = method
		if err := tx.promote(ctx, sessionID, &sess, c); err != nil {
			return err
		}
		return tx.prove(ctx, userID, tx.store.opts.Provider)
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

// forgetTries clears the tries that came before a code that is right: those of
// browsers like this one.
func (tx *txn) forgetTries(ctx context.Context, sessionID string) error {
	return tx.forgetSpent(ctx, sessionID, ActCodeTry)
}

func (tx *txn) forgetSpent(ctx context.Context, sessionID string, what Action) error {
	who, err := tx.store.asker(ctx, tx, sessionID, tx.now)
	if err != nil {
		return err
	}
	return tx.startAnew(ctx, who.to(what))
}

// useCode marks a code as used that the provider has accepted: the phone is there, and
// what was asked about it begins anew.
func (tx *txn) useCode(ctx context.Context, sessionID string, userID int64, codeHash string) error {
	if err := tx.useUp(ctx, userID, codeHash); err != nil {
		return err
	}
	return tx.forgetSpent(ctx, sessionID, ActAsked)
}

// useUp marks what a user has given as used, for a day. ErrCodeUsed.
func (tx *txn) useUp(ctx context.Context, userID int64, hash string) error {
	const use = `
		INSERT INTO used_codes (user_id, code_hash, at)
		VALUES (?1, ?2, ?3)
		ON CONFLICT (user_id, code_hash) DO UPDATE SET at = ?3 WHERE used_codes.at <= ?4`
	fresh, err := changed(tx.ExecContext(ctx, use, userID, hash, tx.now, tx.now-day.Milliseconds()))
	if err == nil && !fresh {
		err = ErrCodeUsed
	}
	return err
}
