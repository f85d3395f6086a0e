package store

import (
	"context"
	"crypto/rand"
	"errors"
	"time"
)

// OwnPhone is a phone that Nod serves itself: a page that signs each answer with keys
// of its own. All that an account has are one factor, since they ring together.
type OwnPhone struct {
	ID         string
	UserID     int64
	Name       string
	DeviceKey  []byte // SubjectPublicKeyInfo, P-256
	Credential []byte // the id of its passkey
	PasskeyKey []byte // COSE
	Owner      []byte // what the passkey calls its owner; another one for each phone
	SignCount  uint32 // of the passkey; 0 where it does not count
	Synced     bool   // the passkey may leave the phone
	Origin     string // of the site where it was added; written, never read back

	Challenge   string    // what the next renewal of its cookie signs
	SignedAt    time.Time // when its device key last did so
	CreatedAt   time.Time
	ConfirmedAt time.Time // zero until a browser of the account has said that it is theirs
	UsedAt      time.Time // its last answer; zero before
	RevokedAt   time.Time // zero while it counts
}

// Counts says whether the phone may answer.
func (p OwnPhone) Counts() bool { return !p.ConfirmedAt.IsZero() && p.RevokedAt.IsZero() }

const (
	// maxOwnPhones bounds how many phones ring at once.
	maxOwnPhones = 5
	// OwnPhoneWait is how long a new phone waits for a browser to confirm it.
	OwnPhoneWait = 15 * time.Minute
)

const ownPhoneColumns = `
	id,
	user_id,
	name,
	device_key,
	credential,
	passkey_key,
	passkey_user,
	sign_count,
	synced,
	challenge,
	signed_at,
	created_at,
	COALESCE(confirmed_at, 0),
	COALESCE(used_at, 0),
	COALESCE(revoked_at, 0)`

func scanOwnPhone(r row) (OwnPhone, error) {
	var p OwnPhone
	var signed, created, confirmed, used, revoked int64
	err := r.Scan(&p.ID, &p.UserID, &p.Name, &p.DeviceKey, &p.Credential, &p.PasskeyKey, &p.Owner, &p.SignCount, &p.Synced,
		&p.Challenge, &signed, &created, &confirmed, &used, &revoked)
	p.SignedAt, p.CreatedAt, p.ConfirmedAt, p.UsedAt, p.RevokedAt = at(signed), at(created), at(confirmed), at(used), at(revoked)
	return p, err
}

// OwnPhones are the phones of a user that count or wait to be confirmed, oldest first.
func (s *Store) OwnPhones(ctx context.Context, userID int64) ([]OwnPhone, error) {
	const query = `
		SELECT ` + ownPhoneColumns + `
		FROM own_phones
		WHERE user_id = ? AND revoked_at IS NULL AND (confirmed_at IS NOT NULL OR created_at > ?)
		ORDER BY created_at, id`
	return list(ctx, s.read, scanOwnPhone, query, userID, s.now()-OwnPhoneWait.Milliseconds())
}

// OwnPhoneOf finds the phone with a cookie, whether or not it counts. ErrNotFound.
func (s *Store) OwnPhoneOf(ctx context.Context, cookie string) (OwnPhone, error) {
	const query = `SELECT ` + ownPhoneColumns + ` FROM own_phones WHERE cookie = ?`
	p, err := scanOwnPhone(s.read.QueryRowContext(ctx, query, s.phoneCookie(cookie)))
	return p, wrap(err)
}

func (s *Store) phoneCookie(cookie string) []byte { return s.keyedHash("cookie of a phone", cookie) }

// RenewOwnPhone notes that the device key of a phone has signed its challenge, which
// is good once; the next one takes its place. ErrNotFound for another challenge, and
// for a phone that was revoked.
func (s *Store) RenewOwnPhone(ctx context.Context, p OwnPhone) (next OwnPhone, err error) {
	const renew = `
		UPDATE own_phones
		SET challenge = ?1, signed_at = ?2
		WHERE id = ?3 AND challenge = ?4 AND revoked_at IS NULL
		RETURNING ` + ownPhoneColumns
	err = s.inTx(ctx, func(tx *txn) error {
		next, err = scanOwnPhone(tx.QueryRowContext(ctx, renew, rand.Text(), tx.now, p.ID, p.Challenge))
		return err
	})
	return next, err
}

