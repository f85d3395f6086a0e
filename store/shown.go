package store

import (
	"context"
	"strconv"
	"strings"
	"time"
)

// What is shown only once outlives the answer to its form: the page that shows it can
// be loaded again, by the session that has asked for it alone, for some minutes. It
// lies sealed meanwhile.

// shownFor is how long recovery codes can be seen after they were made.
const shownFor = 10 * time.Minute

func phoneCodeFor(userID int64) string { return "phone code of " + strconv.FormatInt(userID, 10) }

func codesFor(userID int64) string { return "recovery codes of " + strconv.FormatInt(userID, 10) }

// showCodes keeps codes that were just made for the session that has made them.
func (tx *txn) showCodes(ctx context.Context, to Session, codes []string) error {
	sealed, err := tx.seal(ctx, codesFor(to.UserID), []byte(strings.Join(codes, "\n")))
	if err != nil {
		return err
	}
	const insert = `INSERT INTO shown_codes (user_id, session_id, codes, at) VALUES (?, ?, ?, ?)`
	_, err = tx.ExecContext(ctx, insert, to.UserID, to.ID, sealed, tx.now)
	return err
}

// hideCodes ends that the recovery codes of a user can be seen.
func (tx *txn) hideCodes(ctx context.Context, userID int64) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM shown_codes WHERE user_id = ?`, userID)
	return err
}

// shownGoesOn lets a session that goes on under another id see what it could see before.
func (tx *txn) shownGoesOn(ctx context.Context, before string, sess Session) error {
	for _, move := range []string{
		`UPDATE shown_codes SET session_id = ? WHERE session_id = ?`,
		`UPDATE own_codes SET shown_to = ? WHERE shown_to = ?`,
		`UPDATE authenticators SET shown_to = ? WHERE shown_to = ? AND proved_at IS NULL`,
	} {
		if _, err := tx.ExecContext(ctx, move, sess.ID, before); err != nil {
			return err
		}
	}
	return nil
}

// ShownRecoveryCodes are the recovery codes that a session has just made, and when.
// ErrNotFound once they were hidden or replaced, after some minutes, and for any other
// session.
func (s *Store) ShownRecoveryCodes(ctx context.Context, sess Session) (codes []string, made time.Time, err error) {
	const query = `SELECT codes, at FROM shown_codes WHERE session_id = ? AND user_id = ? AND at > ?`
	var sealed []byte
	var when int64
	err = s.read.QueryRowContext(ctx, query, sess.ID, sess.UserID, s.now()-shownFor.Milliseconds()).Scan(&sealed, &when)
	if err != nil {
		return nil, time.Time{}, wrap(err)
	}
	plain, err := s.unseal(codesFor(sess.UserID), sealed)
	return strings.Split(string(plain), "\n"), at(when), err
}

// HideRecoveryCodes ends that a session can see the recovery codes that it has made.
func (s *Store) HideRecoveryCodes(ctx context.Context, sess Session) error {
	_, err := s.exec(ctx, `DELETE FROM shown_codes WHERE session_id = ?`, sess.ID)
	return wrap(err)
}

// ShownSecret is the secret of an app that a session adds, in base32. ErrNotFound once
// the app has shown a code, after unprovedFor, and for any other session.
func (s *Store) ShownSecret(ctx context.Context, sess Session, id string) (secret string, err error) {
	const query = `
		SELECT ` + appColumns + `
		FROM authenticators
		WHERE id = ? AND user_id = ? AND shown_to = ? AND proved_at IS NULL AND created_at > ?`
	app, err := scanApp(s.read.QueryRowContext(ctx, query, id, sess.UserID, sess.ID, s.now()-unprovedFor.Milliseconds()))
	if err != nil {
		return "", wrap(err)
	}
	raw, err := s.unseal(sealedFor(app.userID, app.id), app.sealed)
	return secretText.EncodeToString(raw), err
}

// ShownPhoneCode is the code by which a session adds a phone. ErrNotFound once it is used
// or too old, and for any other session.
func (s *Store) ShownPhoneCode(ctx context.Context, sess Session) (code string, err error) {
	const query = `
		SELECT code
		FROM own_codes
		WHERE user_id = ? AND shown_to = ? AND phone_id = '' AND code IS NOT NULL AND created_at > ?`
	var sealed []byte
	err = s.read.QueryRowContext(ctx, query, sess.UserID, sess.ID, s.now()-PhoneCodeLife.Milliseconds()).Scan(&sealed)
	if err != nil {
		return "", wrap(err)
	}
	plain, err := s.unseal(phoneCodeFor(sess.UserID), sealed)
	return string(plain), err
}
