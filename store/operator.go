package store

import (
	"context"
	"time"
)

// What an operator does to an account, for somebody who has lost every way into it
// or is under attack. Each is one transaction, stands in the audit trail as the
// operator's, and is told to the owner. Other processes that serve the same file
// learn of it by EndedElsewhere and ClaimPhonesToForget.

// AccountOf finds an account by its e-mail, however it is spelt. ErrNotFound.
func (s *Store) AccountOf(ctx context.Context, email string) (User, error) {
	found, err := s.credentials(ctx, s.read, email)
	if err != nil {
		return User{}, err
	}
	for _, c := range found {
		if !c.user.Unproved {
			return c.user, nil
		}
	}
	return User{}, ErrNotFound
}

func byOperator(ctx context.Context) context.Context { return Actor{Session: ActorOperator}.In(ctx) }

// EndSessionsOf ends all sessions of a user, also those that wait for their second
// step, and says how many.
func (s *Store) EndSessionsOf(ctx context.Context, userID int64) (ended int, err error) {
	ctx = byOperator(ctx)
	err = s.inTx(ctx, func(tx *txn) error {
		sessions, err := tx.endSessionsOf(ctx, userID, ReasonEndedByOperator)
		if ended = len(sessions); err != nil || ended == 0 {
			return err
		}
		return tx.notice(ctx, userID, NoticeSessionsEnded)
	})
	return ended, err
}

// ResetFactors takes from a user every way to sign in but the password and the
// phone, ends all sessions, and returns new recovery codes: with the password and
// one of them the owner gets in, and can name another phone. ErrNotFound for an
// unknown or closed account.
func (s *Store) ResetFactors(ctx context.Context, userID int64) (codes []string, err error) {
	ctx = byOperator(ctx)
	codes = NewRecoveryCodes()
	err = s.inTx(ctx, func(tx *txn) error {
		var open int64
		if err := tx.QueryRowContext(ctx, `SELECT id FROM users WHERE id = ? AND closed_at IS NULL`, userID).Scan(&open); err != nil {
			return err
		}
		if _, err := tx.endSessionsOf(ctx, userID, ReasonEndedByOperator); err != nil {
			return err
		}
		for _, remove := range []string{
			`DELETE FROM authenticators WHERE user_id = ?`,
			`DELETE FROM devices WHERE user_id = ?`,
			`DELETE FROM own_codes WHERE user_id = ?`,
			`DELETE FROM phone_changes WHERE user_id = ?`, // a stranger may have asked for it
		} {
			if _, err := tx.ExecContext(ctx, remove, userID); err != nil {
				return err
			}
		}
		if err := tx.revokeOwnPhones(ctx, userID); err != nil {
			return err
		}
		if err := tx.replaceRecoveryCodes(ctx, userID, codes); err != nil {
			return err
		}
		if err := tx.record(ctx, Event{Kind: EventFactorsReset, UserID: userID}); err != nil {
			return err
		}
		return tx.notice(ctx, userID, NoticeFactorsReset)
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// CloseAccountOf is CloseAccount by an operator, who may not reach the provider:
// the phone stays on the list of ClaimPhonesToForget.
func (s *Store) CloseAccountOf(ctx context.Context, userID int64) error {
	ctx = byOperator(ctx)
	return s.inTx(ctx, func(tx *txn) error {
		const mark = `UPDATE factors SET forget_since = ? WHERE user_id = ? AND revoked_at IS NULL`
		if _, err := tx.ExecContext(ctx, mark, tx.now, userID); err != nil {
			return err
		}
		_, err := tx.closeAccount(ctx, userID)
		return err
	})
}

// CloseAll closes every account and sign-up, and returns the sessions that it ended:
// for demonstrations, which begin anew. The provider is not told.
func (s *Store) CloseAll(ctx context.Context) (ended []Session, err error) {
	ctx = byOperator(ctx)
	scan := func(r row) (id int64, err error) { return id, r.Scan(&id) }
	err = s.inTx(ctx, func(tx *txn) error {
		open, err := list(ctx, tx, scan, `SELECT id FROM users WHERE closed_at IS NULL ORDER BY id`)
		if err != nil {
			return err
		}
		ended = nil
		for _, userID := range open {
			closed, err := tx.closeAccount(ctx, userID)
			if err != nil {
				return err
			}
			ended = append(ended, closed...)
		}
		return nil
	})
	return ended, err
}

const toForget = `factors WHERE forget_since IS NOT NULL AND provider = ? AND forget_since <= ?`

// ClaimPhonesToForget returns the phones that the provider is still to forget. Each is
// the caller's for a while: then whoever asks gets it again, unless PhoneForgotten was
// called.
func (s *Store) ClaimPhonesToForget(ctx context.Context, lease time.Duration) (claimed []Factor, err error) {
	now := s.now()
	var any bool
	// A sweep that finds nothing takes no write lock.
	err = s.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM `+toForget+`)`, s.opts.Provider, now).Scan(&any)
	if err != nil || !any {
		return nil, wrap(err)
	}
	const claim = `
		UPDATE factors
		SET forget_since = ?
		WHERE id IN (SELECT id FROM ` + toForget + `) AND forget_since <= ?
		RETURNING ` + factorColumns
	err = s.again(ctx, func() (err error) {
		claimed, err = list(ctx, s.db, scanFactor, claim, now+lease.Milliseconds(), s.opts.Provider, now, now)
		return err
	})
	return claimed, err
}

// PhoneForgotten takes a phone off the list.
func (s *Store) PhoneForgotten(ctx context.Context, factorID int64) error {
	_, err := s.exec(ctx, `UPDATE factors SET forget_since = NULL WHERE id = ?`, factorID)
	return wrap(err)
}

// EndedElsewhere returns the sessions that ended within some time and may have been
// ended by another process, so that their open pages can be told here.
func (s *Store) EndedElsewhere(ctx context.Context, within time.Duration) ([]Session, error) {
	const query = `
		SELECT ` + sessionColumns + `
		FROM sessions
		WHERE COALESCE(ended_at, expires_at) > ?
			AND COALESCE(ended_at, expires_at) <= ?
			AND end_reason IN ('ended_by_operator', 'account_closed')`
	now := s.now()
	return list(ctx, s.read, scanSession, query, now-within.Milliseconds(), now)
}
