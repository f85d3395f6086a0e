package store

import (
	"context"
	"time"
)

// Wait is what a waiting page is told: how its sign-in stands.
type Wait struct {
	UserID    int64
	Level     Level
	EndedAt   time.Time // zero while the session lives
	EndReason Reason
	Revision  int64 // grows with every change; orders what a page is told
	Counts    bool  // whether the session is good for anything: not ended, not too old, not idle too long

	// Request is the newest for a login: its Status, "" without one, ID, UUID,
	// Reason, Number and times; no more of it is read.
	Request Approval
}

const waitQuery = `
	SELECT
		sessions.user_id,
		sessions.level,
		COALESCE(sessions.ended_at, 0),
		sessions.end_reason,
		sessions.expires_at,
		sessions.last_seen,
		sessions.revision,
		COALESCE(approvals.status, ''),
		COALESCE(approvals.reason, ''),
		COALESCE(approvals.number, ''),
		COALESCE(approvals.expires_at, 0),
		COALESCE(approvals.consumed_at, 0),
		COALESCE(approvals.id, ''),
		COALESCE(approvals.uuid, ''),
		COALESCE(approvals.created_at, 0),
		COALESCE(approvals.retry_at, 0)
	FROM sessions
	LEFT JOIN approvals ON approvals.seq = (
		SELECT MAX(seq)
		FROM approvals
		WHERE session_id = sessions.id AND kind = '` + string(KindLogin) + `')
	WHERE sessions.id = CAST(? AS TEXT)`

// Wait reads how the sign-in of a session stands, whether or not the session
// still counts: one read of few columns, since every waiting page begins with
// it. A request past its deadline reads as expired. ErrNotFound for an unknown
// session.
func (s *Store) Wait(ctx context.Context, sessionID string) (Wait, error) {
	var w Wait
	var ended, ends, seen, expires, consumed, created, retry int64
	err := s.read.QueryRowContext(s.uncancelled(ctx), waitQuery, sessionID).Scan(&w.UserID, &w.Level, &ended, &w.EndReason, &ends, &seen, &w.Revision, &w.Request.Status, &w.Request.Reason, &w.Request.Number, &expires, &consumed,
		&w.Request.ID, &w.Request.UUID, &created, &retry)
	if err != nil {
		return Wait{}, s.met(err)
	}
	now := s.now()
	// As in sessionQuery: a sign-in under way ends by its age alone.
	w.Counts = ended == 0 && ends > now && (w.Level == PasswordPassed || seen > now-s.opts.SessionIdle.Milliseconds())
	w.EndedAt, w.Request.ExpiresAt, w.Request.ConsumedAt, w.Request.CreatedAt = at(ended), at(expires), at(consumed), at(created)
	w.Request.RetryAt = at(retry)
	w.Request = w.Request.as(now)
	return w, nil
}
