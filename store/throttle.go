package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"net/netip"
	"time"
)

// failureWindow is how long a failed password counts.
const failureWindow = 15 * time.Minute

// Failures before the next try has to wait: from one address for one e-mail,
// from one address, for one e-mail from anywhere. The last is high, since it
// locks out the owner too.
const (
	failuresPerPair  = 5
	failuresPerIP    = 50
	failuresPerEmail = 100
)

// Network is what limits count as one visitor: an IPv4 address, or the /64 of an
// IPv6 one, all of which a single host may use.
func Network(ip string) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return ip
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is4() {
		return addr.String()
	}
	return netip.PrefixFrom(addr, 64).Masked().String()
}

// wider is the network of so many bits that an IPv6 address is in, "" for IPv4:
// who has been given a /56 or a /48 has as many of a /64 as they like.
func wider(ip string, bits int) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil || addr.Unmap().Is4() {
		return ""
	}
	return netip.PrefixFrom(addr.WithZone(""), bits).Masked().String()
}

// numberHash stands for a phone number, also once its account is closed.
func (s *Store) numberHash(e164 string) string {
	if e164 == "" {
		return ""
	}
	mac := hmac.New(sha256.New, s.mailKey)
	mac.Write([]byte("number|" + e164))
	return hex.EncodeToString(mac.Sum(nil))
}

// mailHash stands for an e-mail, so that the file does not say whose it is.
func (s *Store) mailHash(email string) string {
	mac := hmac.New(sha256.New, s.mailKey)
	mac.Write([]byte(emailKey(email)))
	return hex.EncodeToString(mac.Sum(nil))
}

// SpendPasswordTry counts a try as failed before it is made, so that concurrent
// requests cannot exceed the limits. It returns how long to wait, 0 if the try
// may be made, whether or not the account exists. ClearPasswordFailures takes
// the try back once the password was right.
func (s *Store) SpendPasswordTry(ctx context.Context, email, ip string) (wait time.Duration, err error) {
	hash, ip := s.mailHash(email), Network(ip)
	err = s.inTx(ctx, func(tx *txn) error {
		wait, err = passwordWait(ctx, tx, hash, ip, tx.now)
		if err != nil || wait > 0 {
			return err
		}
		const spend = `INSERT INTO password_failures (email_hash, ip, at) VALUES (?, ?, ?)`
		_, err = tx.ExecContext(ctx, spend, hash, ip, tx.now)
		return err
	})
	return wait, err
}

func passwordWait(ctx context.Context, q querier, hash, ip string, now int64) (wait time.Duration, err error) {
	since := now - failureWindow.Milliseconds()
	for _, l := range []struct {
		where string
		args  []any
		n     int
	}{
		{`email_hash = ? AND ip = ?`, []any{hash, ip}, failuresPerPair},
		{`ip = ?`, []any{ip}, failuresPerIP},
		{`email_hash = ?`, []any{hash}, failuresPerEmail},
	} {
		query := `SELECT at FROM password_failures WHERE ` + l.where + ` AND at > ? ORDER BY at DESC LIMIT 1 OFFSET ?`
		var nth int64
		err := q.QueryRowContext(ctx, query, append(l.args, since, l.n-1)...).Scan(&nth)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return 0, err
		}
		wait = max(wait, at(nth).Add(failureWindow).Sub(at(now)))
	}
	return wait, nil
}

// ClearPasswordFailures forgets the failures of one address at one e-mail,
// once its password was right.
func (s *Store) ClearPasswordFailures(ctx context.Context, email, ip string) error {
	hash, ip := s.mailHash(email), Network(ip)
	var any bool
	const query = `SELECT EXISTS (SELECT 1 FROM password_failures WHERE email_hash = ? AND ip = ?)`
	if err := s.read.QueryRowContext(ctx, query, hash, ip).Scan(&any); err != nil || !any {
		return wrap(err)
	}
	_, err := s.db.ExecContext(ctx, `DELETE FROM password_failures WHERE email_hash = ? AND ip = ?`, hash, ip)
	return wrap(err)
}
