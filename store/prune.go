package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// A batch of rows is deleted in a transaction of its own, and between two of
// them others get their turn to write. Its size follows how long the last one
// held the writer, since disks differ.
const (
	firstBatch  = 50
	maxBatch    = 500
	minBatch    = 5
	longHold    = 20 * time.Millisecond
	shortHold   = 5 * time.Millisecond
	restPerHold = 4 // a rest is so many times as long as the hold before it
	minRest     = time.Millisecond
	maxRest     = 200 * time.Millisecond
)

// pruneEvery is how often what has become old is looked for. Often, so that
// there is never much of it.
const pruneEvery = time.Minute

// old is what nothing reads any more after some days.
type old struct {
	days  int64
	table string
	key   string // tells the rows to delete; where it is a time, all of that moment go together
	time  string // what the age is counted from; there is an index on it
	where string // what else must be true; "" for nothing
}

// prunable is in an order in which nothing refers to what goes first. Transfers are
// kept, and with them the sessions, requests and factors they rest on. For the
// audit trail see pruneTrail.
var prunable = []old{
	{2, "usage", "at", "at", ""},
	{1, "used_codes", "at", "at", ""},
	{30, "approvals", "id", "created_at", "kind <> 'transfer' AND status <> 'pending'"},
	{30, "sessions", "id", "COALESCE(ended_at, expires_at)", `
		NOT EXISTS (SELECT 1 FROM approvals WHERE approvals.session_id = sessions.id)
		AND NOT EXISTS (SELECT 1 FROM transfers WHERE transfers.session_id = sessions.id)`},
	{30, "factors", "id", "revoked_at", "NOT EXISTS (SELECT 1 FROM approvals WHERE approvals.factor_id = factors.id)"},
	{90, "notices", "id", "at", ""},
	{30, "pauses", "id", "at", ""},
	{int64(DeviceLife / day), "devices", "id", "last_used_at", ""},
	{1, "shown_codes", "user_id", "at", ""},
	{1, "authenticators", "id", "created_at", "proved_at IS NULL"},
	{30, "phone_changes", "id", "ended_at", "ended_at IS NOT NULL"},
	{30, "own_phones", "id", "revoked_at", ""},
	{1, "own_phones", "id", "created_at", "confirmed_at IS NULL"},
	{1, "own_codes", "user_id", "created_at", ""},
	{30, "own_requests", "approval_id", "created_at", "NOT EXISTS (SELECT 1 FROM approvals WHERE approvals.id = own_requests.approval_id)"},
}

// pruner deletes what is old. It belongs to one run of Prune or KeepPruned.
type pruner struct {
	store *Store
	batch int
	from  map[old]int64 // up to where it holds only what is kept for good
	held  func(deleted int, hold time.Duration)
}

func (s *Store) pruner() *pruner {
	return &pruner{store: s, batch: firstBatch, from: map[old]int64{}, held: func(int, time.Duration) {}}
}

// Prune deletes what nothing reads any more, in batches.
func (s *Store) Prune(ctx context.Context) error { return s.pruner().run(ctx) }

