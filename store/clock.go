package store

import (
	"context"
	"sync"
	"time"
)

// clockEvery is how often the clock of a PostgreSQL database is looked at.
const clockEvery = 5 * time.Second

// sharedClock tells the time of the database's clock. Machines differ by minutes; all
// processes on one database have to agree on when a request or a session ends. Between
// two looks the time passes as on the monotonic clock here: that the wall clock is set
// moves nothing. Where the database's own clock is set back, this one goes on.
type sharedClock struct {
	mu    sync.Mutex
	told  time.Time     // it was this time
	here  time.Time     // when the clock here showed this one
	ahead time.Duration // of the database's clock, which was set back
}

// maxSlip is what two looks may differ by without a clock having been set: answers take
// time, and clocks are not equally fast.
const maxSlip = time.Second

func (c *sharedClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.told.Add(time.Since(c.here)).UTC()
}

// set takes over what the database told in the middle of a question, which was asked at
// here and took some time. One that took long says too little.
func (c *sharedClock) set(told, here time.Time, took time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	told, here = told.Add(c.ahead), here.Add(took/2)
	if !c.told.IsZero() {
		if took > maxSlip {
			return
		}
		switch behind := c.told.Add(here.Sub(c.here)).Sub(told); {
		case behind > maxSlip: // nothing lasts longer for that
			c.ahead, told = c.ahead+behind, told.Add(behind)
		case behind < -maxSlip: // it may be right again
			again := min(c.ahead, -behind)
			c.ahead, told = c.ahead-again, told.Add(-again)
		}
	}
	c.told, c.here = told, here
}

// lookAtClock reads the clock of the database.
func (s *Store) lookAtClock(ctx context.Context) error {
	const query = `SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)`
	asked := time.Now()
	var micros int64
	if err := s.db.QueryRowContext(ctx, query).Scan(&micros); err != nil {
		return wrap(err)
	}
	s.clock.set(time.UnixMicro(micros), asked, time.Since(asked))
	return nil
}

// KeepTime looks at the clock of the database again and again until ctx ends. A SQLite
// file has none.
func (s *Store) KeepTime(ctx context.Context, problem func(error)) {
	if s.clock == nil {
		return
	}
	again := time.NewTicker(clockEvery)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-again.C:
			if err := s.lookAtClock(ctx); err != nil && ctx.Err() == nil {
				problem(err)
			}
		}
	}
}

// Now is the time by which everything here begins and ends: that of Options.Now, or of
// the database's clock.
func (s *Store) Now() time.Time {
	if s.clock != nil {
		return s.clock.now()
	}
	return s.opts.Now()
}
