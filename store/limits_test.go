package store_test

import (
	"errors"
	"testing"
	"time"

	"nod/store"
)

// spend counts an act and returns how long it has to wait, and for which limit.
func (w *world) spend(c store.Claim) (wait time.Duration, limit string) {
	w.t.Helper()
	err := w.store.Spend(w.t.Context(), c)
	var over *store.RateError
	if errors.As(err, &over) {
		return over.RetryAt.Sub(w.clock.Now()), over.Limit
	}
	must(w.t, err)
	return 0, ""
}

func TestEveryRowOfTheTableLimits(t *testing.T) {
	claim := store.Claim{Account: "1", Phone: "+4915112345678", Device: "d", IP: "2001:db8:1:2::3", Country: "DE"}
	for _, l := range (store.Options{}).Limits() {
		t.Run(l.Name, func(t *testing.T) {
			w := newWorld(t)
			w.store.SetLimits([]store.Limit{l})
			c := claim
			c.Action, c.Known = l.Action, l.Who == store.Known
			for i := range l.N {
				if wait, limit := w.spend(c); limit != "" {
					t.Fatalf("number %d of %d has to wait %v", i+1, l.N, wait)
				}
			}
			want := l.Window
			if l.Pace > 0 {
				want = l.Pace
			}
			for range 2 { // to be refused makes it no longer
				if wait, limit := w.spend(c); wait != want || limit != l.Name {
					t.Errorf("got to wait %v for %q, want %v for %q", wait, limit, want, l.Name)
				}
			}
			w.restart()
			w.store.SetLimits([]store.Limit{l})
			w.clock.Advance(want)
			if wait, limit := w.spend(c); limit != "" {
				t.Errorf("after that: got to wait %v for %q", wait, limit)
			}
		})
	}
}

// What is counted for one is not counted for another, and a claim that says
// nothing of a subject is not counted by it.
func TestLimitsCountApart(t *testing.T) {
	w := newWorld(t)
	w.store.SetLimits([]store.Limit{{Name: "push", Action: store.ActPush, Per: store.PerPhone, N: 1, Window: time.Hour}})
	for _, c := range []store.Claim{
		{Action: store.ActPush, Phone: "+1"}, {Action: store.ActPush, Phone: "+2"},
		{Action: store.ActPush}, {Action: store.ActPush}, {Action: store.ActCodeSent, Phone: "+1"},
	} {
		if _, limit := w.spend(c); limit != "" {
			t.Errorf("%+v was refused", c)
		}
	}
	if _, limit := w.spend(store.Claim{Action: store.ActPush, Phone: "+1"}); limit != "push" {
		t.Error("the second at one phone was not refused")
	}
}

// Strangers use up their part; a browser that is known goes on.
func TestStrangersCannotUseUpTheWhole(t *testing.T) {
	w := newWorld(t)
	c := store.Claim{Action: store.ActPush, Phone: "+4915112345678", Account: "1"}
	for range 3 {
		if _, limit := w.spend(c); limit != "" {
			t.Fatalf("a stranger was refused by %s", limit)
		}
	}
	if wait, limit := w.spend(c); limit != "push_strangers" || wait != 10*time.Minute {
		t.Errorf("the fourth stranger: got %q and %v, want push_strangers and 10m", limit, wait)
	}
	c.Known = true
	for range 2 {
		if _, limit := w.spend(c); limit != "" {
			t.Fatalf("the known browser was refused by %s", limit)
		}
	}
	if _, limit := w.spend(c); limit != "push" {
		t.Errorf("the sixth push: got %q, want push", limit)
	}
}

func TestParallelClaimsStayWithinTheLimit(t *testing.T) {
	w := newWorld(t)
	refused := errors.New("refused")
	won := race(t, 60, refused, func(int) error {
		err := w.store.Spend(t.Context(), store.Claim{Action: store.ActPush, Phone: "+4915112345678", Known: true})
		if over := (*store.RateError)(nil); errors.As(err, &over) {
			return refused
		}
		return err
	})
	if won != 5 {
		t.Errorf("of 60 at once %d were let through, want 5", won)
	}
}
