package store

import (
	"context"
	"time"
)

// User is somebody with an account.
type User struct {
	ID          int64
	Name        string
	Email       string
	PhoneNumber string // E.164; "" where there are no phones but people's own
	CountryCode int    // calling code
	Language    string // how its owner reads, BCP 47; "" where nobody has said
	CreatedAt   time.Time
	Unproved    bool // a sign-up: its e-mail becomes its own when its phone is proved

	compared *compared // of Authenticate; nil for whoever was found otherwise
}

// NewUser is a User to be, with the password in clear.
type NewUser struct {
	Name        string
	Email       string
	Password    string
	PhoneNumber string
	CountryCode int
	Language    string // see User
	Handle      string // the provider's name for the phone; "" without one
}

const userColumns = `
	users.id,
	users.name,
	users.email,
	users.phone_number,
	users.country_code,
	users.language,
	users.created_at,
	users.claims IS NOT NULL`

func userFields(u *User, created *int64) []any {
	return []any{&u.ID, &u.Name, &u.Email, &u.PhoneNumber, &u.CountryCode, &u.Language, created, &u.Unproved}
}

// SetLanguage notes how the owner of an account reads.
func (s *Store) SetLanguage(ctx context.Context, userID int64, language string) error {
	return s.inTx(ctx, func(tx *txn) error {
		_, err := tx.ExecContext(ctx, `UPDATE users SET language = ? WHERE id = ? AND closed_at IS NULL`, language, userID)
		return err
	})
}

// CloseAccount ends everything of the user of a session and forgets who it was: the
// row, its transfers and the audit trail stay, without name, e-mail, number and
// addresses; its phone is revoked. It returns the sessions that it ended, so that their
// browsers can be told. ErrNotFound, ErrNotFresh.
func (s *Store) CloseAccount(ctx context.Context, sessionID string) (ended []Session, err error) {
	err = s.change(ctx, sessionID, func(tx *txn, by Session) error {
		ended, err = tx.closeAccount(ctx, by.UserID)
		return err
	})
	return ended, err
}

func (tx *txn) closeAccount(ctx context.Context, userID int64) (ended []Session, err error) {
	if ended, err = tx.endSessionsOf(ctx, userID, ReasonAccountClosed); err != nil {
		return nil, err
	}
	if err := tx.forgetUser(ctx, userID); err != nil {
		return nil, err
	}
	if err := tx.record(ctx, Event{Kind: EventAccountClosed, UserID: userID}); err != nil {
		return nil, err
	}
	return ended, tx.forgetAddresses(ctx, userID) // last: that of the line before, too
}

func (tx *txn) forgetUser(ctx context.Context, userID int64) error {
	const forget = `
		UPDATE users
		SET
			name = '',
			email = '',
			email_key = NULL,
			claims = NULL,
			password_hash = '',
			phone_number = '',
			language = '',
			closed_at = ?
		WHERE id = ? AND closed_at IS NULL`
	found, err := changed(tx.ExecContext(ctx, forget, tx.now, userID))
	if err != nil {
		return err
	}
	if !found {
		return ErrNotFound
	}
	return tx.revokeFactors(ctx, userID, "")
}

func (tx *txn) forgetAddresses(ctx context.Context, userID int64) error {
	if err := tx.settleRefusalsOf(ctx, userID); err != nil {
		return err
	}
	for _, trace := range []string{
		`UPDATE sessions SET ip = '', user_agent = '', place = '', network = '', device = '' WHERE user_id = ?`,
		`DELETE FROM devices WHERE user_id = ?`,
		`DELETE FROM notices WHERE user_id = ?`,
		`DELETE FROM authenticators WHERE user_id = ?`,
		`DELETE FROM recovery_codes WHERE user_id = ?`,
		`DELETE FROM shown_codes WHERE user_id = ?`,
		`DELETE FROM phone_changes WHERE user_id = ?`,
		`DELETE FROM own_phones WHERE user_id = ?`,
		`DELETE FROM own_codes WHERE user_id = ?`,
		`DELETE FROM own_requests WHERE user_id = ?`,
		`UPDATE events SET ip = '', ip_salt = '' WHERE user_id = ? AND ip <> ''`,
	} {
		if _, err := tx.ExecContext(ctx, trace, userID); err != nil {
			return err
		}
	}
	return nil
}
