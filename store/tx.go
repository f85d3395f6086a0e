package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"time"
)

// uncancelled is for short reads of a file. To be able to cancel one costs a
// goroutine, which is more than the read itself; and what could make it wait, a disk
// that hangs, could not be cancelled either. A server can be waited for.
func (s *Store) uncancelled(ctx context.Context) context.Context {
	if s.server {
		return ctx
	}
	return context.WithoutCancel(ctx)
}

// txn is a transaction and the time at which it happens: one moment for all of
// it, read once it has begun and not when it began to wait for that.
type txn struct {
	*sql.Tx
	store *Store
	now   int64

	recorded []Event   // lines of the audit trail, to be logged once committed
	limited  []refusal // by limits, to be counted whatever becomes of the transaction
}

// maxTries is how often a transaction is run that meets others, and longestPause the
// most it waits before it is run again: longer the more often it met them, and at
// random, so that those who met do not meet again.
const (
	maxTries     = 40
	longestPause = 50 * time.Millisecond
)

// rehearsals is how often a transaction is run and rolled back before it counts: tests
// find out by it what cannot be run again.
var rehearsals = 0

// inTx runs do in one transaction, as if there were no other at that time. SQLite has
// one writer. PostgreSQL lets many write and refuses what would not have happened one
// after the other: then do is run again, and must set anew all that it sets outside.
func (s *Store) inTx(ctx context.Context, do func(*txn) error) error {
	for range rehearsals {
		_, _ = s.tryTx(ctx, do, func(*sql.Tx) error { return errors.New("a rehearsal") })
	}
	var t *txn
	err := s.again(ctx, func() (err error) {
		t, err = s.tryTx(ctx, do, (*sql.Tx).Commit)
		return err
	})
	if t != nil {
		s.refused.addAll(t.limited)
		for _, one := range t.limited { // of the last try: each refusal counts once
			s.opts.OnLimit(one.detail)
		}
	}
	var keep *kept
	if committed := err == nil || errors.As(err, &keep); !committed {
		return s.met(err)
	}
	s.logEvents(ctx, t.recorded)
	if keep != nil {
		return keep.error
	}
	return nil
}

// exec runs one statement that is a transaction of its own.
func (s *Store) exec(ctx context.Context, query string, args ...any) (result sql.Result, err error) {
	if err := s.probe.inPlace(); err != nil {
		return nil, err
	}
	err = s.again(ctx, func() error {
		result, err = s.db.ExecContext(ctx, query, args...)
		return wrap(err)
	})
	return result, err
}

// again runs do until it meets no other transaction, or has met them too often. One at
// a time is run again in a process: a crowd would meet itself, until some had no tries
// left.
func (s *Store) again(ctx context.Context, do func() error) error {
	err := do()
	if !isConflict(err) {
		return err
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return err
	}
	for try := 1; try < maxTries && isConflict(err) && pause(ctx, try) == nil; try++ {
		err = do()
	}
	return err
}

func isConflict(err error) bool {
	var met *conflict
	return errors.As(err, &met)
}

// pause waits before a transaction is run again.
func pause(ctx context.Context, try int) error {
	most := min(time.Duration(try)*2*time.Millisecond, longestPause)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(rand.N(most)):
		return nil
	}
}

// serializable is how transactions are isolated. SQLite knows no other way.
var serializable = &sql.TxOptions{Isolation: sql.LevelSerializable}

// tryTx runs do once, and ends with commit unless it has failed. It returns a *kept
// only once that is committed.
func (s *Store) tryTx(ctx context.Context, do func(*txn) error, commit func(*sql.Tx) error) (*txn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err // the time was used up before
	}
	tx, err := s.db.BeginTx(ctx, serializable)
	if err != nil {
		return nil, wrap(err)
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to roll back
	t := &txn{Tx: tx, store: s, now: s.now()}
	done := do(t)
	var keep *kept
	if done != nil && !errors.As(done, &keep) {
		return t, wrap(outOfTime(ctx, done))
	}
	// What is written to a removed file is lost with the process: nobody is told that
	// it was kept.
	if err := s.probe.inPlace(); err != nil {
		return t, err
	}
	if err := commit(tx); err != nil {
		return t, wrap(outOfTime(ctx, err))
	}
	return t, done
}

// outOfTime says that the time was used up where a transaction only says that it is over:
// it was rolled back then.
func outOfTime(ctx context.Context, err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return cmp.Or(ctx.Err(), err)
	}
	return err
}

// kept is a refusal that a transaction ends in, with what it has changed kept.
type kept struct{ error }
