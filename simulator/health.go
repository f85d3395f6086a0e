package simulator

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"os"
)

// health is of the file that is open, to notice when it is taken away.
type health struct {
	path string
	file fs.FileInfo
}

func newHealth(ctx context.Context, db *sql.DB) (h health, err error) {
	err = db.QueryRowContext(ctx, "SELECT file FROM pragma_database_list WHERE name = 'main'").Scan(&h.path)
	if err == nil {
		h.file, err = os.Stat(h.path)
	}
	return h, err
}

// Ready says whether the file can be written, and is still the one at its path.
// What it writes is taken back.
func (s *Simulator) Ready(ctx context.Context) error {
	if now, err := os.Stat(s.health.path); err != nil || !os.SameFile(now, s.health.file) {
		return fmt.Errorf("simulator: %s was moved or removed", s.health.path)
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("simulator: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // it takes back what was written
	if _, err := tx.ExecContext(ctx, "INSERT INTO settings (name, value) VALUES ('probe', '')"); err != nil {
		return fmt.Errorf("simulator: %w", err)
	}
	return nil
}
