package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// pushLimits bound the pushes that were not approved, counted since the last
// one that was: enough for a demonstration, too few to wear somebody down.
var pushLimits = []limit{
	{10, 10 * time.Minute},
	{30, time.Hour},
}

// limit is how many of something are allowed in a window of time.
type limit struct {
	n      int
	window time.Duration
}

// pushAllowed says whether the phone of this user may be asked once more, and
// if not, when. It counts by phone: two accounts with one phone share the
// limit. A request counts from its beginning, not from the provider's reply;
// one that never reached the phone does not count.
func (s *Store) pushAllowed(ctx context.Context, q querier, userID, now int64) (retryAt time.Time, ok bool, err error) {
	const query = `
		WITH phone AS (
			SELECT same.id
			FROM factors JOIN factors AS same ON same.provider = factors.provider AND same.handle = factors.handle
			WHERE factors.user_id = ?1 AND factors.provider = ?4 AND factors.revoked_at IS NULL
		), approved AS (
			SELECT seq
			FROM approvals
			WHERE factor_id IN (SELECT id FROM phone) AND kind IN ('login', 'confirm') AND status = 'approved'
			ORDER BY seq DESC
			LIMIT 1
		)
		SELECT created_at
		FROM approvals
		WHERE factor_id IN (SELECT id FROM phone)
			AND kind IN ('login', 'confirm')
			AND seq > COALESCE((SELECT seq FROM approved), 0)
			AND created_at > ?2
			AND reason NOT IN ('unavailable', 'no_device', 'push_paused')
		ORDER BY seq DESC
		LIMIT 1 OFFSET ?3`
	for _, l := range pushLimits {
		var oldest int64
		err := q.QueryRowContext(ctx, query, userID, now-l.window.Milliseconds(), l.n-1, s.opts.Provider).Scan(&oldest)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return time.Time{}, false, wrap(err)
		}
		if free := at(oldest).Add(l.window); free.After(retryAt) {
			retryAt = free
		}
	}
	return retryAt, retryAt.IsZero(), nil
}
