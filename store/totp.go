package store

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"strconv"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
)

// Authenticator is an app that makes codes from a secret of ours: RFC 6238 with
// SHA-1, six digits, half a minute, as every such app does.
type Authenticator struct {
	ID        string
	Name      string
	CreatedAt time.Time
	UsedAt    time.Time // zero until a code of it has signed in
}

const (
	totpPeriod = 30 // seconds
	// totpSkew is how many steps a code may be early or late.
	totpSkew = 1
	// maxAuthenticators bounds what one try of a code compares.
	maxAuthenticators = 5
	// totpSecret is the length of a secret in bytes, as RFC 4226 recommends.
	totpSecret = 20
	// unprovedFor is how long an app may take to show its first code.
	unprovedFor = 15 * time.Minute
)

var secretText = base32.StdEncoding.WithPadding(base32.NoPadding)

func sealedFor(userID int64, id string) string {
	return "authenticator " + id + " of " + strconv.FormatInt(userID, 10)
}

// NewAuthenticator makes the secret of an app, in base32. It counts for nothing before
// ProveAuthenticator, until when the session can read it, see ShownSecret; one that was
// begun before is forgotten. ErrTooManyFactors, ErrNotFresh.
func (s *Store) NewAuthenticator(ctx context.Context, sessionID string) (a Authenticator, secret string, err error) {
	raw := make([]byte, totpSecret)
	rand.Read(raw)
	a = Authenticator{ID: rand.Text()}
	err = s.change(ctx, sessionID, func(tx *txn, by Session) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM authenticators WHERE user_id = ? AND proved_at IS NULL`, by.UserID); err != nil {
			return err
		}
		sealed, err := tx.seal(ctx, sealedFor(by.UserID, a.ID), raw)
		if err != nil {
			return err
		}
		const insert = `
			INSERT INTO authenticators (id, user_id, name, secret, created_at, shown_to)
			SELECT ?1, users.id, '', ?2, ?3, ?6
			FROM users
			WHERE users.id = ?4
				AND users.closed_at IS NULL
				AND ?5 > (SELECT COUNT(*) FROM authenticators WHERE user_id = ?4)`
		made, err := changed(tx.ExecContext(ctx, insert, a.ID, sealed, tx.now, by.UserID, maxAuthenticators, by.ID))
		if err == nil && !made {
			err = ErrTooManyFactors
		}
		a.CreatedAt = at(tx.now)
		return err
	})
	return a, secretText.EncodeToString(raw), err
}

// ProveAuthenticator makes an app count, by its first code, under a name.
// ErrNotFound for one that is unknown or was begun too long ago; ErrWrongCode,
// ErrNotFresh.
func (s *Store) ProveAuthenticator(ctx context.Context, sessionID, id, name, code string, c Client) error {
	return s.change(ctx, sessionID, func(tx *txn, by Session) error {
		const query = `
			SELECT ` + appColumns + `
			FROM authenticators
			WHERE id = ? AND user_id = ? AND proved_at IS NULL AND created_at > ?`
		app, err := scanApp(tx.QueryRowContext(ctx, query, id, by.UserID, tx.now-unprovedFor.Milliseconds()))
		if err != nil {
			return err
		}
		step, err := tx.stepOf(app, code)
		if err != nil {
			return err
		}
		const prove = `UPDATE authenticators SET name = ?, proved_at = ?, last_step = ? WHERE id = ? AND proved_at IS NULL`
		if _, err := tx.ExecContext(ctx, prove, name, tx.now, step, id); err != nil {
			return err
		}
		return tx.factorChanged(ctx, by, c, EventAuthenticatorAdded, NoticeFactorAdded, name)
	})
}

// Authenticators returns the apps of a user that count, oldest first.
func (s *Store) Authenticators(ctx context.Context, userID int64) ([]Authenticator, error) {
	const query = `
		SELECT id, name, created_at, COALESCE(used_at, 0)
		FROM authenticators
		WHERE user_id = ? AND proved_at IS NOT NULL
		ORDER BY created_at, id`
	scan := func(r row) (a Authenticator, err error) {
		var created, used int64
		err = r.Scan(&a.ID, &a.Name, &created, &used)
		a.CreatedAt, a.UsedAt = at(created), at(used)
		return a, err
	}
	return list(ctx, s.read, scan, query, userID)
}

// RemoveAuthenticator forgets the secret of an app. ErrNotFound, ErrNotFresh; ErrLastFactor
// as of RevokeOwnPhone.
func (s *Store) RemoveAuthenticator(ctx context.Context, sessionID, id string, c Client) error {
	return s.change(ctx, sessionID, func(tx *txn, by Session) error {
		if err := tx.removeApp(ctx, by, id, c); err != nil {
			return err
		}
		return tx.waysLeft(ctx, by.UserID)
	})
}

func (tx *txn) removeApp(ctx context.Context, by Session, id string, c Client) error {
	const remove = `
		DELETE FROM authenticators
		WHERE id = ? AND user_id = ? AND proved_at IS NOT NULL
		RETURNING name`
	var name string
	if err := tx.QueryRowContext(ctx, remove, id, by.UserID).Scan(&name); err != nil {
		return wrap(err)
	}
	return tx.factorChanged(ctx, by, c, EventAuthenticatorRemoved, NoticeFactorRemoved, name)
}

// factorChanged says in the audit trail and to the owner what a session did to a way
// to sign in.
func (tx *txn) factorChanged(ctx context.Context, by Session, c Client, kind EventKind, told NoticeKind, name string) error {
	if err := tx.record(ctx, Event{Kind: kind, UserID: by.UserID, SessionID: by.ID}); err != nil {
		return err
	}
	return tx.noticeBy(ctx, by, told, c, name)
}

// ConfirmByAuthenticator signs in by a code of one of the user's own apps. It is
// the same step as ConfirmLogin. ErrWrongCode when no app shows this code,
// ErrCodeUsed when it was taken before, or one that came after it; ErrNotApproved
// as of ConfirmByCode.
func (s *Store) ConfirmByAuthenticator(ctx context.Context, sessionID, code string, c Client) (sess Session, err error) {
	err = s.inTx(ctx, func(tx *txn) error {
		userID, phoneOnly, err := tx.ownAttempt(ctx, sessionID)
		if err == nil && phoneOnly {
			err = ErrWrongCode
		}
		if err != nil {
			return err
		}
		if err := tx.useApp(ctx, userID, code); err != nil {
			return err
		}
		if err := tx.forgetTries(ctx, sessionID); err != nil {
			return err
		}
		sess = tx.newSession(userID, SignedIn, c)
		sess.Method = MethodApp
		return tx.promote(ctx, sessionID, &sess, c)
	})
	if err != nil {
		return Session{}, err
	}
	return sess, nil
}

// ConfirmChangeByAuthenticator is ConfirmChange by a code of one of the user's own
// apps. Errors as of ConfirmByAuthenticator; ErrNotApproved after a Deny in this
// session.
func (s *Store) ConfirmChangeByAuthenticator(ctx context.Context, sessionID, code string, c Client) (Session, error) {
	return s.confirmChangeBy(ctx, sessionID, MethodApp, c, func(tx *txn, userID int64) error {
		return tx.useApp(ctx, userID, code)
	})
}

// useApp takes a code of an app of the user, once: no code of its step or of one
// before it is taken after it.
func (tx *txn) useApp(ctx context.Context, userID int64, code string) error {
	const query = `
		SELECT ` + appColumns + `
		FROM authenticators
		WHERE user_id = ? AND proved_at IS NOT NULL`
	apps, err := list(ctx, tx, scanApp, query, userID)
	if err != nil {
		return err
	}
	for _, app := range apps {
		step, err := tx.stepOf(app, code)
		if errors.Is(err, ErrWrongCode) {
			continue
		}
		if err != nil {
			return err
		}
		const use = `UPDATE authenticators SET last_step = ?1, used_at = ?2 WHERE id = ?3 AND last_step < ?1`
		fresh, err := changed(tx.ExecContext(ctx, use, step, tx.now, app.id))
		if err == nil && !fresh {
			err = ErrCodeUsed
		}
		return err
	}
	return ErrWrongCode
}

// app is what checking a code needs of an authenticator.
type app struct {
	id     string
	userID int64
	sealed []byte
}

const appColumns = `id, user_id, secret`

func scanApp(r row) (a app, err error) { return a, r.Scan(&a.id, &a.userID, &a.sealed) }

// stepOf is the step of time at which the app shows a code: this one, or one
// beside it. ErrWrongCode.
func (tx *txn) stepOf(a app, code string) (step int64, err error) {
	raw, err := tx.store.unseal(sealedFor(a.userID, a.id), a.sealed)
	if err != nil {
		return 0, err
	}
	now := tx.now / 1000 / totpPeriod
	for step := now - totpSkew; step <= now+totpSkew; step++ {
		shown, err := totp.GenerateCodeCustom(secretText.EncodeToString(raw), time.Unix(step*totpPeriod, 0), totp.ValidateOpts{
			Period: totpPeriod, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1,
		})
		if err != nil {
			return 0, err
		}
		if subtle.ConstantTimeCompare([]byte(shown), []byte(code)) == 1 {
			return step, nil
		}
	}
	return 0, ErrWrongCode
}
