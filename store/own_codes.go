package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"strconv"
	"time"
)

const (
	// PhoneCodeSize is the length of the code that adds a phone, in characters of
	// RecoveryAlphabet.
	PhoneCodeSize = 8
	// PhoneCodeLife is how long it is good.
	PhoneCodeLife = 10 * time.Minute
	// phoneCodeTries is how often a phone may begin with it.
	phoneCodeTries = 5
	// LimitPhoneCode is the Limit of a RateError that refuses another code.
	LimitPhoneCode = "phone_code"
)

func (s *Store) phoneCode(code string) []byte { return s.keyedHash("code of a phone", code) }

// changeOwnPhones is change for phones of one's own. Where there are no others, a sign-up
// adds them, too: with its password alone, since it can do nothing else until one of them
// has answered.
func (s *Store) changeOwnPhones(ctx context.Context, sessionID string, do func(tx *txn, by Session) error) error {
	return s.inTx(ctx, func(tx *txn) error {
		by, err := tx.signUpWithoutNumber(ctx, sessionID)
		if errors.Is(err, sql.ErrNoRows) {
			by, err = tx.freshSession(ctx, sessionID)
		}
		if err != nil {
			return err
		}
		return do(tx, by)
	})
}

// signUpWithoutNumber finds the session of a sign-up that has passed its password and
// that nobody has proved, where a sign-up names no number.
func (tx *txn) signUpWithoutNumber(ctx context.Context, sessionID string) (Session, error) {
	const query = `
		SELECT ` + sessionColumns + `
		FROM sessions JOIN users ON users.id = sessions.user_id
		WHERE sessions.id = CAST(? AS TEXT)
			AND sessions.level = 1
			AND sessions.ended_at IS NULL
			AND sessions.expires_at > ?
			AND users.claims IS NOT NULL
			AND users.closed_at IS NULL`
	if tx.store.opts.Provider != Own {
		return Session{}, sql.ErrNoRows
	}
	return scanSession(tx.QueryRowContext(ctx, query, sessionID, tx.now))
}

