package store_test

import (
	"testing"
	"time"

	"nod/store"
)

// The clock of all processes is the database's. Where that is set back, nothing lasts
// longer: the time goes on as it passes, until the database has caught up.
func TestTheClockOfTheDatabase(t *testing.T) {
	begun := time.Now()
	told := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	for _, story := range []struct {
		what string
		sets []time.Duration // of the database's clock, one every five seconds
		off  time.Duration   // of what is told then
	}{
		{"it runs", []time.Duration{0, 0}, 0},
		{"it is a little slower than here", []time.Duration{0, -200 * time.Millisecond}, -200 * time.Millisecond},
		{"it is set forward", []time.Duration{0, time.Hour}, time.Hour},
		{"it is set back", []time.Duration{0, -time.Hour}, 0},
		{"it is set back twice", []time.Duration{0, -time.Hour, -2 * time.Hour, -2 * time.Hour}, 0},
		{"it is set back, and right again", []time.Duration{0, -time.Hour, -time.Hour, 0, 0}, 0},
		{"it is set back, and half of it forward", []time.Duration{0, -time.Hour, -30 * time.Minute}, 0},
		{"it is set back, and further forward", []time.Duration{0, -time.Hour, time.Hour}, time.Hour},
		{"it is set forward, and right again", []time.Duration{0, time.Hour, 0}, time.Hour},
	} {
		var clock store.SharedClock
		for i, set := range story.sets {
			passed := time.Duration(i) * 5 * time.Second
			clock.Set(told.Add(passed+set), begun.Add(passed), 0)
			clock.Set(told, begun.Add(passed), 10*time.Second) // an answer that says too little
		}
		before := time.Since(begun)
		got := clock.Now().Sub(told) - story.off
		if after := time.Since(begun); got < before || got > after {
			t.Errorf("%s: it is off by %v", story.what, got-before)
		}
	}
}
