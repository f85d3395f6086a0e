package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"strconv"
)

// Signing in by the passkey of a phone of one's own alone, in the place of the password
// and of the phone: one that has verified its user is both.

// PasskeyTry is a passkey that was counted as refused before it was checked.
type PasskeyTry struct {
	Phone OwnPhone
	claim claim
}

// SpendPasskeyTry finds the phone that has a passkey, by the id that it goes by, and
// counts a try of it before it is checked, so that concurrent requests cannot exceed the
// limits. The challenge that it has signed is used up: keeping to its age is the caller's,
// which is less than a day. ErrNotFound where no phone that counts has it, ErrCodeUsed for
// a challenge that was given before: both count; *RateError.
func (s *Store) SpendPasskeyTry(ctx context.Context, credential []byte, challenge string, c Client) (t PasskeyTry, err error) {
	err = s.inTx(ctx, func(tx *txn) error {
		const query = `
			SELECT ` + ownPhoneColumns + `
			FROM own_phones
			WHERE credential = ? AND confirmed_at IS NOT NULL AND revoked_at IS NULL`
		p, missing := scanOwnPhone(tx.QueryRowContext(ctx, query, credential))
		if missing != nil && !errors.Is(missing, sql.ErrNoRows) {
			return missing
		}
		known, err := tx.knownDevice(ctx, p.UserID, c.Device)
		if err != nil {
			return err
		}
		account := strconv.FormatInt(p.UserID, 10) // 0 for the passkeys of nobody
		t = PasskeyTry{p, claim{action: ActPasskey, act: rand.Text(), known: known, account: account, device: c.Device, ip: c.IP}}
		if err := tx.spend(ctx, t.claim); err != nil {
			return err
		}
		if missing != nil {
			return &kept{ErrNotFound}
		}
		err = tx.useUp(ctx, p.UserID, hex.EncodeToString(s.keyedHash("challenge of a passkey", challenge)))
		if errors.Is(err, ErrCodeUsed) {
			err = &kept{err}
		}
		return err
	})
	return t, err
}

// RefusePasskey notes that a passkey has not signed what it should, for its owner.
func (s *Store) RefusePasskey(ctx context.Context, t PasskeyTry) error {
	return s.inTx(ctx, func(tx *txn) error {
		return tx.record(ctx, Event{Kind: EventPasskeyRefused, UserID: t.Phone.UserID})
	})
}

// SignInByPasskey signs in by a passkey whose signature is right. signCount is what its
// counter says. The session that the browser had before, if any, ends in the same step.
// ErrNotFound for a phone that was removed meanwhile, ErrCounterWentBack; *RateError,
// *TakenError.
func (s *Store) SignInByPasskey(ctx context.Context, t PasskeyTry, signCount uint32, replaces string, c Client) (sess Session, err error) {
	err = s.inTx(ctx, func(tx *txn) error {
		if err := tx.usePasskey(ctx, t.Phone, signCount); err != nil {
			return err
		}
		if err := tx.takeBack(ctx, t.claim.act); err != nil {
			return err
		}
		if err := tx.spendSignIn(ctx, t.Phone.UserID, c); err != nil {
			return err
		}
		if err := tx.ownEmail(ctx, t.Phone.UserID, replaces, c); err != nil {
			return err
		}
		sess = tx.newSession(t.Phone.UserID, SignedIn, c)
		sess.Method = MethodPasskey
		if err := tx.replaceSession(ctx, replaces, sess); err != nil {
			return err
		}
		return tx.arrive(ctx, "", &sess, c)
	})
	if err != nil {
		return Session{}, err
	}
	return sess, nil
}

// usePasskey moves the counter of a passkey forward, and notes its use.
func (tx *txn) usePasskey(ctx context.Context, p OwnPhone, signCount uint32) error {
	const use = `UPDATE own_phones SET used_at = ? WHERE id = ? AND confirmed_at IS NOT NULL AND revoked_at IS NULL`
	counts, err := changed(tx.ExecContext(ctx, use, tx.now, p.ID))
	if err == nil && !counts {
		err = ErrNotFound
	}
	if err != nil {
		return err
	}
	return tx.moveCounter(ctx, p.ID, signCount)
}
