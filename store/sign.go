package store

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"time"
)

// signEvery is how often the new lines of the audit trail are signed, and signBatch
// how many at most in one batch.
const (
	signEvery = time.Minute
	signBatch = 250
)

// keepRefusalsEvery is for how long a refusal may be in memory only.
const keepRefusalsEvery = 5 * time.Second

// KeepTrailSigned keeps the audit trail signed until ctx ends: it writes what was
// refused and counted, makes lines of it once its minute is over, and signs the
// lines that are new. Several processes may do so at once. problem is told what
// went wrong; the next round tries again.
func (s *Store) KeepTrailSigned(ctx context.Context, problem func(error)) {
	keep, sign := time.NewTicker(keepRefusalsEvery), time.NewTicker(signEvery)
	defer keep.Stop()
	defer sign.Stop()
	try := func(ctx context.Context, step func(context.Context) error) {
		if err := step(ctx); err != nil && ctx.Err() == nil {
			problem(err)
		}
	}
	try(ctx, s.SignTrail)
	for {
		select {
		case <-ctx.Done():
			try(context.WithoutCancel(ctx), s.keepRefusals)
			return
		case <-keep.C:
			try(ctx, s.keepRefusals)
		case <-sign.C:
			try(ctx, s.SignTrail)
		}
	}
}

// SignTrail signs all lines of the audit trail that are not signed yet, and tells
// the log of the newest checkpoint: who keeps the log elsewhere can tell later
// that the trail is still the same.
func (s *Store) SignTrail(ctx context.Context) error {
	if err := errors.Join(s.keepRefusals(ctx), s.settlePast(ctx)); err != nil {
		return err
	}
	var newest Checkpoint
	for {
		c, hold, err := s.signSome(ctx)
		if err != nil {
			return err
		}
		if c.Batch > 0 {
			newest = c
		}
		if c.Lines < signBatch {
			break
		}
		if err := rest(ctx, hold); err != nil {
			return err
		}
	}
	if newest.Batch > 0 {
		s.opts.Logger.LogAttrs(ctx, slog.LevelInfo, "audit trail signed", slog.String("checkpoint", newest.Name()))
	}
	return nil
}

// signSome signs one batch. c is zero where there is nothing to sign.
func (s *Store) signSome(ctx context.Context) (c Checkpoint, hold time.Duration, err error) {
	var any bool
	if err := s.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM events WHERE batch IS NULL)`).Scan(&any); err != nil || !any {
		return Checkpoint{}, 0, wrap(err)
	}
	var began time.Time
	err = s.inTx(ctx, func(tx *txn) error {
		began, c = time.Now(), Checkpoint{}
		lines, err := list(ctx, tx, scanLine, unsigned+` LIMIT ?`, signBatch)
		if err != nil || len(lines) == 0 {
			return err
		}
		c, err = tx.sign(ctx, lines)
		return err
	})
	if errors.Is(err, errSignedElsewhere) {
		return Checkpoint{}, 0, nil
	}
	return c, time.Since(began), err
}

const unsigned = `SELECT ` + lineColumns + ` FROM events WHERE batch IS NULL ORDER BY id`

// errSignedElsewhere: another process signs at the same time; the next round goes
// on after it.
var errSignedElsewhere = errors.New("another process has signed this batch")

func (tx *txn) sign(ctx context.Context, lines []line) (Checkpoint, error) {
	last, err := scanCheckpoint(tx.QueryRowContext(ctx, lastCheckpoint))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return Checkpoint{}, err
	}
	if err := tx.goesOn(ctx, last); err != nil {
		return Checkpoint{}, err
	}
	c := Checkpoint{Batch: last.Batch + 1, At: at(tx.now), Lines: len(lines), Digest: digestOf(lines)}
	for _, l := range lines {
		if l.event.At.After(c.Newest) {
			c.Newest = l.event.At
		}
	}
	c.sign(tx.store.keys.trail, last.Hash)
	const insert = `
		INSERT INTO checkpoints (` + checkpointColumns + `)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (batch) DO NOTHING`
	first, err := changed(tx.ExecContext(ctx, insert, c.Batch, tx.now, c.Lines, c.Newest.UnixMilli(), c.Digest, c.Hash, c.Key, c.Signature))
	if err == nil && !first {
		err = errSignedElsewhere
	}
	if err != nil {
		return Checkpoint{}, err
	}
	if err := tx.markTrail(ctx, c); err != nil {
		return Checkpoint{}, err
	}
	return c, tx.markSigned(ctx, lines, c.Batch)
}

// markSigned puts exactly these lines into a batch.
func (tx *txn) markSigned(ctx context.Context, lines []line, batch int64) error {
	const mark = `UPDATE events SET batch = ? WHERE batch IS NULL AND id <= ?`
	result, err := tx.ExecContext(ctx, mark, batch, lines[len(lines)-1].id)
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err == nil && int(n) != len(lines) {
		err = errSignedElsewhere
	}
	return err
}
