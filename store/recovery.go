package store

import (
	"context"
	"crypto/rand"
	"strconv"
	"time"
)

// Recovery codes are the way in for who has lost the phone: each is good once.
const (
	recoveryCodes = 10
	// RecoveryCodeSize is the length of a recovery code, in characters of five
	// bits each.
	RecoveryCodeSize = 16
)

// RecoveryAlphabet is base32 as Douglas Crockford writes it, without the letters
// that are taken for digits, or for each other.
const RecoveryAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// RecoveryCodes is how many of the recovery codes of a user are left.
type RecoveryCodes struct {
	Left    int
	Of      int       // 0: none were ever made
	MadeAt  time.Time // zero without any
	UsedAt  time.Time // when the last one was used; zero before
	Offered bool      // they were made or declined before
}

func recoveryHash(userID int64, code string) (what, plain string) {
	return "recovery code of " + strconv.FormatInt(userID, 10), code
}

// MakeRecoveryCodes makes NewRecoveryCodes a user's, in the place of those from
// before, and returns them; the session can read them for some minutes, see
// ShownRecoveryCodes. ErrNotFresh.
func (s *Store) MakeRecoveryCodes(ctx context.Context, sessionID string, c Client) (codes []string, err error) {
	codes = NewRecoveryCodes()
	err = s.change(ctx, sessionID, func(tx *txn, by Session) error { return tx.makeRecoveryCodes(ctx, by, codes, c) })
	if err != nil {
		return nil, err
	}
	return codes, nil
}

func (tx *txn) makeRecoveryCodes(ctx context.Context, by Session, codes []string, c Client) error {
	if err := tx.replaceRecoveryCodes(ctx, by.UserID, codes); err != nil {
		return err
	}
	if err := tx.showCodes(ctx, by, codes); err != nil {
		return err
	}
	return tx.factorChanged(ctx, by, c, EventRecoveryCodesMade, NoticeCodesMade, "")
}

