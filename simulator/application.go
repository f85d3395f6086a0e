package simulator

import (
	"context"
	"time"
)

// count adds one to the month's figure of that name.
func count(ctx context.Context, q querier, now time.Time, name string) error {
	_, err := q.ExecContext(ctx, `INSERT INTO statistics (month, name, n) VALUES (?, ?, 1)
		ON CONFLICT DO UPDATE SET n = n + 1`, now.UTC().Format("2006-01"), name)
	return err
}

// count never fails a call: a figure that is one short harms nobody.
func (s *Simulator) count(ctx context.Context, now time.Time, name string) {
	if err := count(ctx, s.db, now, name); err != nil && ctx.Err() == nil {
		s.logger.Warn("a figure was not counted", "name", name, "error", err)
	}
}
