package store_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"nod/store"
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
		_, err := w.store.SpendPasswordTry(w.t.Context(), e, store.Client{IP: a})
		must(w.t, err)
	}
}

func (w *world) wantWait(what, email, ip string, want time.Duration) {
	w.t.Helper()
	wait, _ := w.refused(w.store.PasswordAllowed(w.t.Context(), email, store.Client{IP: ip}))
	if wait != want {
		w.t.Errorf("%s: got to wait %v, want %v", what, wait, want)
	}
}

// try spends a password and returns how long it has to wait.
func (w *world) try(email string, c store.Client) time.Duration {
	w.t.Helper()
	_, err := w.store.SpendPasswordTry(w.t.Context(), email, c)
	wait, _ := w.refused(err)
	return wait
}

func TestPasswordThrottle(t *testing.T) {
	w := newWorld(t)
	w.fail(4, mail, address)
	w.wantWait("one before the limit", mail, address, 0)
	w.clock.Advance(time.Minute)
	w.fail(1, mail, address)
	// The first of them is forgotten after 15 minutes, a minute of which is over.
	w.wantWait("at the limit", mail, address, 14*time.Minute)
	w.wantWait("somebody else", "eve@example.com", "198.51.100.1", 0)
	w.wantWait("somebody else at the same address", "eve@example.com", address, 0)
	w.restart()
	w.wantWait("after a restart", mail, address, 14*time.Minute)
	w.clock.Advance(14 * time.Minute)
	w.wantWait("after the window", mail, address, 0)
}

// Who fails at one account from a hundred places keeps nobody else out: a place
// that has not failed there goes on, one every ten seconds.
func TestManyPlacesDoNotShutOutAnother(t *testing.T) {
	w := newWorld(t)
	w.fail(100, mail, "")
	w.wantWait("one of them", mail, "2001:db8:0:1::1", 15*time.Minute)
	w.wantWait("another", mail, address, 10*time.Second)
	w.clock.Advance(10 * time.Second)
	w.fail(1, mail, "198.51.100.1")
	w.wantWait("another, right after one like it", mail, address, 10*time.Second)
	w.clock.Advance(10 * time.Second)
	w.wantWait("another, later", mail, address, 0)
}

// Nobody shuts out the others of an address: they go on, one every three seconds.
func TestOneVisitorDoesNotShutOutTheAddress(t *testing.T) {
	w := newWorld(t)
	w.fail(50, "", address)
	w.wantWait("somebody else there", mail, address, 3*time.Second)
	w.clock.Advance(3 * time.Second)
	w.wantWait("somebody else there, later", mail, address, 0)
}

// Who has a whole network to fail from is held up by its size.
func TestLimitsWidenWithTheNetwork(t *testing.T) {
	for _, test := range []struct {
		form string
		n    int
	}{{"2001:db8:1:10%02x::1", 100}, {"2001:db8:1:%x00::1", 200}} {
		w := newWorld(t)
		for i := range test.n {
			if wait := w.try(fmt.Sprintf("somebody%d@example.com", i), store.Client{IP: fmt.Sprintf(test.form, i)}); wait > 0 {
				t.Fatalf("number %d has to wait %v", i, wait)
			}
		}
		if wait := w.try(mail, store.Client{IP: fmt.Sprintf(test.form, test.n+1)}); wait != 3*time.Second {
			t.Errorf("after %d: got to wait %v, want 3s", test.n, wait)
		}
	}
}

