package store

import "database/sql"

// Hashes says how many passwords wait to be hashed, and how many are being hashed.
func (s *Store) Hashes() (waiting, working int) { return s.queue.length() }

// Pools are the connections to the database, by what they are for: who waits for one,
// waits there.
func (s *Store) Pools() map[string]func() sql.DBStats {
	if s.read == s.db {
		return map[string]func() sql.DBStats{"database": s.db.Stats}
	}
	return map[string]func() sql.DBStats{"writer": s.db.Stats, "readers": s.read.Stats}
}
