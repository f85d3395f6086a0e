package store

import (
	"context"
	"time"
)

// Prune deletes what nothing reads any more. The audit trail is kept a year.
func (s *Store) Prune(ctx context.Context) error {
	const day = 24 * time.Hour
	for _, old := range []struct {
		statement string
		age       time.Duration
	}{
		{`DELETE FROM receipts WHERE at < ?`, day},
		{`DELETE FROM password_failures WHERE at < ?`, day},
		{`DELETE FROM code_sends WHERE at < ?`, 2 * day},
		{`DELETE FROM code_tries WHERE at < ?`, 2 * day},
		{`DELETE FROM used_codes WHERE at < ?`, day},
		{`DELETE FROM approvals WHERE created_at < ? AND kind = 'login'`, 30 * day},
		{`DELETE FROM sessions WHERE COALESCE(ended_at, expires_at) < ?
			AND NOT EXISTS (SELECT 1 FROM approvals WHERE session_id = sessions.id)
			AND NOT EXISTS (SELECT 1 FROM transfers WHERE session_id = sessions.id)`, 30 * day},
		{`DELETE FROM events WHERE at < ?`, 365 * day},
	} {
		if _, err := s.db.ExecContext(ctx, old.statement, s.now()-old.age.Milliseconds()); err != nil {
			return wrap(err)
		}
	}
	return nil
}
