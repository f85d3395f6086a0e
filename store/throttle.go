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
	wait, err = passwordWait(ctx, s.read, s.mailHash(email), ip, s.now())
	return wait, wrap(err)
}

// SpendPasswordTry is PasswordThrottle and RecordPasswordFailure in one step,
// for before the password is checked: of many at once no more are let through
// than the limits allow. ClearPasswordFailures takes it back for a right one.
func (s *Store) SpendPasswordTry(ctx context.Context, email, ip string) (wait time.Duration, err error) {
	hash := s.mailHash(email)
	err = s.inTx(ctx, func(tx *txn) error {
		wait, err = passwordWait(ctx, tx, hash, ip, tx.now)
		if err != nil || wait > 0 {
			return err
		}
		_, err = tx.ExecContext(ctx, recordFailure, hash, ip, tx.now)
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

const recordFailure = `INSERT INTO password_failures (email_hash, ip, at) VALUES (?, ?, ?)`

// RecordPasswordFailure counts a failure.
func (s *Store) RecordPasswordFailure(ctx context.Context, email, ip string) error {
	_, err := s.db.ExecContext(ctx, recordFailure, s.mailHash(email), ip, s.now())
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