// A browser that has signed in before has a budget of its own, and no more.
func TestStrangersDoNotShutOutAKnownBrowser(t *testing.T) {
	w := newWorld(t)
	known := w.know(w.user(mail))
	w.fail(100, mail, "")
	w.fail(50, "", address)
	for i := range 20 {
		if wait := w.try(mail, known); wait > 0 {
			t.Fatalf("try %d has to wait %v", i, wait)
		}
	}
	if wait := w.try(mail, known); wait != 15*time.Minute {
		t.Errorf("the 21st: got to wait %v, want 15m", wait)
	}
	if wait := w.try("eve@example.com", known); wait == 0 {
		t.Error("it is known to an account that it has never signed in to")
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
	if got := w.number(`SELECT COUNT(*) FROM usage WHERE key LIKE 'password|account|strangers|%' AND LENGTH(key) = 91`); got != 1 {
		t.Errorf("got %d rows with a hash, want 1", got)
	}
	if got := w.number(`SELECT COUNT(*) FROM usage WHERE key LIKE '%example%'`); got != 0 {
		t.Errorf("got %d rows with an e-mail", got)
	}
	other := newWorld(t)
	other.fail(1, mail, address)
	var mine, theirs string
	for w, into := range map[*world]*string{w: &mine, other: &theirs} {
		db := w.raw()
		must(t, db.QueryRowContext(t.Context(), `SELECT key FROM usage WHERE key LIKE 'password|account|%'`).Scan(into))
		must(t, db.Close())
	}
	if mine == theirs {
		t.Error("the hash has no key: two files agree on it")
	}
}

func TestARightPasswordForgives(t *testing.T) {
	w := newWorld(t)
	w.fail(4, mail, address)
	w.fail(5, mail, "198.51.100.1")
	w.fail(5, "eve@example.com", address)
	try, err := w.store.SpendPasswordTry(t.Context(), mail, store.Client{IP: address})
	must(t, err)
	must(t, w.store.ForgivePassword(t.Context(), try))
	if got := w.number(`SELECT COUNT(*) FROM usage WHERE key = 'password|source|strangers|192.0.2.7'`); got != 5 {
		t.Errorf("%d failures of the address are left, want those at another account", got)
	}
	w.wantWait("forgiven", mail, address, 0)
	w.wantWait("from elsewhere", mail, "198.51.100.1", 15*time.Minute)
	w.wantWait("at somebody else's", "eve@example.com", address, 15*time.Minute)
}

// A password that was not checked was no failure.
func TestATryCanBeReturned(t *testing.T) {
	w := newWorld(t)
	w.fail(4, mail, address)
	try, err := w.store.SpendPasswordTry(t.Context(), mail, store.Client{IP: address})
	must(t, err)
	w.wantWait("while it is checked", mail, address, 15*time.Minute)
	must(t, w.store.ReturnPasswordTry(t.Context(), try))
	w.wantWait("once it is returned", mail, address, 0)
	w.fail(1, mail, address)
	w.wantWait("the four are held on to", mail, address, 15*time.Minute)
}

func TestParallelPasswordTriesStayWithinTheLimit(t *testing.T) {
	w := newWorld(t)
	var checked atomic.Int64
	var right store.Try
	race(t, 200, nil, func(int) error {
		try, err := w.store.SpendPasswordTry(t.Context(), mail, store.Client{IP: address})
		if over := (*store.RateError)(nil); errors.As(err, &over) {
			return nil
		}
		if checked.Add(1) == 1 {
			right = try
		}
		return err
	})
	if got := checked.Load(); got != 5 {
		t.Errorf("of 200 at once %d passwords were checked, want 5", got)
	}
	w.wantWait("afterwards", mail, address, 15*time.Minute)
	must(t, w.store.ForgivePassword(t.Context(), right))
	w.wantWait("after a right one", mail, address, 0)
}

// Knocking on while one has to wait does not make the wait longer.
func TestTriesThatAreRefusedAreNotCounted(t *testing.T) {
	w := newWorld(t)
	spend := func() time.Duration { return w.try(mail, store.Client{IP: address}) }
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
				if w.try(mail, store.Client{IP: fmt.Sprintf(test.form, i+1)}) == 0 {
					checked++
				}
			}
			if checked != test.want {
				t.Errorf("%d of 20 were checked, want %d", checked, test.want)
			}
		})
	}
}

// Who has the right password does not begin sign-ins without end, and does not
// keep the owner from it.
func TestSignInsThatBeginAreLimited(t *testing.T) {
	w := newWorld(t)
	ada := w.user(mail)
	known := w.know(ada)
	w.store.SetLimits((store.Options{}).Limits())
	begin := func(c store.Client) (time.Duration, string) {
		t.Helper()
		_, err := w.store.StartSession(t.Context(), ada.ID, "", c)
		return w.refused(err)
	}
	for i := range 30 {
		if wait, limit := begin(browser); limit != "" {
			t.Fatalf("number %d has to wait %v for %s", i+1, wait, limit)
		}
	}
	if wait, limit := begin(browser); wait != 20*time.Second || limit != "sign_in_account" {
		t.Errorf("the 31st: got to wait %v for %q", wait, limit)
	}
	if wait, limit := begin(known); limit != "" {
		t.Errorf("a known browser has to wait %v for %s", wait, limit)
	}
}

func TestSignUpsAreLimited(t *testing.T) {
	w := newWorld(t)
	ask := func(number int, ip string) string {
		t.Helper()
		_, limit := w.refused(w.store.SpendSignUp(t.Context(), fmt.Sprintf("+1201555%04d", number), store.Client{IP: ip}))
		return limit
	}
	for i := range 5 {
		if limit := ask(1, fmt.Sprintf("192.0.2.%d", i)); limit != "" {
			t.Fatalf("refused by %s", limit)
		}
	}
	if limit := ask(1, "192.0.2.9"); limit != "sign_up_phone" {
		t.Errorf("the sixth with one number: got %q", limit)
	}
	for i := range 20 {
		if limit := ask(100+i, address); limit != "" {
			t.Fatalf("refused by %s", limit)
		}
	}
	if limit := ask(200, address); limit != "sign_up_source" {
		t.Errorf("the 21st from one address: got %q", limit)
	}
}

