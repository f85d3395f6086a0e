package server

import (
	"testing"
	"time"
)

// A clock that is set back stretches no deadline; one that is set forward is
// followed.
func TestTheClockNeverGoesBack(t *testing.T) {
	noon := time.Date(2026, time.November, 25, 12, 0, 0, 0, time.UTC)
	wall, passed := noon, time.Duration(0)
	clock := steady(func() time.Time { return wall }, func() time.Duration { return passed })
	for _, step := range []struct {
		name string
		pass time.Duration // on both clocks
		set  time.Duration // of the wall clock alone
		want time.Duration // after noon
	}{
		{"at first", 0, 0, 0},
		{"as time passes", 10 * time.Second, 0, 10 * time.Second},
		{"set back by an hour", 0, -time.Hour, 10 * time.Second},
		{"as time passes then", time.Minute, 0, 70 * time.Second},
		{"set right again", 0, time.Hour, 70 * time.Second},
		{"set forward", 0, time.Hour, time.Hour + 70*time.Second},
	} {
		wall, passed = wall.Add(step.pass+step.set), passed+step.pass
		if got := clock().Sub(noon); got != step.want {
			t.Errorf("%s: got %v after noon, want %v", step.name, got, step.want)
		}
	}
}
