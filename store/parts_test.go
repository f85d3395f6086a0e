package store_test

import (
	"fmt"
	"testing"
	"time"

	"nod/store"
)

// many is a store whose clock shows another time at each look, so that what
// was done in one transaction has one time.
func many(t *testing.T) (w *world, begin func(i int)) {
	t.Helper()
	w = newWorld(t)
	must(t, w.store.Close())
	o := w.options()
	o.Now = func() time.Time { w.clock.Advance(time.Millisecond); return w.clock.Now() }
	var err error
	w.store, err = store.Open(t.Context(), w.path, o)
	must(t, err)
	w.leaveOut()
	return w, func(i int) { w.begin(w.start(w.user(fmt.Sprintf("user%d@example.com", i)))) }
}

// wantParts says that all of n things happened at many times.
func wantParts(t *testing.T, n, atLeast int, times []time.Time) {
	t.Helper()
	parts := map[time.Time]int{}
	for _, at := range times {
		parts[at]++
	}
	if len(times) != n || len(parts) < atLeast {
		t.Errorf("%d of %d ended, in %d transactions; want all, in at least %d", len(times), n, len(parts), atLeast)
	}
}

// When many requests and sessions are due at once, others get their turn to
// write between the parts.
func TestManyEndInParts(t *testing.T) {
	const n = 120
	w, begin := many(t)
	for i := range n {
		begin(i)
	}
	w.clock.Advance(10 * time.Minute)
	expired, err := w.store.ExpireDue(t.Context())
	must(t, err)
	var times []time.Time
	for _, a := range expired {
		times = append(times, a.DecidedAt)
	}
	wantParts(t, n, 3, times)

	w.clock.Advance(time.Hour)
	ended, err := w.store.EndOverdue(t.Context())
	must(t, err)
	times = nil
	for _, sess := range ended {
		times = append(times, sess.EndedAt)
	}
	wantParts(t, n, 3, times)
}