// KeepPruned prunes at once, and then again and again until ctx ends. problem
// is told what went wrong; the next round tries again.
func (s *Store) KeepPruned(ctx context.Context, problem func(error)) {
	p := s.pruner()
	again := time.NewTicker(pruneEvery)
	defer again.Stop()
	for {
		if err := p.run(ctx); err != nil && ctx.Err() == nil {
			problem(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
	}
}

func (p *pruner) run(ctx context.Context) error {
	for _, o := range prunable {
		if err := p.prune(ctx, o); err != nil {
			return fmt.Errorf("pruning %s: %w", o.table, err)
		}
	}
	if err := p.pruneTrail(ctx); err != nil {
		return fmt.Errorf("pruning the audit trail: %w", err)
	}
	return nil
}

// prune deletes the old rows of one table. What it finds but may not delete is
// skipped in later rounds too.
func (p *pruner) prune(ctx context.Context, o old) error {
	until := p.store.now() - o.days*day.Milliseconds()
	for {
		rows, err := p.find(ctx, o, until)
		if err != nil {
			return err
		}
		deleted, hold, err := p.delete(ctx, o, rows)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			p.from[o] = until
			return nil
		}
		p.from[o] = rows[len(rows)-1].at
		if deleted == 0 {
			p.from[o]++ // all of them have come to matter
		}
		p.adapt(hold)
		if err := p.pause(ctx, deleted, hold); err != nil {
			return err
		}
	}
}

// pause lets others write before the next batch.
func (p *pruner) pause(ctx context.Context, deleted int, hold time.Duration) error {
	p.held(deleted, hold)
	if err := p.fold(ctx); err != nil {
		return err
	}
	return rest(ctx, hold)
}

// trailDays is how long the audit trail is kept.
const trailDays = 365

// What pruneTrail reads and deletes by.
const (
	oldestBatch = `
		SELECT batch
		FROM checkpoints
		WHERE batch = (SELECT MIN(batch) FROM events WHERE batch IS NOT NULL) AND newest <= ?`
	deleteBatch = `DELETE FROM events WHERE batch = ?`
)

// pruneTrail deletes the oldest lines of the audit trail, whole batches and the
// oldest first: their checkpoints stay, so that nobody can pass off as pruned what
// was deleted from the middle.
func (p *pruner) pruneTrail(ctx context.Context) error {
	until := p.store.now() - trailDays*day.Milliseconds()
	for {
		var batch int64
		err := p.store.read.QueryRowContext(ctx, oldestBatch, until).Scan(&batch)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return wrap(err)
		}
		deleted, hold, err := p.deleteTimed(ctx, deleteBatch, batch)
		if err != nil {
			return err
		}
		if err := p.pause(ctx, deleted, hold); err != nil {
			return err
		}
	}
}

// oldRow is a row to delete.
type oldRow struct {
	key any
	at  int64
}

// find reads the oldest rows that may go. It asks a reader: the writer is left
// alone.
func (p *pruner) find(ctx context.Context, o old, until int64) ([]oldRow, error) {
	return list(ctx, p.store.read, scanOld, o.findQuery(), p.from[o], until, p.batch)
}

func scanOld(r row) (found oldRow, err error) {
	err = r.Scan(&found.key, &found.at)
	return found, err
}

// delete deletes rows that were found, unless they have come to matter since.
func (p *pruner) delete(ctx context.Context, o old, rows []oldRow) (deleted int, hold time.Duration, err error) {
	if len(rows) == 0 {
		return 0, 0, nil
	}
	keys := make([]any, len(rows))
	for i, found := range rows {
		keys[i] = found.key
	}
	return p.deleteTimed(ctx, o.deleteStatement(len(rows)), keys...)
}

// deleteTimed deletes in a transaction of its own, and says how long that held
// the writer.
func (p *pruner) deleteTimed(ctx context.Context, statement string, args ...any) (deleted int, hold time.Duration, err error) {
	var began time.Time
	err = p.store.inTx(ctx, func(tx *txn) error {
		began = time.Now()
		result, err := tx.ExecContext(ctx, statement, args...)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		deleted = int(n)
		return err
	})
	return deleted, time.Since(began), err
}

func (o old) findQuery() string {
	return `SELECT ` + o.key + `, ` + o.time + ` FROM ` + o.table +
		` WHERE ` + o.time + ` >= ? AND ` + o.time + ` <= ?` + o.and() +
		` ORDER BY ` + o.time + ` LIMIT ?`
}

func (o old) deleteStatement(rows int) string {
	return `DELETE FROM ` + o.table + ` WHERE ` + o.key + ` IN (?` + strings.Repeat(`, ?`, rows-1) + `)` + o.and()
}

func (o old) and() string {
	if o.where == "" {
		return ""
	}
	return ` AND ` + o.where
}

// adapt makes the next batch as large as this disk can take in a short time.
func (p *pruner) adapt(hold time.Duration) {
	switch {
	case hold > longHold:
		p.batch = max(minBatch, p.batch/2)
	case hold < shortHold:
		p.batch = min(maxBatch, p.batch*2)
	}
}

// fold copies the write-ahead log into the file after each batch. Otherwise a
// commit of the writer would do so every thousand pages, while others wait. This
// way takes no lock that a writer needs.
func (p *pruner) fold(ctx context.Context) error {
	if p.store.server {
		return nil // it does so by itself
	}
	_, err := p.store.read.ExecContext(ctx, `PRAGMA wal_checkpoint(PASSIVE)`)
	return wrap(err)
}

func rest(ctx context.Context, hold time.Duration) error {
	pause := time.NewTimer(min(max(restPerHold*hold, minRest), maxRest))
	defer pause.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-pause.C:
		return nil
	}
}
