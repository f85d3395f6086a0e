package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// User is somebody with an account.
type User struct {
	ID          int64
	Name        string
	Email       string
	PhoneNumber string // E.164
	CountryCode int    // calling code
	CreatedAt   time.Time
}

// NewUser is a User to be, with the password in clear.
type NewUser struct {
	Name        string
	Email       string
	Password    string
	PhoneNumber string
	CountryCode int
	Handle      string // the provider's name for the phone
}

const userColumns = `
	users.id,
	users.name,
	users.email,
	users.phone_number,
	users.country_code,
	users.created_at`

func userFields(u *User, created *int64) []any {
	return []any{&u.ID, &u.Name, &u.Email, &u.PhoneNumber, &u.CountryCode, created}
}

// EmailTaken says whether the e-mail has an account, however it is spelt.
func (s *Store) EmailTaken(ctx context.Context, email string) (taken bool, err error) {
	const query = `SELECT EXISTS (SELECT 1 FROM users WHERE email_key = ?)`
	err = s.read.QueryRowContext(ctx, query, emailKey(email)).Scan(&taken)
	return taken, wrap(err)
}

// CreateUser makes an account, whole or not at all. ErrEmailTaken, ErrBusy.
func (s *Store) CreateUser(ctx context.Context, n NewUser) (User, error) {
	hash, err := s.hash(ctx, n.Password)
	if err != nil {
		return User{}, err
	}
	u := User{
		Name: n.Name, Email: CleanEmail(n.Email), PhoneNumber: n.PhoneNumber,
		CountryCode: n.CountryCode,
	}
	err = s.inTx(ctx, func(tx *txn) error { return tx.createUser(ctx, &u, hash, n.Handle) })
	if err != nil {
		return User{}, err
	}
	return u, nil
}

func (tx *txn) createUser(ctx context.Context, u *User, hash, handle string) error {
	const insert = `
		INSERT INTO users (
			name,
			email,
			email_key,
			password_hash,
			country_code,
			phone_number,
			created_at
		)
		VALUES (?, ?, ?, ?, ?, ?, ?)
		RETURNING id`
	u.CreatedAt = at(tx.now)
	err := tx.QueryRowContext(ctx, insert, u.Name, u.Email, emailKey(u.Email), hash, u.CountryCode,
		u.PhoneNumber, tx.now).Scan(&u.ID)
	if isUnique(err) {
		return ErrEmailTaken
	}
	if err != nil {
		return err
	}
	if err := tx.enrol(ctx, u.ID, tx.store.opts.Provider, handle); err != nil {
		return err
	}
	return tx.record(ctx, Event{Kind: EventUserCreated, UserID: u.ID})
}

// Authenticate finds the user by e-mail and password. ErrInvalidCredentials
// for a wrong one of either, at the same cost; ErrBusy.
func (s *Store) Authenticate(ctx context.Context, email, password string) (User, error) {
	const query = `
		SELECT ` + userColumns + `, users.password_hash
		FROM users
		WHERE email_key IN (?1, ?2) AND closed_at IS NULL
		ORDER BY CASE WHEN email_key = ?2 THEN 0 ELSE 1 END
		LIMIT 1`
	var u User
	var created int64
	hash := s.dummy
	err := s.read.QueryRowContext(ctx, query, emailKey(email), plainEmailKey(email)).Scan(append(userFields(&u, &created), &hash)...)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return User{}, wrap(err)
	}
	known := err == nil
	matches, outdated, err := s.matches(ctx, password, hash)
	if err != nil {
		return User{}, err
	}
	if !known || !matches {
		return User{}, ErrInvalidCredentials
	}
	if outdated {
		s.rehash(ctx, u.ID, password, hash)
	}
	u.CreatedAt = at(created)
	return u, nil
}

// CloseAccount ends everything of a user and forgets who it was: the row, its
// transfers and the audit trail stay, without name, e-mail, number and
// addresses; its phone is revoked. It returns the sessions that it ended, so that their browsers can
// be told. ErrNotFound for an unknown or closed account.
func (s *Store) CloseAccount(ctx context.Context, userID int64) (ended []Session, err error) {
	err = s.inTx(ctx, func(tx *txn) error {
		if ended, err = tx.endSessionsOf(ctx, userID, ReasonAccountClosed); err != nil {
			return err
		}
		if err := tx.forgetUser(ctx, userID); err != nil {
			return err
		}
		if err := tx.record(ctx, Event{Kind: EventAccountClosed, UserID: userID}); err != nil {
			return err
		}
		return tx.forgetAddresses(ctx, userID) // last: that of the line before, too
	})
	return ended, err
}

func (tx *txn) forgetUser(ctx context.Context, userID int64) error {
	const forget = `
		UPDATE users
		SET
			name = '',
			email = '',
			email_key = NULL,
			password_hash = '',
			phone_number = '',
			closed_at = ?
		WHERE id = ? AND closed_at IS NULL`
	found, err := changed(tx.ExecContext(ctx, forget, tx.now, userID))
	if err != nil {
		return err
	}
	if !found {
		return ErrNotFound
	}
	return tx.revokeFactors(ctx, userID)
}

func (tx *txn) forgetAddresses(ctx context.Context, userID int64) error {
	for _, trace := range []string{
		`UPDATE sessions SET ip = '', user_agent = '', place = '', network = '', device = '' WHERE user_id = ?`,
		`DELETE FROM devices WHERE user_id = ?`,
		`DELETE FROM notices WHERE user_id = ?`,
		`DELETE FROM authenticators WHERE user_id = ?`,
		`DELETE FROM recovery_codes WHERE user_id = ?`,
		`DELETE FROM phone_changes WHERE user_id = ?`,
		`UPDATE events SET ip = '', ip_salt = '' WHERE user_id = ? AND ip <> ''`,
	} {
		if _, err := tx.ExecContext(ctx, trace, userID); err != nil {
			return err
		}
	}
	return nil
}