func (tx *txn) replaceRecoveryCodes(ctx context.Context, userID int64, codes []string) error {
	if err := tx.useKey(ctx); err != nil {
		return err
	}
	if err := tx.offered(ctx, userID); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM recovery_codes WHERE user_id = ?`, userID); err != nil {
		return err
	}
	if err := tx.hideCodes(ctx, userID); err != nil {
		return err
	}
	for _, code := range codes {
		const insert = `INSERT INTO recovery_codes (user_id, hash, created_at) VALUES (?, ?, ?)`
		if _, err := tx.ExecContext(ctx, insert, userID, tx.store.keyedHash(recoveryHash(userID, code)), tx.now); err != nil {
			return err
		}
	}
	return nil
}

// NewRecoveryCodes are codes that are nobody's yet. They are of RecoveryCodeSize
// characters of RecoveryAlphabet.
func NewRecoveryCodes() (codes []string) {
	for range recoveryCodes {
		codes = append(codes, randomCode(RecoveryCodeSize))
	}
	return codes
}

// randomCode is one of so many characters of RecoveryAlphabet.
func randomCode(size int) string {
	raw := make([]byte, size)
	rand.Read(raw)
	for i, b := range raw {
		raw[i] = RecoveryAlphabet[b%32]
	}
	return string(raw)
}

// DeclineRecoveryCodes notes that a user wants no recovery codes now: they are
// offered once.
func (s *Store) DeclineRecoveryCodes(ctx context.Context, userID int64) error {
	return s.inTx(ctx, func(tx *txn) error { return tx.offered(ctx, userID) })
}

func (tx *txn) offered(ctx context.Context, userID int64) error {
	const update = `
		UPDATE users
		SET codes_offered_at = COALESCE(codes_offered_at, ?)
		WHERE id = ? AND closed_at IS NULL`
	found, err := changed(tx.ExecContext(ctx, update, tx.now, userID))
	if err == nil && !found {
		err = ErrNotFound
	}
	return err
}

// RecoveryCodesOf says what recovery codes a user has. ErrNotFound.
func (s *Store) RecoveryCodesOf(ctx context.Context, userID int64) (r RecoveryCodes, err error) {
	const query = `
		SELECT
			users.codes_offered_at IS NOT NULL,
			COUNT(codes.hash),
			COUNT(codes.hash) - COUNT(codes.used_at),
			COALESCE(MAX(codes.created_at), 0),
			COALESCE(MAX(codes.used_at), 0)
		FROM users
		LEFT JOIN recovery_codes AS codes ON codes.user_id = users.id
		WHERE users.id = ?
		GROUP BY users.id, users.codes_offered_at`
	var made, used int64
	err = s.read.QueryRowContext(ctx, query, userID).Scan(&r.Offered, &r.Of, &r.Left, &made, &used)
	r.MadeAt, r.UsedAt = at(made), at(used)
	return r, wrap(err)
}

// RemoveRecoveryCodes makes the recovery codes of a user worthless. ErrNotFound
// where there is none; ErrNotFresh; ErrLastFactor as of RevokeOwnPhone.
func (s *Store) RemoveRecoveryCodes(ctx context.Context, sessionID string, c Client) error {
	return s.change(ctx, sessionID, func(tx *txn, by Session) error {
		found, err := changed(tx.ExecContext(ctx, `DELETE FROM recovery_codes WHERE user_id = ?`, by.UserID))
		if err == nil && !found {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		if err := tx.hideCodes(ctx, by.UserID); err != nil {
			return err
		}
		if err := tx.factorChanged(ctx, by, c, EventRecoveryCodesRemoved, NoticeCodesRemoved, ""); err != nil {
			return err
		}
		return tx.waysLeft(ctx, by.UserID)
	})
}

// ConfirmByRecoveryCode signs in by a recovery code, which is used up. It is the
// same step as ConfirmLogin. Tries are counted by account and source, or by known
// browser, and apart from those of other codes: nobody else's failures refuse it.
// ErrWrongCode, *RateError; ErrNotApproved as of ConfirmByCode.
func (s *Store) ConfirmByRecoveryCode(ctx context.Context, sessionID, code string, c Client) (sess Session, err error) {
	right := false
	err = s.inTx(ctx, func(tx *txn) error {
		right = false
		userID, phoneOnly, err := tx.ownAttempt(ctx, sessionID)
		if err != nil {
			return err
		}
		if err := tx.spendRecovery(ctx, userID, strconv.FormatInt(userID, 10), c); err != nil || phoneOnly {
			return err
		}
		sess = tx.newSession(userID, SignedIn, c)
		sess.Method = MethodRecovery
		if right, err = tx.useRecoveryCode(ctx, sess, code, c); err != nil {
			return err
		}
		if !right {
			return tx.record(ctx, Event{Kind: EventCodeRefused, UserID: userID, SessionID: sessionID, Detail: string(MethodRecovery)})
		}
		return tx.promote(ctx, sessionID, &sess, c)
	})
	if err == nil && !right {
		err = ErrWrongCode
	}
	if err != nil {
		return Session{}, err
	}
	return sess, nil
}

// ownAttempt is openAttempt, and whether only the phone itself may complete it.
func (tx *txn) ownAttempt(ctx context.Context, sessionID string) (userID int64, phoneOnly bool, err error) {
	if userID, err = tx.openAttempt(ctx, sessionID); err != nil {
		return 0, false, err
	}
	const query = `SELECT resets_password FROM sessions WHERE id = ?`
	err = tx.QueryRowContext(ctx, query, sessionID).Scan(&phoneOnly)
	return userID, phoneOnly, err
}

// spendRecovery counts a try of a recovery code.
func (tx *txn) spendRecovery(ctx context.Context, userID int64, account string, c Client) error {
	known, err := tx.knownDevice(ctx, userID, c.Device)
	if err != nil {
		return err
	}
	return tx.spend(ctx, claim{action: ActRecovery, known: known, account: account, device: c.Device, ip: c.IP})
}

// useRecoveryCode uses a code up in a session, if its user has it.
func (tx *txn) useRecoveryCode(ctx context.Context, by Session, code string, c Client) (used bool, err error) {
	const use = `UPDATE recovery_codes SET used_at = ? WHERE user_id = ? AND hash = ? AND used_at IS NULL`
	used, err = changed(tx.ExecContext(ctx, use, tx.now, by.UserID, tx.store.keyedHash(recoveryHash(by.UserID, code))))
	if err != nil || !used {
		return false, err
	}
	return true, tx.factorChanged(ctx, by, c, EventRecoveryCodeUsed, NoticeCodeUsed, "")
}
