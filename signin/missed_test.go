package signin_test

import (
	"testing"
	"time"

	"nod/signin"
	"nod/store"
)

// tap approves a visitor's request on its phone; nobody hears of it.
func (w *world) tap(v signin.Visitor) {
	w.t.Helper()
	a, err := w.flow.Request(w.t.Context(), v.Session.ID)
	must(w.t, err)
	w.phones.given[a.UUID] = w.clock()
}

// While no process runs, a request passes its deadline. An answer that the provider had
// before counts, and one that came later does not; what was answered long ago cannot be used.
func TestWhatWasAnsweredWhileNobodyRanCounts(t *testing.T) {
	for _, test := range []struct {
		name      string
		tap, back time.Duration // after the password
		ahead     time.Duration // of the provider's clock
		in        bool
	}{
		{"in time", 60 * time.Second, 125 * time.Second, 0, true},
		{"as late as the phone shows it", 114*time.Second - time.Millisecond, 125 * time.Second, 0, true},
		{"at the deadline", 120 * time.Second, 125 * time.Second, 0, false},
		{"too late, by a clock that is behind", 121 * time.Second, 125 * time.Second, -time.Hour, false},
		{"in time, by a clock that is ahead", 60 * time.Second, 125 * time.Second, time.Hour, false},
		{"long ago", 60 * time.Second, 151 * time.Second, 0, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.phones.given, w.phones.ahead = map[string]time.Time{}, test.ahead
			v := w.begin(w.signUp("ada@example.com"))
			w.advance(test.tap)
			w.tap(v)
			w.advance(test.back - test.tap)
			must(t, w.flow.CatchUpFirst(t.Context()))
			must(t, w.flow.Sweep(t.Context()))
			_, err := w.flow.Confirm(t.Context(), v, client)
			if in := err == nil; in != test.in {
				t.Errorf("the browser is in: %v, want %v (%v)", in, test.in, err)
			}
		})
	}
}

// What a process has claimed to look up, and did not as it was killed, another looks up.
func TestWhatIsClaimedByWhoIsGoneIsLookedUp(t *testing.T) {
	w := newWorld(t)
	w.phones.given = map[string]time.Time{}
	v := w.begin(w.signUp("ada@example.com"))
	w.tap(v)
	w.advance(115 * time.Second)
	claimed, err := w.store.ClaimReconcile(t.Context(), 5*time.Second) // and is killed
	must(t, err)
	if len(claimed) != 1 {
		t.Fatalf("%d were claimed, want 1", len(claimed))
	}
	w.advance(3 * time.Second)
	must(t, w.flow.Sweep(t.Context()))
	w.flow.Settle()
	if got := w.browsers.last(v.Session.ID).Status; got != signin.Status(store.Approved) {
		t.Errorf("the page was told %q, want approved", got)
	}
}
