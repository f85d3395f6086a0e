package simulator

import (
	"context"
	"time"
)

const (
	pruneInterval = time.Hour
	pruneBatch    = 500                   // rows; a batch holds the only writer
	prunePause    = 20 * time.Millisecond // lets others write between two batches
)

// pruned lists what is removed, each by an index. Rows of a table go when they
// ended before the first parameter; the second limits a batch. A pending request
// that never expires stays.
var pruned = []string{
	`DELETE FROM requests WHERE seq IN (SELECT seq FROM requests INDEXED BY requests_by_age
		WHERE updated_at < ?1 AND callback_until < ?1 AND (status <> 'pending' OR (expires_at <> 0 AND expires_at < ?1))
		ORDER BY updated_at LIMIT ?2)`,
	`DELETE FROM messages WHERE seq IN (SELECT seq FROM messages INDEXED BY messages_by_age WHERE at < ?1 LIMIT ?2)`,
	`DELETE FROM verifications WHERE rowid IN
		(SELECT rowid FROM verifications INDEXED BY verifications_by_age WHERE expires_at < ?1 LIMIT ?2)`,
	`DELETE FROM spent_tokens WHERE rowid IN (SELECT rowid FROM spent_tokens INDEXED BY spent_tokens_by_age WHERE at < ?1 LIMIT ?2)`,
	`DELETE FROM activities WHERE seq IN (SELECT seq FROM activities INDEXED BY activities_by_age WHERE at < ?1 LIMIT ?2)`,
}

// Prune removes what ended longer ago than Config.Keep. The simulator does so by
// itself, at its start and then every hour.
func (s *Simulator) Prune(ctx context.Context) error {
	before := toMillis(s.now().Add(-s.config.Keep))
	for _, statement := range pruned {
		for {
			result, err := s.db.ExecContext(ctx, statement, before, pruneBatch)
			if err != nil {
				return err
			}
			if n, err := result.RowsAffected(); err != nil || n < pruneBatch {
				if err != nil {
					return err
				}
				break
			}
			realTime(ctx, prunePause)
		}
	}
	return nil
}

func (s *Simulator) pruneHourly() {
	for s.open.Err() == nil {
		if err := s.Prune(s.open); err != nil && s.open.Err() == nil {
			s.logger.Error("pruning failed", "error", err)
		}
		realTime(s.open, pruneInterval)
	}
}
