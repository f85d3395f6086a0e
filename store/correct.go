package store

import (
	"context"
	"strconv"
)

// correctFor is how long after sign-up a number that was never proved may be
// corrected. The audit trail, which says whether anybody ever signed in, is kept
// longer.
const correctFor = 30 * day

// NewPhone is a phone in the place of one with a mistyped number.
type NewPhone struct {
	PhoneNumber string // E.164
	CountryCode int
	Handle      string // the provider's name for it
}

// correctable finds the user of a sign-in that waits, whose number was never
// proved: nobody has signed in to the account, by this phone or another.
const correctable = `
	SELECT users.id
	FROM sessions JOIN users ON users.id = sessions.user_id
	WHERE sessions.id = ?1
		AND sessions.level = 1
		AND sessions.ended_at IS NULL
		AND sessions.expires_at > ?2
		AND users.closed_at IS NULL
		AND users.created_at > ?3
		AND NOT EXISTS (SELECT 1 FROM factors WHERE user_id = users.id AND proved_at IS NOT NULL)
		AND NOT EXISTS (SELECT 1 FROM events WHERE user_id = users.id AND kind = 'signed_in')`

func (s *Store) correctable(ctx context.Context, q querier, sessionID string, now int64) (userID int64, err error) {
	err = q.QueryRowContext(ctx, correctable, sessionID, now, now-correctFor.Milliseconds()).Scan(&userID)
	return userID, wrap(err)
}

// PhoneCorrectable says whether the number of this sign-in may be corrected.
// ErrNotFound if not; *RateError if it was corrected too often today.
func (s *Store) PhoneCorrectable(ctx context.Context, sessionID string) error {
	now := s.now()
	userID, err := s.correctable(ctx, s.read, sessionID, now)
	if err != nil {
		return err
	}
	return s.allowed(ctx, s.read, now, correction(userID))
}

func correction(userID int64) claim {
	return claim{action: ActCorrection, account: strconv.FormatInt(userID, 10)}
}

// CorrectPhone puts another phone in the place of one that was never proved.
// The sign-ins that wait for the old one end, and with them its requests and
// codes: what it answers from now on counts for nothing. They are returned, so
// that their browsers can be told. Errors as of PhoneCorrectable.
func (s *Store) CorrectPhone(ctx context.Context, sessionID string, p NewPhone) (ended []Session, err error) {
	err = s.inTx(ctx, func(tx *txn) error {
		userID, err := s.correctable(ctx, tx, sessionID, tx.now)
		if err != nil {
			return err
		}
		if err := tx.spend(ctx, correction(userID)); err != nil {
			return err
		}
		why := func(sess Session) Reason {
			if sess.ID == sessionID {
				return ReasonReplaced
			}
			return ReasonCancelled
		}
		const waiting = `SELECT ` + sessionColumns + ` FROM sessions WHERE user_id = ? AND ended_at IS NULL`
		if ended, err = tx.endAll(ctx, why, waiting, userID); err != nil {
			return err
		}
		if err := tx.replacePhone(ctx, userID, p); err != nil {
			return err
		}
		return tx.record(ctx, Event{Kind: EventPhoneCorrected, UserID: userID})
	})
	if err != nil {
		return nil, err
	}
	return ended, nil
}

func (tx *txn) replacePhone(ctx context.Context, userID int64, p NewPhone) error {
	if err := tx.revokeFactors(ctx, userID, tx.store.opts.Provider); err != nil {
		return err
	}
	if err := tx.enrol(ctx, userID, tx.store.opts.Provider, p.Handle); err != nil {
		return err
	}
	const update = `UPDATE users SET phone_number = ?, country_code = ? WHERE id = ?`
	_, err := tx.ExecContext(ctx, update, p.PhoneNumber, p.CountryCode, userID)
	return err
}
