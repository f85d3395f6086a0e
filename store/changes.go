package store

import (
	"context"
	"strings"
	"time"
)

// settled is how old a line of the audit trail is when none with a lower number can still
// be on its way: a transaction takes the number before it commits, and none lasts longer,
// see serverSettings.
const settled = 5 * time.Second

// Changes are whom lines of the audit trail concern.
type Changes struct {
	Line     int64    // the newest of these lines
	Sessions []string // whose pages have something else to show
	Users    []int64  // whose phones of their own do
}

var (
	endedRequest = []EventKind{EventApprovalApproved, EventApprovalDenied, EventApprovalExpired, EventApprovalCancelled}

	// A page that waits was loaded after its request had begun.
	changedSessionsQuery = `
		SELECT DISTINCT session_id
		FROM events
		WHERE id > ?1 AND id <= ?2 AND kind IN (` + quoted(endedRequest, EventSessionEnded) + `)`

	changedPhonesQuery = `
		SELECT DISTINCT user_id
		FROM events
		WHERE id > ?1
			AND id <= ?2
			AND (
				kind IN (` + quoted(endedRequest, EventApprovalBegun, EventOwnPhoneAdded, EventOwnPhoneRemoved, EventFactorsReset) + `)
				AND EXISTS (SELECT 1 FROM own_phones WHERE own_phones.user_id = events.user_id)
				OR kind IN (` + quoted([]EventKind{EventAccountClosed, EventSignUpEnded}) + `))`  // of these none is kept
)

func quoted(kinds []EventKind, more ...EventKind) string {
	var all []string
	for _, kind := range append(more, kinds...) {
		all = append(all, "'"+string(kind)+"'")
	}
	return strings.Join(all, ", ")
}

// ChangesAfter reads the lines of the audit trail after this one, but for those of the last
// seconds, before which others may still come. Of a negative line it only says which is
// the newest.
func (s *Store) ChangesAfter(ctx context.Context, line int64) (c Changes, err error) {
	const newest = `
		SELECT COALESCE(
			(SELECT MIN(id) - 1 FROM events WHERE id > ?1 AND at > ?2),
			(SELECT MAX(id) FROM events),
			0)`
	before := s.Now().Add(-settled).UnixMilli()
	if err := s.read.QueryRowContext(ctx, newest, line, before).Scan(&c.Line); err != nil {
		return Changes{}, wrap(err)
	}
	if line < 0 || c.Line <= line {
		return Changes{Line: max(c.Line, line)}, nil
	}
	session := func(r row) (id string, err error) { return id, r.Scan(&id) }
	if c.Sessions, err = list(ctx, s.read, session, changedSessionsQuery, line, c.Line); err != nil {
		return Changes{}, err
	}
	user := func(r row) (id int64, err error) { return id, r.Scan(&id) }
	c.Users, err = list(ctx, s.read, user, changedPhonesQuery, line, c.Line)
	return c, err
}
