package store_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"
)

const (
	mail    = "ada@example.com"
	address = "192.0.2.7"
)

// fail counts failures, each at an e-mail and from an address of its own
// unless these are given.
func (w *world) fail(n int, email, ip string) {
	w.t.Helper()
	for i := range n {
		e, a := email, ip
		if e == "" {
			e = fmt.Sprintf("somebody%d@example.com", i)
		}
		if a == "" {
			a = fmt.Sprintf("2001:db8:0:%x::1", i)
		}
		_, err := w.store.SpendPasswordTry(w.t.Context(), e, a)
		must(w.t, err)
	}
}

func (w *world) wantWait(what, email, ip string, want time.Duration) {
	w.t.Helper()
	got, err := w.store.PasswordWait(w.t.Context(), email, ip)
	must(w.t, err)
	if got != want {
		w.t.Errorf("%s: got to wait %v, want %v", what, got, want)
	}
}

func TestPasswordThrottle(t *testing.T) {
	tests := []struct {
		name      string
		n         int
		email, ip string
	}{
		{"one address at one e-mail", 5, mail, address},
		{"one address at many", 50, "", address},
		{"many addresses at one", 100, mail, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.fail(test.n-1, test.email, test.ip)
			w.wantWait("one before the limit", mail, address, 0)
			w.clock.Advance(time.Minute)
			w.fail(1, test.email, test.ip)
			// The first of them is forgotten after 15 minutes, a minute of which is over.
			w.wantWait("at the limit", mail, address, 14*time.Minute)
			w.wantWait("somebody else", "eve@example.com", "198.51.100.1", 0)
			w.restart()
			w.wantWait("after a restart", mail, address, 14*time.Minute)
			w.clock.Advance(14 * time.Minute)
			w.wantWait("after the window", mail, address, 0)
		})
	}
}

func TestThrottleIsTheSameForUnknownPeople(t *testing.T) {
	w := newWorld(t)
	w.user(mail)
	for _, email := range []string{mail, "nobody@example.com"} {
		w.fail(5, email, address)
		w.wantWait(email, email, address, 15*time.Minute)
	}
	w.wantWait("in upper case", "ADA@example.com ", address, 15*time.Minute)
}

func TestTheThrottleDoesNotKeepEmails(t *testing.T) {
	w := newWorld(t)
	w.fail(1, mail, address)
	if got := w.number(`SELECT COUNT(*) FROM password_failures WHERE LENGTH(email_hash) = 64 AND email_hash NOT LIKE '%example%'`); got != 1 {
		t.Errorf("got %d rows with a hash, want 1", got)
	}
	other := newWorld(t)
	other.fail(1, mail, address)
	var mine, theirs string
	for w, into := range map[*world]*string{w: &mine, other: &theirs} {
		db := w.raw()
		must(t, db.QueryRowContext(t.Context(), `SELECT email_hash FROM password_failures`).Scan(into))
		must(t, db.Close())
	}
	if mine == theirs {
		t.Error("the hash has no key: two files agree on it")
	}
}

func TestARightPasswordForgives(t *testing.T) {
	w := newWorld(t)
	w.fail(5, mail, address)
	w.fail(5, mail, "198.51.100.1")
	w.fail(5, "eve@example.com", address)
	must(t, w.store.ClearPasswordFailures(t.Context(), mail, address))
	must(t, w.store.ClearPasswordFailures(t.Context(), mail, address))
	w.wantWait("forgiven", mail, address, 0)
	w.wantWait("from elsewhere", mail, "198.51.100.1", 15*time.Minute)
	w.wantWait("at somebody else's", "eve@example.com", address, 15*time.Minute)
}

func TestParallelPasswordTriesStayWithinTheLimit(t *testing.T) {
	w := newWorld(t)
	var checked atomic.Int64
	race(t, 200, nil, func(int) error {
		wait, err := w.store.SpendPasswordTry(t.Context(), mail, address)
		if err == nil && wait == 0 {
			checked.Add(1)
		}
		return err
	})
	if got := checked.Load(); got != 5 {
		t.Errorf("of 200 at once %d passwords were checked, want 5", got)
	}
	w.wantWait("afterwards", mail, address, 15*time.Minute)
	must(t, w.store.ClearPasswordFailures(t.Context(), mail, address))
	w.wantWait("after a right one", mail, address, 0)
}

// Knocking on while one has to wait does not make the wait longer.
func TestTriesThatAreRefusedAreNotCounted(t *testing.T) {
	w := newWorld(t)
	spend := func() time.Duration {
		t.Helper()
		wait, err := w.store.SpendPasswordTry(t.Context(), mail, address)
		must(t, err)
		return wait
	}
	for range 5 {
		if got := spend(); got != 0 {
			t.Errorf("got to wait %v, want none", got)
		}
	}
	w.clock.Advance(time.Minute)
	for range 6 {
		if got := spend(); got != 14*time.Minute {
			t.Errorf("got to wait %v, want 14m", got)
		}
	}
}

// One IPv6 host has 2^64 addresses.
func TestAllAddressesOfAHostAreOneToTheLimit(t *testing.T) {
	for _, test := range []struct {
		name, form string
		want       int
	}{
		{"in one /64", "2001:db8:1:2::%x", 5},
		{"in many", "2001:db8:1:%x::1", 20},
		{"IPv4 as IPv6", "::ffff:192.0.2.%d", 20},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			checked := 0
			for i := range 20 {
				wait, err := w.store.SpendPasswordTry(t.Context(), mail, fmt.Sprintf(test.form, i+1))
				must(t, err)
				if wait == 0 {
					checked++
				}
			}
			if checked != test.want {
				t.Errorf("%d of 20 were checked, want %d", checked, test.want)
			}
		})
	}
}
