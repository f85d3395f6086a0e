package server

import (
	"sync"
	"time"
)

// steadyClock is a clock of this process that never goes back: when the wall
// clock is set back, limits and deadlines go on by the time that passes.
func steadyClock(wall func() time.Time) func() time.Time {
	start := time.Now()
	return steady(wall, func() time.Duration { return time.Since(start) })
}

// steady follows wall, and where that falls behind, passed: how much time has
// gone by since some moment.
func steady(wall func() time.Time, passed func() time.Duration) func() time.Time {
	var mu sync.Mutex
	var told time.Time
	var at time.Duration
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		elapsed := passed()
		told, at = told.Add(elapsed-at), elapsed
		// Without its monotonic part, which would hide that the wall clock was set.
		if now := wall().Round(0); now.After(told) {
			told = now
		}
		return told
	}
}
