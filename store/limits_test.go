package store_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"nod/store"
)

// refused is how long an act has to wait, and for which limit.
func (w *world) refused(err error) (wait time.Duration, limit string) {
	w.t.Helper()
	var over *store.RateError
	if errors.As(err, &over) {
		return over.RetryAt.Sub(w.clock.Now()), over.Limit
	}
	must(w.t, err)
	return 0, ""
}

func (w *world) spend(c store.Claim) (wait time.Duration, limit string) {
	w.t.Helper()
	return w.refused(w.store.Spend(w.t.Context(), c))
}

// leaveOut counts no sign-ins, and no more of some other actions: a test is about
// others.
func (w *world) leaveOut(actions ...store.Action) {
	w.store.SetLimits(slices.DeleteFunc((store.Options{}).Limits(), func(l store.Limit) bool {
		return l.Action == store.ActSignIn || slices.Contains(actions, l.Action)
	}))
}

// startIn is start for a browser that has made itself known.
func (w *world) startIn(c store.Client) store.Session {
	w.t.Helper()
	var userID int64
	_, err := fmt.Sscanf(c.Device, "device %d", &userID)
	must(w.t, err)
	sess, err := w.store.StartSession(w.t.Context(), userID, "", c)
	must(w.t, err)
	return sess
}

// know makes a browser known to a user.
func (w *world) know(u store.User) store.Client {
	w.t.Helper()
	c := browser
	c.NewDevice = fmt.Sprint("device ", u.ID)
	half := w.start(u)
	w.approve(w.begin(half))
	_, err := w.store.ConfirmLogin(w.t.Context(), half.ID, c)
	must(w.t, err)
	c.Device = c.NewDevice
	return c
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
			switch {
			case l.Newcomers, l.Pace == 0:
			case l.Per == store.PerVisitor, l.Per == store.PerDevice:
				want = l.Pace
			default: // no newcomer any more
				want = 2 * l.Pace
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

// Beyond a limit the fastest does not get all that is let through: who is new there
// goes first, and gets in when it was said.
func TestNewcomersGoFirst(t *testing.T) {
	for _, test := range []struct {
		limit          string
		per            store.Scope
		hammer, newest store.Claim
	}{
		{"sign_in_account", store.PerAccount, store.Claim{Account: "1", IP: "192.0.2.1"}, store.Claim{Account: "1", IP: "192.0.2.2"}},
		{"password_account", store.PerAccount, store.Claim{Account: "1", IP: "2001:db8:1:101::1"}, store.Claim{Account: "1", IP: "2001:db8:2:101::1"}},
		{"code_asked", store.PerPhone, store.Claim{Account: "1", Phone: "+1", IP: "192.0.2.1"}, store.Claim{Account: "2", Phone: "+1", IP: "192.0.2.1"}},
		{"password_source", store.PerSource, store.Claim{Account: "1", IP: "192.0.2.1"}, store.Claim{Account: "2", IP: "192.0.2.1"}},
		{"password_source", store.PerSource56, store.Claim{IP: "2001:db8:1:101::1"}, store.Claim{IP: "2001:db8:1:102::1"}},
		{"password_source", store.PerSource48, store.Claim{IP: "2001:db8:1:101::1"}, store.Claim{IP: "2001:db8:1:201::1"}},
		{"sign_up_site", store.PerSite, store.Claim{IP: "192.0.2.1"}, store.Claim{IP: "192.0.2.2"}},
	} {
		w := newWorld(t)
		all := (store.Options{}).Limits()
		i := slices.IndexFunc(all, func(l store.Limit) bool { return l.Name == test.limit && l.Per == test.per })
		l := all[i]
		w.store.SetLimits([]store.Limit{l})
		test.hammer.Action, test.newest.Action = l.Action, l.Action
		for range l.N {
			w.spend(test.hammer)
		}
		for range 10 {
			w.clock.Advance(l.Pace / 10)
			if _, limit := w.spend(test.hammer); limit == "" {
				t.Errorf("%s: the fastest was let through before a newcomer could be", l.Name)
			}
		}
		if wait, limit := w.spend(test.newest); limit != "" {
			t.Errorf("%s: the newcomer has to wait %v", l.Name, wait)
		}
		if l.Newcomers {
			test.hammer.IP, test.newest.IP = "2001:db8:1:102::1", "2001:db8:2:102::1"
		}
		if wait, _ := w.spend(test.newest); wait != 2*l.Pace {
			t.Errorf("%s: once more, the newcomer has to wait %v, want %v", l.Name, wait, 2*l.Pace)
		}
		w.clock.Advance(2 * l.Pace)
		if wait, limit := w.spend(test.hammer); limit != "" {
			t.Errorf("%s: with no newcomer about, the other has to wait %v", l.Name, wait)
		}
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

// The file does not say whose number was asked.
func TestLimitsKeepNoNumbers(t *testing.T) {
	w := newWorld(t)
	w.spend(store.Claim{Action: store.ActPush, Phone: "+4915112345678"})
	if got := w.number(`SELECT COUNT(*) FROM usage WHERE key LIKE '%4915112345678%'`); got != 0 {
		t.Errorf("%d rows hold the number", got)
	}
}
