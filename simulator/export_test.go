package simulator

import "context"

// Synchronous is SQLite's setting of that name.
func (s *Simulator) Synchronous(ctx context.Context) (n int) {
	if err := s.db.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&n); err != nil {
		return -1
	}
	return n
}

// DeliveriesEnd returns when nothing is under way in the background any more.
func (s *Simulator) DeliveriesEnd() { s.sender.running.wg.Wait() }