// ConfirmOwnPhone makes a phone count that has been added to the account of a session.
// ErrNotFound for one that is another's, was confirmed, or has waited too long;
// ErrTooManyFactors, ErrNotFresh.
func (s *Store) ConfirmOwnPhone(ctx context.Context, sessionID, phoneID string, c Client) error {
	return s.changeOwnPhones(ctx, sessionID, func(tx *txn, by Session) error {
		const confirm = `
			UPDATE own_phones
			SET confirmed_at = ?1
			WHERE id = ?2
				AND user_id = ?3
				AND confirmed_at IS NULL
				AND revoked_at IS NULL
				AND created_at > ?4
			RETURNING name`
		var name string
		err := tx.QueryRowContext(ctx, confirm, tx.now, phoneID, by.UserID, tx.now-OwnPhoneWait.Milliseconds()).Scan(&name)
		if err != nil {
			return err
		}
		counting, err := tx.ownPhonesThatCount(ctx, by.UserID)
		if err == nil && counting > maxOwnPhones {
			err = ErrTooManyFactors
		}
		if err != nil {
			return err
		}
		if err := tx.ownFactor(ctx, by.UserID); err != nil {
			return err
		}
		return tx.factorChanged(ctx, by, c, EventOwnPhoneAdded, NoticeFactorAdded, name)
	})
}

func (tx *txn) ownPhonesThatCount(ctx context.Context, userID int64) (n int, err error) {
	const query = `SELECT COUNT(*) FROM own_phones WHERE user_id = ? AND confirmed_at IS NOT NULL AND revoked_at IS NULL`
	err = tx.QueryRowContext(ctx, query, userID).Scan(&n)
	return n, err
}

// ownFactor lets the own phones of a user be asked. That one was confirmed in a browser
// proves it.
func (tx *txn) ownFactor(ctx context.Context, userID int64) error {
	const insert = `
		INSERT INTO factors (user_id, provider, handle, created_at, proved_at)
		SELECT ?1, 'own', ?2, ?3, ?3
		FROM users
		WHERE users.id = ?1
			AND NOT EXISTS (SELECT 1 FROM factors WHERE user_id = ?1 AND provider = 'own' AND revoked_at IS NULL)`
	_, err := tx.ExecContext(ctx, insert, userID, rand.Text(), tx.now)
	return err
}

// RevokeOwnPhone takes a phone from the account of a session, also one that waits to
// be confirmed. Requests that nobody can answer any more end, and what it has approved
// and nobody has used: they are returned, so that their browsers can be told. ErrNotFound,
// ErrNotFresh; ErrLastFactor where nothing else would let the owner in.
func (s *Store) RevokeOwnPhone(ctx context.Context, sessionID, phoneID string, c Client) (ended []Approval, err error) {
	err = s.changeOwnPhones(ctx, sessionID, func(tx *txn, by Session) error {
		counted := false
		if counted, ended, err = tx.revokeOwnPhone(ctx, by, phoneID, c); err != nil || !counted {
			return err
		}
		if by.Level != SignedIn { // a password alone refuses a phone, and takes none away
			return ErrNotFound
		}
		return tx.waysLeft(ctx, by.UserID)
	})
	if err != nil {
		return nil, err
	}
	return ended, nil
}

// waysLeft is ErrLastFactor for a user without a second step.
func (tx *txn) waysLeft(ctx context.Context, userID int64) error {
	const query = `
		SELECT
			EXISTS (` + askable + `)
			OR EXISTS (SELECT 1 FROM authenticators WHERE user_id = ?1 AND proved_at IS NOT NULL)
			OR EXISTS (SELECT 1 FROM recovery_codes WHERE user_id = ?1 AND used_at IS NULL)`
	var left bool
	err := tx.QueryRowContext(ctx, query, userID, tx.store.opts.Provider).Scan(&left)
	if err == nil && !left {
		return ErrLastFactor
	}
	return err
}