// NewPhoneCode makes the code by which a phone is added to the account of a session, in
// the place of one from before. The session can read it, see ShownPhoneCode. ErrNotFound,
// ErrNotFresh, *RateError; ErrTooManyFactors where no phone would be confirmed.
func (s *Store) NewPhoneCode(ctx context.Context, sessionID string) (code string, err error) {
	code = randomCode(PhoneCodeSize)
	err = s.changeOwnPhones(ctx, sessionID, func(tx *txn, by Session) error {
		counting, err := tx.ownPhonesThatCount(ctx, by.UserID)
		if err == nil && counting >= maxOwnPhones {
			err = ErrTooManyFactors
		}
		if err != nil {
			return err
		}
		if err := tx.spend(ctx, claim{action: ActPhoneCode, account: strconv.FormatInt(by.UserID, 10)}); err != nil {
			return err
		}
		sealed, err := tx.seal(ctx, phoneCodeFor(by.UserID), []byte(code))
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM own_codes WHERE user_id = ?`, by.UserID); err != nil {
			return err
		}
		const insert = `INSERT INTO own_codes (user_id, hash, created_at, code, shown_to) VALUES (?, ?, ?, ?, ?)`
		_, err = tx.ExecContext(ctx, insert, by.UserID, s.phoneCode(code), tx.now, sealed, by.ID)
		return err
	})
	return code, err
}

// Enrolment is a phone that has shown its code and makes its keys.
type Enrolment struct {
	Email     string // of the account
	Owner     []byte // as of OwnPhone
	Challenge string // that its passkey and its device key sign
}

// BeginEnrolment takes the code that a phone was given, and makes what its keys sign.
// Whoever types another one counts by where they come from. ErrWrongCode also for one
// that is too old or was used; *RateError.
func (s *Store) BeginEnrolment(ctx context.Context, code string, c Client) (e Enrolment, err error) {
	e = Enrolment{Owner: make([]byte, 32), Challenge: rand.Text()}
	rand.Read(e.Owner)
	err = s.byPhoneCode(ctx, c, func(tx *txn) error {
		const begin = `
			UPDATE own_codes
			SET tries = tries + 1, challenge = ?1, passkey_user = ?2
			WHERE hash = ?3 AND created_at > ?4 AND tries < ?5 AND phone_id = ''
			RETURNING (SELECT email FROM users WHERE users.id = own_codes.user_id)`
		since := tx.now - PhoneCodeLife.Milliseconds()
		return tx.QueryRowContext(ctx, begin, e.Challenge, e.Owner, s.phoneCode(code), since, phoneCodeTries).Scan(&e.Email)
	})
	if err != nil {
		return Enrolment{}, err
	}
	return e, nil
}

// byPhoneCode does what a code is typed for. find is sql.ErrNoRows for a wrong one, which
// counts by where it comes from.
func (s *Store) byPhoneCode(ctx context.Context, c Client, find func(tx *txn) error) error {
	return s.inTx(ctx, func(tx *txn) error {
		guess := claim{action: ActEnrol, ip: c.IP}
		if err := s.allowed(ctx, tx, tx.now, guess); err != nil {
			tx.noteLimited(ctx, guess, err)
			return err
		}
		err := find(tx)
		if errors.Is(err, sql.ErrNoRows) {
			return cmp.Or[error](tx.count(ctx, guess), &kept{ErrWrongCode})
		}
		return err
	})
}

// OpenEnrolment finds what BeginEnrolment has made last, also where the phone with this
// device key has enrolled by it and waits: it sends the same again where no reply came.
// ErrWrongCode for a code that is not good any more; *RateError as of BeginEnrolment.
func (s *Store) OpenEnrolment(ctx context.Context, code string, deviceKey []byte, c Client) (e Enrolment, err error) {
	const query = `
		SELECT users.email, own_codes.passkey_user, own_codes.challenge
		FROM own_codes JOIN users ON users.id = own_codes.user_id
		WHERE own_codes.hash = ?1
			AND own_codes.created_at > ?2
			AND own_codes.challenge <> ''
			AND (
				own_codes.phone_id = ''
				OR EXISTS (
					SELECT 1
					FROM own_phones
					WHERE own_phones.id = own_codes.phone_id
						AND device_key = ?3
						AND confirmed_at IS NULL
						AND revoked_at IS NULL
				)
			)`
	err = s.byPhoneCode(ctx, c, func(tx *txn) error {
		return tx.QueryRowContext(ctx, query, s.phoneCode(code), tx.now-PhoneCodeLife.Milliseconds(), deviceKey).
			Scan(&e.Email, &e.Owner, &e.Challenge)
	})
	return e, err
}

// Enrol adds a phone whose keys are proved for an enrolment, by its code, which is used
// up. cookie is what the phone is known by from now on. It counts once a browser has
// confirmed it. Until then the same keys may come again, and only get another cookie: the
// phone may never have got the one before. ErrWrongCode for a code that is not good any
// more, or that has begun another enrolment since; ErrPasskeyTaken.
func (s *Store) Enrol(ctx context.Context, code string, e Enrolment, p OwnPhone, cookie string) (added OwnPhone, err error) {
	err = s.inTx(ctx, func(tx *txn) error {
		const use = `
			UPDATE own_codes
			SET phone_id = ?1
			WHERE hash = ?2 AND created_at > ?3 AND challenge = ?4 AND challenge <> '' AND phone_id = ''
			RETURNING user_id`
		id := rand.Text()
		since := tx.now - PhoneCodeLife.Milliseconds()
		err := tx.QueryRowContext(ctx, use, id, s.phoneCode(code), since, e.Challenge).Scan(&p.UserID)
		if errors.Is(err, sql.ErrNoRows) {
			added, err = tx.enrolAgain(ctx, code, e, p, cookie)
			return err
		}
		if err != nil {
			return err
		}
		if err := tx.useKey(ctx); err != nil {
			return err
		}
		p.ID, p.Owner = id, e.Owner
		added, err = tx.insertOwnPhone(ctx, p, cookie)
		if isUnique(err) {
			return ErrPasskeyTaken
		}
		return err
	})
	return added, err
}

// enrolAgain gives the phone that an enrolment has added another cookie. ErrWrongCode
// for other keys than it has, and once it was confirmed or revoked.
func (tx *txn) enrolAgain(ctx context.Context, code string, e Enrolment, p OwnPhone, cookie string) (OwnPhone, error) {
	const renew = `
		UPDATE own_phones
		SET cookie = ?1
		WHERE id IN (SELECT phone_id FROM own_codes WHERE hash = ?2 AND created_at > ?3 AND challenge = ?4)
			AND device_key = ?5
			AND credential = ?6
			AND confirmed_at IS NULL
			AND revoked_at IS NULL
		RETURNING ` + ownPhoneColumns
	since := tx.now - PhoneCodeLife.Milliseconds()
	same, err := scanOwnPhone(tx.QueryRowContext(ctx, renew, tx.store.phoneCookie(cookie), tx.store.phoneCode(code), since, e.Challenge,
		p.DeviceKey, p.Credential))
	if errors.Is(err, sql.ErrNoRows) {
		return OwnPhone{}, ErrWrongCode
	}
	return same, err
}

func (tx *txn) insertOwnPhone(ctx context.Context, p OwnPhone, cookie string) (OwnPhone, error) {
	const insert = `
		INSERT INTO own_phones (
			id,
			user_id,
			name,
			device_key,
			credential,
			passkey_key,
			passkey_user,
			sign_count,
			synced,
			cookie,
			challenge,
			signed_at,
			created_at,
			origin
		)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?12, ?13)
		RETURNING ` + ownPhoneColumns
	return scanOwnPhone(tx.QueryRowContext(ctx, insert, p.ID, p.UserID, p.Name, p.DeviceKey, p.Credential, p.PasskeyKey, p.Owner,
		p.SignCount, number(p.Synced), tx.store.phoneCookie(cookie), rand.Text(), tx.now, p.Origin))
}
