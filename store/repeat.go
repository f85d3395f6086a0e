package store

import (
	"context"
	"crypto/rand"
	"time"
)

// repeatWithin is how long the last step of a sign-in may be sent again.
const repeatWithin = 30 * time.Second

// RepeatSignIn answers the last step of a sign-in again, for a browser that has
// lost the reply: sessionID is the session that it waited on, and c.Form the
// form that it sent then. The new session goes on under another id and the one
// given before is worthless, so that only the newest reply holds it. ErrNotFound
// once it was used, after half a minute, and for another form. The form stands for
// the browser: whoever holds both of its cookies holds the form, too.
func (s *Store) RepeatSignIn(ctx context.Context, sessionID string, c Client) (sess Session, err error) {
	err = s.inTx(ctx, func(tx *txn) error {
		unused, err := tx.unusedSuccessor(ctx, sessionID, c.Form)
		if err != nil {
			return err
		}
		sess = unused
		sess.ID, sess.IP, sess.UserAgent, sess.Place, sess.form = rand.Text(), c.IP, c.UserAgent, c.Place, c.Form
		if sess.Device, err = tx.sameDevice(ctx, unused.Device, c); err != nil {
			return err
		}
		if _, err := tx.endSession(ctx, unused.ID, ReasonRekeyed, sess.ID); err != nil {
			return err
		}
		if err := tx.insertSession(ctx, sess); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE sessions SET replaced_by = ? WHERE id = ?`, sess.ID, sessionID); err != nil {
			return err
		}
		if err := tx.shownGoesOn(ctx, unused.ID, sess); err != nil {
			return err
		}
		return tx.noticesGoOn(ctx, unused.ID, sess)
	})
	if err != nil {
		return Session{}, err
	}
	return sess, nil
}

// sameSignIn is the sign-in that a form has begun already, for a new password or not:
// it was sent twice, by two clicks for one. The form stands for the browser, as in
// RepeatSignIn.
func (tx *txn) sameSignIn(ctx context.Context, userID int64, resets bool, form string) (Session, error) {
	const query = `
		SELECT ` + sessionColumns + `
		FROM sessions
		WHERE user_id = ?
			AND ended_at IS NULL
			AND level = 1
			AND resets_password = ?
			AND created_at > ?
			AND form = ?
			AND form <> ''`
	sess, err := scanSession(tx.QueryRowContext(ctx, query, userID, number(resets), tx.now-repeatWithin.Milliseconds(), form))
	return sess, wrap(err)
}

// sameDevice is what the browser of a repeated step is known by. If it has lost the
// cookie of its device with the reply, it gets another one in that one's place.
func (tx *txn) sameDevice(ctx context.Context, device string, c Client) (string, error) {
	if device == c.Device || c.NewDevice == "" {
		return device, nil
	}
	return c.NewDevice, tx.moveDevice(ctx, device, c.NewDevice)
}

// unusedSuccessor finds the session that a sign-in has ended in, while nobody
// has used it.
func (tx *txn) unusedSuccessor(ctx context.Context, sessionID, form string) (Session, error) {
	const query = `
		SELECT ` + sessionColumns + `
		FROM sessions JOIN sessions AS before ON before.replaced_by = sessions.id
		WHERE before.id = ?
			AND before.end_reason IN ('signed_in', 'rekeyed')
			AND before.ended_at > ?
			AND sessions.ended_at IS NULL
			AND sessions.used_at IS NULL
			AND sessions.form = ?
			AND sessions.form <> ''`
	sess, err := scanSession(tx.QueryRowContext(ctx, query, sessionID, tx.now-repeatWithin.Milliseconds(), form))
	return sess, wrap(err)
}

// use notes the first request of a signed-in session: from then on its last
// step cannot be repeated. It says whether the session still counts.
func (s *Store) use(ctx context.Context, id string, now int64) (counts bool, err error) {
	const update = `
		UPDATE sessions
		SET used_at = COALESCE(used_at, ?)
		WHERE id = ? AND ended_at IS NULL`
	counts, err = changed(s.exec(ctx, update, now, id))
	return counts, wrap(err)
}
