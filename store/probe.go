package store

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"
)

// commitEvery is how often a probe that finds nothing wrong writes for good.
// In between it takes its write back, which leaves no trace in the log: asking
// often must not fill a disk.
const commitEvery = 10 * time.Second

// Probe finds out whether a database file can be written, and is still the one
// at its path: what is written to a removed one is lost with the process.
type Probe struct {
	path  string
	file  fs.FileInfo
	db    *sql.DB
	write string // takes the time as its argument
	now   func() time.Time

	mu        sync.Mutex
	committed time.Time // zero after a failure: then the next one is for good
}

// NewProbe is of the file at path as it is now. A transaction of db must take
// the write lock at its beginning.
func NewProbe(path string, db *sql.DB, write string, now func() time.Time) (*Probe, error) {
	file, err := os.Stat(path)
	return &Probe{path: path, file: file, db: db, write: write, now: now}, err
}

// newServerProbe is of a server's database, which has no path.
func newServerProbe(db *sql.DB, write string, now func() time.Time) *Probe {
	return &Probe{path: "PostgreSQL", db: db, write: write, now: now}
}

// Check returns an ErrUnavailable if the file cannot be written.
func (p *Probe) Check(ctx context.Context) error {
	if err := p.inPlace(); err != nil {
		return err
	}
	now := p.now()
	forGood := p.due(now)
	if err := p.try(ctx, now, forGood); err != nil {
		p.note(time.Time{})
		return fmt.Errorf("%s: %w", p.path, wrap(err))
	}
	if forGood {
		p.note(now)
	}
	return nil
}

// inPlace returns an ErrUnavailable if the file is not the one at its path any more.
func (p *Probe) inPlace() error {
	if p.file == nil {
		return nil
	}
	if now, err := os.Stat(p.path); err != nil || !os.SameFile(now, p.file) {
		return fmt.Errorf("%w: %s was moved or removed", ErrUnavailable, p.path)
	}
	return nil
}

func (p *Probe) try(ctx context.Context, now time.Time, forGood bool) error {
	tx, err := p.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // it is an attempt; after a commit there is nothing to roll back
	if _, err := tx.ExecContext(ctx, p.write, now.UnixMilli()); err != nil || !forGood {
		return err
	}
	return tx.Commit()
}

// due says whether it is time to write for good. A clock may go back.
func (p *Probe) due(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	since := now.Sub(p.committed)
	return since < 0 || since >= commitEvery
}

func (p *Probe) note(committed time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.committed = committed
}