// revokeOwnPhone also says whether the phone has counted.
func (tx *txn) revokeOwnPhone(ctx context.Context, by Session, phoneID string, c Client) (counted bool, ended []Approval, err error) {
	const revoke = `
		UPDATE own_phones
		SET revoked_at = ?
		WHERE id = ? AND user_id = ? AND revoked_at IS NULL
		RETURNING name, confirmed_at IS NOT NULL`
	var name string
	if err := tx.QueryRowContext(ctx, revoke, tx.now, phoneID, by.UserID).Scan(&name, &counted); err != nil {
		return false, nil, wrap(err)
	}
	if err := tx.stopWaking(ctx, by.UserID); err != nil {
		return false, nil, err
	}
	if !counted {
		return false, nil, tx.record(ctx, Event{Kind: EventOwnPhoneRemoved, UserID: by.UserID, SessionID: by.ID})
	}
	if ended, err = tx.endOwnFactor(ctx, by.UserID); err != nil {
		return false, nil, err
	}
	approved, err := tx.takeBackApprovals(ctx, by.UserID, phoneID)
	if err != nil {
		return false, nil, err
	}
	return true, append(ended, approved...), tx.factorChanged(ctx, by, c, EventOwnPhoneRemoved, NoticeFactorRemoved, name)
}

// endOwnFactor asks the own phones of a user no more if none is left, and ends what
// they were asked. Whoever adds one later is asked on that alone.
func (tx *txn) endOwnFactor(ctx context.Context, userID int64) ([]Approval, error) {
	left, err := tx.ownPhonesThatCount(ctx, userID)
	if err != nil || left > 0 {
		return nil, err
	}
	const revoke = `UPDATE factors SET revoked_at = ? WHERE user_id = ? AND provider = 'own' AND revoked_at IS NULL`
	if _, err := tx.ExecContext(ctx, revoke, tx.now, userID); err != nil {
		return nil, err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE users SET ask_beside = 0 WHERE id = ?`, userID); err != nil {
		return nil, err
	}
	const asked = `user_id = ?3 AND factor_id IN (SELECT id FROM factors WHERE user_id = ?3 AND provider = 'own')`
	return tx.cancelOrExpire(ctx, ReasonPhoneGone, asked, userID)
}

// takeBackApprovals ends what a phone has approved and nobody has used yet.
func (tx *txn) takeBackApprovals(ctx context.Context, userID int64, phoneID string) ([]Approval, error) {
	const unused = `
		user_id = ?3
			AND status = 'approved'
			AND consumed_at IS NULL
			AND expires_at > ?4
			AND id IN (SELECT approval_id FROM own_requests WHERE user_id = ?3 AND phone_id = ?5)`
	return tx.end(ctx, ReasonPhoneGone, unused, userID, tx.now-useWithin.Milliseconds(), phoneID)
}

// revokeOwnPhones takes all own phones from a user.
func (tx *txn) revokeOwnPhones(ctx context.Context, userID int64) error {
	const revoke = `UPDATE own_phones SET revoked_at = ? WHERE user_id = ? AND revoked_at IS NULL`
	if _, err := tx.ExecContext(ctx, revoke, tx.now, userID); err != nil {
		return err
	}
	if err := tx.stopWaking(ctx, userID); err != nil {
		return err
	}
	_, err := tx.endOwnFactor(ctx, userID)
	return err
}

// removeOwnPhone is revokeOwnPhone for one that may be gone.
func (tx *txn) removeOwnPhone(ctx context.Context, by Session, phoneID string, c Client) error {
	_, _, err := tx.revokeOwnPhone(ctx, by, phoneID, c)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// AllOwnPhones are all phones that a user has added, also those that were revoked: they
// are told so.
func (s *Store) AllOwnPhones(ctx context.Context, userID int64) ([]OwnPhone, error) {
	return list(ctx, s.read, scanOwnPhone, `SELECT `+ownPhoneColumns+` FROM own_phones WHERE user_id = ?`, userID)
}

// OwnPhonesElsewhere counts the phones that were added while the site had another
// address: their keys are worth nothing at this one.
func (s *Store) OwnPhonesElsewhere(ctx context.Context, origin string) (n int, err error) {
	const query = `SELECT COUNT(*) FROM own_phones WHERE confirmed_at IS NOT NULL AND revoked_at IS NULL AND origin <> ?`
	err = s.read.QueryRowContext(ctx, query, origin).Scan(&n)
	return n, wrap(err)
}
