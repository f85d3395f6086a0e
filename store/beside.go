package store

import "context"

// Whoever has phones of their own is asked on those alone. They may have the phone with
// the number asked beside them: a tap there decides as well, and takes no number.

const besideOf = `
	SELECT ` + factorColumns + `
	FROM factors
	WHERE user_id = CAST(? AS BIGINT)
		AND provider = ?
		AND proved_at IS NOT NULL
		AND revoked_at IS NULL`

// Beside is the phone with a number that is asked beside those of one's own of a user.
// ErrNotFound where none is.
func (s *Store) Beside(ctx context.Context, userID int64) (Factor, error) {
	const query = besideOf + ` AND EXISTS (SELECT 1 FROM users WHERE users.id = factors.user_id AND ask_beside = 1)`
	f, err := scanFactor(s.read.QueryRowContext(ctx, query, userID, s.opts.Provider))
	return f, wrap(err)
}

// AskBeside turns that on or off for the account of a session, and tells its owner that it
// is on. To say what is so already is no error. ErrNotFound without phones of one's own, or
// without a proved one that has a number; ErrNotFresh.
func (s *Store) AskBeside(ctx context.Context, sessionID string, on bool, c Client) error {
	return s.change(ctx, sessionID, func(tx *txn, by Session) error {
		other, err := scanFactor(tx.QueryRowContext(ctx, besideOf, by.UserID, tx.store.opts.Provider))
		if err != nil {
			return err
		}
		const turn = `
			UPDATE users
			SET ask_beside = ?1
			WHERE id = ?2
				AND ask_beside <> ?1
				AND EXISTS (SELECT 1 FROM factors WHERE user_id = ?2 AND provider = 'own' AND id <> ?3 AND revoked_at IS NULL)`
		turned, err := changed(tx.ExecContext(ctx, turn, number(on), by.UserID, other.ID))
		if err != nil || !turned {
			return err
		}
		if !on {
			return tx.record(ctx, Event{Kind: EventBesideOff, UserID: by.UserID, SessionID: by.ID})
		}
		var phone string
		if err := tx.QueryRowContext(ctx, `SELECT phone_number FROM users WHERE id = ?`, by.UserID).Scan(&phone); err != nil {
			return err
		}
		return tx.factorChanged(ctx, by, c, EventBesideOn, NoticeFactorAdded, phone)
	})
}
