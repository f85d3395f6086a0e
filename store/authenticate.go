package store

import (
	"cmp"
	"context"
)

// maxClaims is how many sign-ups for one e-mail a password is compared with, the
// newest ones, whether or not the e-mail has an account. Whoever is beyond it signs up again.
const maxClaims = 8

// known finds who may sign in by an e-mail: its account first, then those who
// have signed up for it and not proved their phones.
const known = `
	SELECT ` + userColumns + `, users.password_hash
	FROM users
	WHERE users.email_key IN (?1, ?2) OR users.id IN (
		SELECT id FROM users WHERE claims = ?1 ORDER BY id DESC LIMIT ?3
	)
	ORDER BY
		CASE users.email_key WHEN ?2 THEN 0 WHEN ?1 THEN 1 ELSE 2 END,
		users.id DESC`

// compared is the hash that a password was right for, and what takes its place where the
// spelling has changed. A pointer, so that no User that is printed says them.
type compared struct{ hash, renewed string }

// credentials are a user and the hash of the password.
type credentials struct {
	user User
	hash string
}

func scanCredentials(r row) (credentials, error) {
	var c credentials
	var created int64
	err := r.Scan(append(userFields(&c.user, &created), &c.hash)...)
	c.user.CreatedAt = at(created)
	return c, err
}

// credentials are those that an e-mail may be used with. Their hashes cost the same to
// compare with as a single one, but for two accounts from before that read the same.
func (s *Store) credentials(ctx context.Context, q querier, email string) ([]credentials, error) {
	return list(ctx, q, scanCredentials, known, emailKey(email), typedEmailKey(email), maxClaims)
}

// Authenticate finds the user by e-mail and password. ErrInvalidCredentials
// for a wrong one of either, at the same cost; ErrBusy. A sign-up is found as well,
// whether or not there is an account for its e-mail: who has made it learns
// nothing from that before the phone is proved. BeginSession goes on from there.
func (s *Store) Authenticate(ctx context.Context, email, password string) (User, error) {
	found, err := s.credentials(ctx, s.read, email)
	if err != nil {
		return User{}, err
	}
	hashes := make([]string, len(found))
	for i, c := range found {
		hashes[i] = c.hash
	}
	if len(found) == 0 {
		hashes = []string{s.dummy}
	}
	i, outdated, err := s.match(ctx, password, hashes)
	if err != nil {
		return User{}, err
	}
	if i < 0 || len(found) == 0 {
		return User{}, cmp.Or(s.refusePassword(ctx, found), ErrInvalidCredentials)
	}
	u, with := found[i].user, &compared{hash: found[i].hash}
	if outdated {
		with.renewed = s.rehash(ctx, u.ID, password, with.hash)
	}
	u.compared = with
	return u, nil
}

// stillRight refuses a password that was right when it was compared, and was changed or
// reset since, while it waited for its turn: whoever did that has ended all sign-ins by
// it. ErrNotFound for a closed account.
func (tx *txn) stillRight(ctx context.Context, u User) error {
	if u.compared == nil {
		return nil
	}
	var hash string
	const query = `SELECT password_hash FROM users WHERE id = ? AND closed_at IS NULL`
	err := wrap(tx.QueryRowContext(ctx, query, u.ID).Scan(&hash))
	if err != nil || hash == u.compared.hash || hash == u.compared.renewed {
		return err
	}
	return cmp.Or[error](tx.record(ctx, Event{Kind: EventPasswordRefused, UserID: u.ID}), &kept{ErrInvalidCredentials})
}

// refusePassword is what a wrong password leaves: a line about the account, or,
// where there is none, one unknown e-mail more. Both are one transaction of one
// row, so that nobody can tell them apart by the time they take.
func (s *Store) refusePassword(ctx context.Context, found []credentials) error {
	return s.inTx(ctx, func(tx *txn) error {
		for _, c := range found {
			if !c.user.Unproved {
				return tx.record(ctx, Event{Kind: EventPasswordRefused, UserID: c.user.ID, Detail: triedWith(ctx)})
			}
		}
		return tx.countRefusal(ctx, s.refusal(EventEmailUnknown, "", actorOf(ctx).IP, 0, tx.now), 1)
	})
}