// Who has a code of their own is not shut out by strangers, in whichever browser.
func TestACodeOfOnesOwnOpensTheDoor(t *testing.T) {
	w := newWorld(t)
	ada := w.user(mail)
	w.signIn(ada)
	app, codes := w.app(ada), w.recoveryCodes(ada)
	w.fail(5, mail, address)
	w.fail(95, mail, "")
	for i := range 110 { // from many networks, and many of one
		for _, form := range []string{"198.51.100.%d", "2001:db8:77:%x::1"} {
			_, _ = w.store.SpendPasswordTry(t.Context(), mail, store.Client{IP: fmt.Sprintf(form, i), Proof: "123456"})
		}
	}
	for what, proof := range map[string]string{"a recovery code": codes[0], "the same again": codes[0], "an app": app.code(0)} {
		try, err := w.store.SpendPasswordTry(t.Context(), mail, store.Client{IP: address, Proof: proof})
		if wait, limit := w.refused(err); limit != "" {
			t.Errorf("%s: got to wait %v for %s", what, wait, limit)
		}
		must(t, w.store.CheckProof(t.Context(), try, ada))
		must(t, w.store.ReturnPasswordTry(t.Context(), try))
	}
}

// Wrong codes along with a password are limited by where they come from, as
// passwords are. A recovery code is taken behind the same address all the same.
func TestCodesAlongWithAPasswordAreLimited(t *testing.T) {
	for _, test := range []struct {
		form, limit string
		n           int
		wait        time.Duration
	}{
		{"192.0.2.7", "proof_source", 50, 3 * time.Second},
		{"2001:db8:1:10%02x::1", "proof_source", 100, 3 * time.Second},
		{"2001:db8:1:%x00::1", "proof_source", 200, 3 * time.Second},
	} {
		w := newWorld(t)
		ada := w.user(mail)
		w.signIn(ada)
		codes := w.recoveryCodes(ada)
		give := func(i int, email, proof string) (time.Duration, string) {
			ip := test.form
			if ip != address {
				ip = fmt.Sprintf(ip, i)
			}
			_, err := w.store.SpendPasswordTry(t.Context(), email, store.Client{IP: ip, Proof: proof})
			return w.refused(err)
		}
		for i := range test.n {
			if wait, limit := give(i, fmt.Sprintf("somebody%d@example.com", i), "000000"); limit != "" {
				t.Fatalf("number %d has to wait %v for %s", i, wait, limit)
			}
		}
		if wait, limit := give(test.n, mail, "000000"); wait != test.wait || limit != test.limit {
			t.Errorf("%s: got to wait %v for %q", test.form, wait, limit)
		}
		if wait, limit := give(test.n, mail, codes[0]); limit != "" {
			t.Errorf("a recovery code has to wait %v for %s", wait, limit)
		}
	}
}

// Who has the password tries no more codes along with it than in the second step,
// and each of them is in the audit trail. Beyond that a right one reads as a wrong one.
func TestCodesAlongWithTheRightPasswordCountAsTries(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.user(mail), w.user("bob@example.com")
	w.signIn(ada)
	app, codes := w.app(ada), w.recoveryCodes(ada)
	give := func(i int, proof string, u store.User) error {
		try, err := w.store.SpendPasswordTry(t.Context(), mail, store.Client{IP: fmt.Sprintf("198.51.%d.7", i), Proof: proof})
		must(t, err)
		return w.store.CheckProof(t.Context(), try, u)
	}
	wantErr(t, "the password of another", give(200, app.code(0), bob), store.ErrInvalidCredentials)
	before := len(w.events(ada))
	must(t, give(201, app.code(0), ada))
	for i := range 100 {
		wantErr(t, "a wrong code", give(i, "000000", ada), store.ErrInvalidCredentials)
	}
	if got := w.events(ada)[before:]; len(got) != 100 || got[0] != "code_refused" {
		t.Errorf("%d lines are left: %v", len(got), got[:1])
	}
	wantErr(t, "a right one after a hundred", give(202, app.code(0), ada), store.ErrInvalidCredentials)
	must(t, give(203, codes[0], ada))
	_, err := w.store.SpendCodeTry(t.Context(), w.start(ada).ID)
	if _, limit := w.refused(err); limit != "code_try_strangers" {
		t.Errorf("the second step: refused by %q", limit)
	}
}
