package store

import (
	"context"
	"time"
)

// DeviceLife is how long a browser stays known without a sign-in. Browsers keep no
// cookie for longer.
const DeviceLife = 400 * day

// devicesPerUser bounds how many browsers an account knows: one that forgets its
// cookies is a new one at every sign-in.
const devicesPerUser = 50

// Device is a browser that an account knows, since it has completed a sign-in
// there. It is no way in: it only tells the owner's tries from a stranger's.
type Device struct {
	ID         int64
	Device     string // as in Client and Session
	IP         string // of the sign-in that made it known, as is the next
	UserAgent  string
	CreatedAt  time.Time
	LastUsedAt time.Time // its last sign-in
}

const knownQuery = `
	SELECT EXISTS (
		SELECT 1
		FROM devices
		WHERE device = CAST(? AS TEXT) AND user_id = CAST(? AS BIGINT) AND last_used_at > ?)`

// knownDevice says whether this browser has completed a sign-in to the account.
// device is that of a Client, "" for none.
func (tx *txn) knownDevice(ctx context.Context, userID int64, device string) (known bool, err error) {
	if device == "" {
		return false, nil
	}
	err = tx.QueryRowContext(ctx, knownQuery, device, userID, tx.now-DeviceLife.Milliseconds()).Scan(&known)
	return known, err
}

// rememberDevice makes the browser of a completed sign-in known to the account, and
// returns what it is known by from now on. A browser that brings a cookie which the
// account does not know gets a new one: the cookie may be a stranger's, put there
// so that he is known too. Its other accounts go with it.
func (tx *txn) rememberDevice(ctx context.Context, userID int64, c Client) (device string, err error) {
	const use = `
		UPDATE devices
		SET last_used_at = ?1
		WHERE device = ?2 AND user_id = ?3 AND last_used_at > ?4`
	known, err := changed(tx.ExecContext(ctx, use, tx.now, c.Device, userID, tx.now-DeviceLife.Milliseconds()))
	switch {
	case err != nil:
		return "", err
	case known:
		return c.Device, nil
	case c.NewDevice == "":
		return "", nil // no browser that keeps one
	}
	if err := tx.moveDevice(ctx, c.Device, c.NewDevice); err != nil {
		return "", err
	}
	return c.NewDevice, tx.addDevice(ctx, userID, c)
}

// moveDevice gives a browser another cookie, for all its accounts, its sessions and
// what is told about it.
func (tx *txn) moveDevice(ctx context.Context, from, to string) error {
	if from == "" {
		return nil
	}
	for _, move := range []string{
		`UPDATE devices SET device = ? WHERE device = ?`,
		`UPDATE sessions SET device = ? WHERE device = ?`,
		`UPDATE notices SET device = ? WHERE device = ?`,
	} {
		if _, err := tx.ExecContext(ctx, move, to, from); err != nil {
			return err
		}
	}
	return nil
}

func (tx *txn) addDevice(ctx context.Context, userID int64, c Client) error {
	const insert = `
		INSERT INTO devices (
			user_id,
			device,
			ip,
			user_agent,
			created_at,
			last_used_at
		)
		VALUES (?1, ?2, ?3, ?4, ?5, ?5)
		ON CONFLICT (device, user_id) DO UPDATE SET last_used_at = excluded.last_used_at`
	if _, err := tx.ExecContext(ctx, insert, userID, c.NewDevice, c.IP, c.UserAgent, tx.now); err != nil {
		return err
	}
	const crowdOut = `
		DELETE FROM devices
		WHERE id IN (SELECT id FROM devices WHERE user_id = ? ORDER BY last_used_at DESC, id DESC LIMIT 1000 OFFSET ?)`
	_, err := tx.ExecContext(ctx, crowdOut, userID, devicesPerUser)
	return err
}

// Devices are the browsers that an account knows, the last used first.
func (s *Store) Devices(ctx context.Context, userID int64) ([]Device, error) {
	const query = `
		SELECT
			id,
			device,
			ip,
			user_agent,
			created_at,
			last_used_at
		FROM devices
		WHERE user_id = ? AND last_used_at > ?
		ORDER BY last_used_at DESC, id DESC`
	return list(ctx, s.read, scanDevice, query, userID, s.now()-DeviceLife.Milliseconds())
}

func scanDevice(r row) (Device, error) {
	var d Device
	var created, used int64
	err := r.Scan(&d.ID, &d.Device, &d.IP, &d.UserAgent, &created, &used)
	d.CreatedAt, d.LastUsedAt = at(created), at(used)
	return d, err
}

// DeviceInUse says whether any account knows this browser.
func (s *Store) DeviceInUse(ctx context.Context, device string) (used bool, err error) {
	const query = `SELECT EXISTS (SELECT 1 FROM devices WHERE device = ?)`
	err = s.read.QueryRowContext(ctx, query, device).Scan(&used)
	return used, wrap(err)
}

// RevokeDevice makes a browser unknown to an account and tells its owner, who is
// told the name that name makes of its User-Agent. Its sessions go on. ErrNotFound
// for one that the account does not know; ErrNotFresh.
func (s *Store) RevokeDevice(ctx context.Context, sessionID string, id int64, name func(userAgent string) string, c Client) error {
	return s.change(ctx, sessionID, func(tx *txn, by Session) error {
		const revoke = `DELETE FROM devices WHERE id = ? AND user_id = ? RETURNING user_agent`
		var agent string
		if err := tx.QueryRowContext(ctx, revoke, id, by.UserID).Scan(&agent); err != nil {
			return wrap(err)
		}
		if err := tx.record(ctx, Event{Kind: EventDeviceRemoved, UserID: by.UserID, SessionID: by.ID}); err != nil {
			return err
		}
		return tx.noticeBy(ctx, by, NoticeBrowserRemoved, c, name(agent))
	})
}

// RevokeDevices makes every browser unknown to an account and tells its owner. None
// to remove is no error, and nothing to tell. ErrNotFresh.
func (s *Store) RevokeDevices(ctx context.Context, sessionID string, c Client) error {
	return s.change(ctx, sessionID, func(tx *txn, by Session) error {
		any, err := tx.revokeDevices(ctx, by.UserID, "")
		if err != nil || !any {
			return err
		}
		return tx.noticeBy(ctx, by, NoticeBrowsersRemoved, c)
	})
}

// revokeDevices makes every browser but one unknown to an account, and says whether
// there was any.
func (tx *txn) revokeDevices(ctx context.Context, userID int64, but string) (any bool, err error) {
	any, err = changed(tx.ExecContext(ctx, `DELETE FROM devices WHERE user_id = ? AND device <> ?`, userID, but))
	if err != nil || !any {
		return false, err
	}
	return true, tx.record(ctx, Event{Kind: EventDevicesRemoved, UserID: userID})
}
