package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"time"
)

// signUpLife is how long a sign-up may be proved.
const signUpLife = 24 * time.Hour

// CreateUser makes a sign-up: a User that asks for an e-mail, and gets it with
// the first sign-in, unless it has an account by then. Any number may ask for the
// same e-mail; who asks again in the same words is the same User. ErrBusy.
func (s *Store) CreateUser(ctx context.Context, n NewUser) (User, error) {
	hash, err := s.hashFor(ctx, n.Email, n.Password)
	if err != nil {
		return User{}, err
	}
	u := User{
		Name: n.Name, Email: CleanEmail(n.Email), PhoneNumber: n.PhoneNumber,
		CountryCode: n.CountryCode, Language: n.Language, Unproved: true,
	}
	err = s.inTx(ctx, func(tx *txn) error {
		same, err := tx.sameSignUp(ctx, &u, hash)
		if same || err != nil {
			return err
		}
		return tx.createUser(ctx, &u, hash, n.Handle)
	})
	if err != nil {
		return User{}, err
	}
	return u, nil
}

// sameSignUp finds the sign-up that a form has made already: it was sent twice.
// The hashes for one e-mail share their salt, so that of the same password is the
// same.
func (tx *txn) sameSignUp(ctx context.Context, u *User, hash string) (bool, error) {
	const query = `
		SELECT id, created_at
		FROM users
		WHERE claims = ? AND email = ? AND name = ? AND phone_number = ? AND password_hash = ?
		ORDER BY id DESC
		LIMIT 1`
	var created int64
	err := tx.QueryRowContext(ctx, query, emailKey(u.Email), u.Email, u.Name, u.PhoneNumber, hash).Scan(&u.ID, &created)
	u.CreatedAt = at(created)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

func (tx *txn) createUser(ctx context.Context, u *User, hash, handle string) error {
	const insert = `
		INSERT INTO users (
			name,
			email,
			email_key,
			claims,
			password_hash,
			country_code,
			phone_number,
			language,
			created_at
		)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		RETURNING id`
	u.CreatedAt = at(tx.now)
	nobodys := "unproved " + rand.Text() // no e-mail has such a key
	err := tx.QueryRowContext(ctx, insert, u.Name, u.Email, nobodys, emailKey(u.Email), hash, u.CountryCode,
		u.PhoneNumber, u.Language, tx.now).Scan(&u.ID)
	if err != nil {
		return err
	}
	if handle != "" { // else a phone of their own is added next
		if err := tx.enrol(ctx, u.ID, tx.store.opts.Provider, handle); err != nil {
			return err
		}
	}
	return tx.record(ctx, Event{Kind: EventUserCreated, UserID: u.ID})
}

// Closed is what is left to tell of a sign-up that has ended: to the browsers of
// its sessions, and to the provider of its phone.
type Closed struct {
	UserID   int64
	Sessions []Session
	Phone    Factor
}

// TakenError refuses a sign-up whose phone is proved: by now there is an account
// for its e-mail. The sign-up has ended. It is ErrEmailTaken.
type TakenError struct{ Closed }

func (e *TakenError) Error() string        { return ErrEmailTaken.Error() }
func (e *TakenError) Is(target error) bool { return target == ErrEmailTaken }

// ownEmail gives a sign-up the e-mail that it asks for, since its phone is
// proved. If that has an account, its owner is told, and the sign-up ends: what
// was done is kept, and *TakenError returned. What was added in the session that proves
// it is no news to its owner.
func (tx *txn) ownEmail(ctx context.Context, userID int64, sessionID string, c Client) error {
	const query = `
		SELECT COALESCE(owners.id, 0)
		FROM users LEFT JOIN users AS owners ON owners.email_key = users.claims
		WHERE users.id = ? AND users.claims IS NOT NULL`
	var owner int64
	err := tx.QueryRowContext(ctx, query, userID).Scan(&owner)
	if errors.Is(err, sql.ErrNoRows) { // it is an account
		return nil
	}
	if err != nil {
		return err
	}
	if owner == 0 {
		const own = `UPDATE users SET email_key = claims, claims = NULL WHERE id = ?`
		if _, err := tx.ExecContext(ctx, own, userID); err != nil {
			return err
		}
		const known = `UPDATE notices SET read_at = ? WHERE user_id = ? AND session_id = ? AND kind = 'factor_added' AND read_at IS NULL`
		_, err := tx.ExecContext(ctx, known, tx.now, userID, sessionID)
		return err
	}
	if err := tx.record(ctx, Event{Kind: EventSignUpTaken, UserID: owner}); err != nil {
		return err
	}
	if err := tx.noticeFrom(ctx, owner, NoticeEmailTaken, c); err != nil {
		return err
	}
	closed, err := tx.closeSignUp(ctx, userID, ReasonEmailTaken)
	if err != nil {
		return err
	}
	return &kept{&TakenError{closed}}
}

// closeSignUp ends a sign-up and forgets who it was.
func (tx *txn) closeSignUp(ctx context.Context, userID int64, why Reason) (c Closed, err error) {
	const phone = `SELECT ` + factorColumns + ` FROM factors WHERE user_id = ? AND provider = ? AND revoked_at IS NULL`
	c.UserID = userID
	c.Phone, err = scanFactor(tx.QueryRowContext(ctx, phone, userID, tx.store.opts.Provider))
	if err != nil && !errors.Is(err, sql.ErrNoRows) { // it may be with another provider
		return c, err
	}
	if c.Sessions, err = tx.endSessionsOf(ctx, userID, why); err != nil {
		return c, err
	}
	if err := tx.forgetUser(ctx, userID); err != nil {
		return c, err
	}
	if err := tx.record(ctx, Event{Kind: EventSignUpEnded, UserID: userID, Detail: string(why)}); err != nil {
		return c, err
	}
	return c, tx.forgetAddresses(ctx, userID) // last: that of the line before, too
}

// EndUnproved ends the sign-ups that nobody has proved in time, and returns
// them.
func (s *Store) EndUnproved(ctx context.Context) ([]Closed, error) {
	const due = `SELECT id FROM users WHERE claims IS NOT NULL AND created_at <= ? ORDER BY created_at LIMIT ?`
	scan := func(r row) (id int64, err error) { return id, r.Scan(&id) }
	return inParts(sweepBatch, func() (part []Closed, err error) {
		until := s.now() - signUpLife.Milliseconds()
		// A sweep that finds nothing takes no write lock.
		if ids, err := list(ctx, s.read, scan, due, until, 1); err != nil || len(ids) == 0 {
			return nil, err
		}
		err = s.inTx(ctx, func(tx *txn) error {
			part = nil
			ids, err := list(ctx, tx, scan, due, until, sweepBatch)
			if err != nil {
				return err
			}
			for _, id := range ids {
				closed, err := tx.closeSignUp(ctx, id, ReasonExpired)
				if err != nil {
					return err
				}
				part = append(part, closed)
			}
			return nil
		})
		return part, err
	})
}
