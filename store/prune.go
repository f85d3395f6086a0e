package store

import "context"

// Prune deletes what nothing reads any more. The audit trail is kept a year;
// transfers are kept, and with them the sessions and approvals they rest on.
func (s *Store) Prune(ctx context.Context) error {
	for _, old := range []struct {
		days      int64
		statement string
	}{
		{1, `DELETE FROM password_failures WHERE at <= ?`},
		{2, `DELETE FROM code_sends WHERE at <= ?`},
		{2, `DELETE FROM code_tries WHERE at <= ?`},
		{1, `DELETE FROM used_codes WHERE at <= ?`},
		{30, `
			DELETE FROM approvals
			WHERE kind = 'login' AND status <> 'pending' AND created_at <= ?`},
		{30, `
			DELETE FROM sessions
			WHERE COALESCE(ended_at, expires_at) <= ?
				AND NOT EXISTS (SELECT 1 FROM approvals WHERE session_id = sessions.id)
				AND NOT EXISTS (SELECT 1 FROM transfers WHERE session_id = sessions.id)`},
		{30, `
			DELETE FROM factors
			WHERE revoked_at <= ?
				AND NOT EXISTS (SELECT 1 FROM approvals WHERE factor_id = factors.id)`},
		{365, `DELETE FROM events WHERE at <= ?`},
	} {
		if _, err := s.db.ExecContext(ctx, old.statement, s.now()-old.days*day.Milliseconds()); err != nil {
			return wrap(err)
		}
	}
	return nil
}
