package store

import (
	"context"
	"errors"
	"strconv"
)

// A proof is a code that somebody gives along with a password, to be held up by
// nothing that strangers do: of an app, or a recovery code, of their own. It is not
// used up. It has to be right as the password has, and nobody is told which of the
// two was wrong.

// weighProof says how a try is counted that comes with a proof. A recovery code nobody
// guesses: who has one is as known as a browser. Codes of apps have limits by where
// they come from, the same for accounts that there are not, and are tried in the
// place of strangers' passwords: together they are harder to guess than these.
func (tx *txn) weighProof(ctx context.Context, t *Try, proof string) (err error) {
	recovers, err := tx.hasRecoveryCode(ctx, t.claim.userID, proof)
	if err != nil {
		return err
	}
	shows, err := tx.appShows(ctx, t.claim.userID, proof)
	t.given, t.right = true, recovers || shows
	if recovers {
		t.claim.known, t.claim.device = true, "proved"
	} else {
		t.claim.action = ActProof
	}
	return err
}

// CheckProof says whether the proof of a try is right, once its password is that of
// a user. Wrong ones count as codes tried at the account, among those of its second
// step, and a right code of an app counts for nothing beyond that limit: whoever has
// the password learns no more of codes here than there. ErrInvalidCredentials.
func (s *Store) CheckProof(ctx context.Context, t Try, u User) error {
	if !t.given {
		return nil
	}
	right := false
	err := s.inTx(ctx, func(tx *txn) error {
		right = t.right && t.claim.userID == u.ID
		try := claim{action: ActCodeTry, known: t.claim.known, account: strconv.FormatInt(u.ID, 10), ip: t.claim.ip, device: t.claim.device}
		over := (*RateError)(nil)
		err := s.allowed(ctx, tx, tx.now, try)
		if err != nil && !errors.As(err, &over) {
			return err
		}
		if right = right && (over == nil || t.claim.action != ActProof); right {
			return nil
		}
		if over == nil {
			if err := tx.count(ctx, try); err != nil {
				return err
			}
		}
		return tx.record(ctx, Event{Kind: EventCodeRefused, UserID: u.ID, Detail: proofDetail})
	})
	if err == nil && !right {
		err = ErrInvalidCredentials
	}
	return err
}

// proofDetail is what lines about a wrong proof, or a wrong password with one, say.
const proofDetail = "proof"

// triedWith is the detail of a password that was refused.
func triedWith(ctx context.Context) string {
	if c, _ := ctx.Value(turnKey{}).(claim); c.action == ActProof {
		return proofDetail
	}
	return ""
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
