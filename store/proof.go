package store

import (
	"context"
	"errors"
)

// proves says whether somebody who gives a password shows with it that the account
// is theirs: by a code of an app, or a recovery code, of their own. Neither is used
// up. Tries have a budget of their own, the same for accounts that there are not.
// *RateError.
func (s *Store) proves(ctx context.Context, email string, c Client) (proved bool, err error) {
	if c.Proof == "" {
		return false, nil
	}
	err = s.inTx(ctx, func(tx *txn) error {
		userID, err := tx.accountAt(ctx, email)
		if err != nil {
			return err
		}
		if err := tx.spend(ctx, claim{action: ActProof, account: s.mailHash(email), userID: userID, ip: c.IP}); err != nil {
			return err
		}
		if proved, err = tx.hasRecoveryCode(ctx, userID, c.Proof); err != nil || proved {
			return err
		}
		proved, err = tx.appShows(ctx, userID, c.Proof)
		return err
	})
	return proved, err
}

func (tx *txn) hasRecoveryCode(ctx context.Context, userID int64, code string) (has bool, err error) {
	const query = `SELECT EXISTS (SELECT 1 FROM recovery_codes WHERE user_id = ? AND hash = ? AND used_at IS NULL)`
	err = tx.QueryRowContext(ctx, query, userID, tx.store.keyedHash(recoveryHash(userID, code))).Scan(&has)
	return has, err
}

func (tx *txn) appShows(ctx context.Context, userID int64, code string) (bool, error) {
	apps, err := list(ctx, tx, scanApp, `SELECT `+appColumns+` FROM authenticators WHERE user_id = ? AND proved_at IS NOT NULL`, userID)
	if err != nil {
		return false, err
	}
	for _, app := range apps {
		_, err := tx.stepOf(app, code)
		if err == nil || !errors.Is(err, ErrWrongCode) {
			return err == nil, err
		}
	}
	return false, nil
}
