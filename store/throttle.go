package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"time"
)

// failureWindow is how long a failed password counts.
const failureWindow = 15 * time.Minute

// Failures before the next try has to wait: of one address at one e-mail, of
// one address, at one e-mail from anywhere. The last is high, since it locks
// out the owner too.
const (
	failuresPerPair  = 5
	failuresPerIP    = 50
	failuresPerEmail = 100
)

// mailHash hides whose e-mail it is from who reads the file.
func (s *Store) mailHash(email string) string {
	mac := hmac.New(sha256.New, s.mailKey)
	mac.Write([]byte(emailKey(email)))
	return hex.EncodeToString(mac.Sum(nil))
}

// PasswordThrottle says how long to wait before the next try, 0 for not at
// all. It is the same whether or not the account exists.
func (s *Store) PasswordThrottle(ctx context.Context, email, ip string) (wait time.Duration, err error) {
	hash, now := s.mailHash(email), s.now()
	since := now - failureWindow.Milliseconds()
	for _, limit := range []struct {
		where string
		args  []any
		n     int
	}{
		{`email_hash = ? AND ip = ?`, []any{hash, ip}, failuresPerPair},
		{`ip = ?`, []any{ip}, failuresPerIP},
		{`email_hash = ?`, []any{hash}, failuresPerEmail},
	} {
		query := `SELECT at FROM password_failures WHERE ` + limit.where + ` AND at > ? ORDER BY at DESC LIMIT 1 OFFSET ?`
		var nth int64
		err := s.read.QueryRowContext(ctx, query, append(limit.args, since, limit.n-1)...).Scan(&nth)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return 0, wrap(err)
		}
		wait = max(wait, at(nth).Add(failureWindow).Sub(at(now)))
	}
	return wait, nil
}

// RecordPasswordFailure counts a failure.
func (s *Store) RecordPasswordFailure(ctx context.Context, email, ip string) error {
	const insert = `INSERT INTO password_failures (email_hash, ip, at) VALUES (?, ?, ?)`
	_, err := s.db.ExecContext(ctx, insert, s.mailHash(email), ip, s.now())
	return wrap(err)
}

// ClearPasswordFailures forgets the failures of one address at one e-mail,
// once its password was right.
func (s *Store) ClearPasswordFailures(ctx context.Context, email, ip string) error {
	hash := s.mailHash(email)
	var any bool
	const query = `SELECT EXISTS (SELECT 1 FROM password_failures WHERE email_hash = ? AND ip = ?)`
	if err := s.read.QueryRowContext(ctx, query, hash, ip).Scan(&any); err != nil || !any {
		return wrap(err)
	}
	_, err := s.db.ExecContext(ctx, `DELETE FROM password_failures WHERE email_hash = ? AND ip = ?`, hash, ip)
	return wrap(err)
}
