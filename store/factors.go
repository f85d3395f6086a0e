package store

import (
	"context"
	"time"
)

// Provider names who reaches the phones.
type Provider string

// The providers there are.
const (
	Authy     Provider = "authy"
	Simulator Provider = "simulator"
	Own       Provider = "own" // see OwnPhone
)

// Factor is a way to ask or check a person: a phone, as its provider knows it.
type Factor struct {
	ID        int64
	UserID    int64
	Provider  Provider
	Handle    string    // the provider's name for the phone; for Authy the Authy id
	CreatedAt time.Time // when it was enrolled
	ProvedAt  time.Time // zero until its user has signed in by it
	RevokedAt time.Time // zero while it counts
}

const factorColumns = `
	id,
	user_id,
	provider,
	handle,
	created_at,
	COALESCE(proved_at, 0),
	COALESCE(revoked_at, 0)`

func scanFactor(r row) (Factor, error) {
	var f Factor
	var created, proved, revoked int64
	err := r.Scan(&f.ID, &f.UserID, &f.Provider, &f.Handle, &created, &proved, &revoked)
	f.CreatedAt, f.ProvedAt, f.RevokedAt = at(created), at(proved), at(revoked)
	return f, err
}

// Factor returns the phone of a user that counts now, of the provider that
// Options names. ErrNotFound when there is none.
func (s *Store) Factor(ctx context.Context, userID int64) (Factor, error) {
	f, err := s.factor(ctx, s.read, userID)
	return f, wrap(err)
}

func (s *Store) factor(ctx context.Context, q querier, userID int64) (Factor, error) {
	const query = `
		SELECT ` + factorColumns + `
		FROM factors
		WHERE user_id = ? AND provider = ? AND revoked_at IS NULL`
	return scanFactor(q.QueryRowContext(ctx, query, userID, s.opts.Provider))
}

// askable are the phones that a user is asked on, ?1 and ?2: those of their own, and those
// of the provider.
const askable = `
	SELECT 1
	FROM factors
	WHERE user_id = ?1 AND provider IN ('own', CAST(?2 AS TEXT)) AND revoked_at IS NULL`

// HasPhone says whether there is a phone to ask a user on.
func (s *Store) HasPhone(ctx context.Context, userID int64) (has bool, err error) {
	const query = `SELECT EXISTS (` + askable + `)`
	err = s.read.QueryRowContext(ctx, query, userID, s.opts.Provider).Scan(&has)
	return has, wrap(err)
}

// FactorShared says whether another account has the same phone: the provider
// knows both as one.
func (s *Store) FactorShared(ctx context.Context, f Factor) (shared bool, err error) {
	const query = `
		SELECT EXISTS (
			SELECT 1
			FROM factors
			WHERE provider = ? AND handle = ? AND user_id <> ? AND revoked_at IS NULL)`
	err = s.read.QueryRowContext(ctx, query, f.Provider, f.Handle, f.UserID).Scan(&shared)
	return shared, wrap(err)
}

// Providers counts the accounts by whose phones are asked. Who has phones of their own is
// not asked on others.
func (s *Store) Providers(ctx context.Context) (map[Provider]int, error) {
	const query = `
		SELECT provider, COUNT(*)
		FROM factors
		WHERE revoked_at IS NULL
			AND (provider = 'own'
				OR NOT EXISTS (
					SELECT 1
					FROM factors AS own
					WHERE own.user_id = factors.user_id AND own.provider = 'own' AND own.revoked_at IS NULL))
		GROUP BY provider`
	type line struct {
		provider Provider
		factors  int
	}
	scan := func(r row) (l line, err error) { return l, r.Scan(&l.provider, &l.factors) }
	lines, err := list(ctx, s.read, scan, query)
	counts := map[Provider]int{}
	for _, l := range lines {
		counts[l.provider] = l.factors
	}
	return counts, err
}

// SetHandle keeps the name that the provider has given a phone anew.
func (s *Store) SetHandle(ctx context.Context, factorID int64, handle string) error {
	const update = `UPDATE factors SET handle = ? WHERE id = ? AND revoked_at IS NULL`
	found, err := changed(s.exec(ctx, update, handle, factorID))
	if err == nil && !found {
		return ErrNotFound
	}
	return wrap(err)
}

func (tx *txn) enrol(ctx context.Context, userID int64, p Provider, handle string) error {
	const insert = `INSERT INTO factors (user_id, provider, handle, created_at) VALUES (?, ?, ?, ?)`
	_, err := tx.ExecContext(ctx, insert, userID, p, handle, tx.now)
	return err
}

// prove notes the first sign-in by the factor of the user at a provider.
func (tx *txn) prove(ctx context.Context, userID int64, p Provider) error {
	const update = `
		UPDATE factors
		SET proved_at = ?
		WHERE user_id = ? AND provider = ? AND proved_at IS NULL AND revoked_at IS NULL`
	_, err := tx.ExecContext(ctx, update, tx.now, userID, p)
	return err
}

// revokeFactors revokes the phones of a user at a provider, "" for all of them.
func (tx *txn) revokeFactors(ctx context.Context, userID int64, p Provider) error {
	const update = `
		UPDATE factors
		SET revoked_at = ?1
		WHERE user_id = ?2 AND revoked_at IS NULL AND (?3 = '' OR provider = CAST(?3 AS TEXT))`
	_, err := tx.ExecContext(ctx, update, tx.now, userID, p)
	return err
}

// SecretShown says whether the secret that the provider keeps for a phone may have
// been shown by an earlier version, to whichever of its accounts, and was not
// replaced since.
func (s *Store) SecretShown(ctx context.Context, f Factor) (shown bool, err error) {
	const query = `
		SELECT EXISTS (
			SELECT 1
			FROM factors
			WHERE provider = ? AND handle = ? AND secret_shown = 1 AND secret_replaced_at IS NULL)`
	err = s.read.QueryRowContext(ctx, query, f.Provider, f.Handle).Scan(&shown)
	return shown, wrap(err)
}

// SecretReplaced notes that the provider has replaced the secret of a phone.
func (s *Store) SecretReplaced(ctx context.Context, f Factor) error {
	const update = `
		UPDATE factors
		SET secret_replaced_at = ?
		WHERE provider = ? AND handle = ? AND secret_shown = 1 AND secret_replaced_at IS NULL`
	_, err := s.exec(ctx, update, s.now(), f.Provider, f.Handle)
	return wrap(err)
}

// HadProviderSecret says whether a user may have an authenticator app with a secret
// of the provider's, from an earlier version.
func (s *Store) HadProviderSecret(ctx context.Context, userID int64) (had bool, err error) {
	const query = `SELECT EXISTS (SELECT 1 FROM factors WHERE user_id = ? AND secret_shown = 1 AND revoked_at IS NULL)`
	err = s.read.QueryRowContext(ctx, query, userID).Scan(&had)
	return had, wrap(err)
}

// ProvedByAnother says whether a phone belongs to another account already, and not to
// the one of this user, which asks it.
func (s *Store) ProvedByAnother(ctx context.Context, userID int64, handle string) (proved bool, err error) {
	const query = `
		SELECT
			COUNT(CASE WHEN user_id <> ? THEN 1 END) > 0
			AND COUNT(CASE WHEN user_id = ? THEN 1 END) = 0
		FROM factors
		WHERE provider = ? AND handle = ? AND proved_at IS NOT NULL AND revoked_at IS NULL`
	err = s.read.QueryRowContext(ctx, query, userID, userID, s.opts.Provider, handle).Scan(&proved)
	return proved, wrap(err)
}
