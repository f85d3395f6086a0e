package simulator

import (
	"context"
	"fmt"
	"time"
)

// Synchronous is SQLite's setting of that name.
func (s *Simulator) Synchronous(ctx context.Context) (n int) {
	if err := s.db.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&n); err != nil {
		return -1
	}
	return n
}

// DeliveriesEnd returns when nothing is under way in the background any more.
func (s *Simulator) DeliveriesEnd() { s.sender.running.wg.Wait() }

// InsertMessage stores a message as if it had been sent at that time.
func (s *Simulator) InsertMessage(ctx context.Context, at time.Time) error {
	return send(ctx, s.db, outgoing{57, "3173389302", "token", "sms", "1234567", "", "x"}, at)
}

// Rows counts the rows of the tables.
func (s *Simulator) Rows(ctx context.Context) map[string]int {
	rows := map[string]int{}
	for _, table := range []string{"requests", "messages", "verifications", "spent_tokens", "activities", "users"} {
		var n int
		if err := s.db.QueryRowContext(ctx, "SELECT count(*) FROM "+table).Scan(&n); err != nil {
			n = -1
		}
		rows[table] = n
	}
	return rows
}

// Plans explains how SQLite executes the statements that expire and prune.
func (s *Simulator) Plans(ctx context.Context) map[string]string {
	plans := map[string]string{}
	for _, statement := range append([]string{expireStatement}, pruned...) {
		lines, err := collect(ctx, s.db, func(scan func(...any) error) (line string, err error) {
			return line, scan(new(int), new(int), new(int), &line)
		}, "EXPLAIN QUERY PLAN "+statement, 1, 2, 3, 4)
		plans[statement] = fmt.Sprint(lines, err)
	}
	return plans
}

// Watch takes every place for a page that is free, and returns how many there were.
func (s *Simulator) Watch() (n int) {
	for {
		if _, _, ok := s.watchers.watch(int64(n), maxWatchers); !ok {
			return n
		}
		n++
	}
}
