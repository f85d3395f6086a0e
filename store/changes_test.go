package store_test

import (
	"slices"
	"testing"
	"time"

	"nod/store"
)

// The lines of the audit trail say whose pages have something else to show: each once, and
// not before all that has a lower number must be there.
func TestWhomTheLinesConcern(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.user("ada@example.com"), w.user("bob@example.com")
	line := int64(-1)
	after := func() store.Changes {
		t.Helper()
		c, err := w.store.ChangesAfter(t.Context(), line)
		must(t, err)
		line = c.Line
		return c
	}
	w.clock.Advance(time.Minute)
	if got := after(); len(got.Sessions) > 0 || got.Line == 0 {
		t.Errorf("to begin with: %+v, want the newest line alone", got)
	}
	waits, other := w.start(ada), w.start(bob)
	w.begin(other)
	w.approve(w.begin(waits))
	must(t, w.store.EndSession(t.Context(), other.ID, store.ReasonSignedOut))
	if got := after(); len(got.Sessions) > 0 {
		t.Errorf("at once: %+v, want none yet", got)
	}
	w.clock.Advance(6 * time.Second)
	w.decide(w.begin(w.start(ada)), store.Denied) // is too young
	got, want := after().Sessions, []string{waits.ID, other.ID}
	slices.Sort(got)
	slices.Sort(want)
	wantEqual(t, got, want)
	if got := after(); len(got.Sessions) > 0 {
		t.Errorf("once more: %+v, want none", got)
	}
	cleo := w.user("cleo@example.com")
	w.own(cleo, "Phone")
	w.clock.Advance(6 * time.Second)
	after()
	w.askOwn(cleo)
	w.begin(w.start(bob))
	w.clock.Advance(6 * time.Second)
	wantEqual(t, after().Users, []int64{cleo.ID})
	for range 2 { // the first ends her request, too
		must(t, err2(w.store.ResetFactors(t.Context(), cleo.ID)))
		w.clock.Advance(6 * time.Second)
		wantEqual(t, after().Users, []int64{cleo.ID})
	}
	must(t, w.store.CloseAccountOf(t.Context(), cleo.ID)) // nothing is left of its phones
	w.clock.Advance(6 * time.Second)
	wantEqual(t, after().Users, []int64{cleo.ID})
}
