package store_test

import (
	"fmt"
	"testing"
	"time"

	"nod/store"
)

func TestConfirmByCode(t *testing.T) {
	for _, method := range []store.Method{"app", "sms", "call"} {
		t.Run(string(method), func(t *testing.T) {
			w := newWorld(t)
			ada := w.user("ada@example.com")
			half := w.start(ada)
			a := w.begin(half)
			_, err := w.store.SpendCodeTry(t.Context(), half.ID)
			must(t, err)
			must(t, w.store.SpendAskedTry(t.Context(), half.ID))
			got, err := w.store.ConfirmByCode(t.Context(), half.ID, method, "hash", browser)
			must(t, err)
			want := store.Session{
				ID: got.ID, UserID: ada.ID, Level: store.SignedIn, Method: method, IP: browser.IP, UserAgent: browser.UserAgent,
				CreatedAt: w.clock.Now(), LastSeenAt: w.clock.Now(), ExpiresAt: w.clock.Now().Add(24 * time.Hour),
				FreshUntil: w.clock.Now().Add(10 * time.Minute), CodeAt: w.clock.Now(),
			}
			if got != want || w.session(got.ID) != want {
				t.Errorf("got %+v,\nwant %+v", got, want)
			}
			if old := w.session(half.ID); old.EndReason != "signed_in" || old.ReplacedBy != got.ID {
				t.Errorf("got the old session %+v", old)
			}
			if tap := w.approval(a.ID); tap.Status != store.Cancelled || tap.Reason != "other_method" {
				t.Errorf("got the request %+v, want it cancelled", tap)
			}
			if _, applied := w.decide(a, store.Approved); applied {
				t.Error("the tap still counts")
			}
			if n := w.number(`SELECT COUNT(DISTINCT act) FROM usage WHERE key LIKE 'code_try|%' OR key LIKE 'asked|%'`); n != 0 {
				t.Errorf("%d tries are held against who is in", n)
			}
			_, err = w.store.ConfirmByCode(t.Context(), half.ID, method, "another", browser)
			wantErr(t, "once more", err, store.ErrNotApproved)
		})
	}
}

func TestACodeIsUsedOnce(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.user("ada@example.com"), w.user("bob@example.com")
	use := func(u store.User, hash string) error {
		_, err := w.store.ConfirmByCode(t.Context(), w.start(u).ID, "app", hash, browser)
		return err
	}
	must(t, use(ada, "h"))
	wantErr(t, "again", use(ada, "h"), store.ErrCodeUsed)
	w.restart()
	wantErr(t, "after a restart", use(ada, "h"), store.ErrCodeUsed)
	must(t, use(ada, "another"))
	must(t, use(bob, "h"))
	w.clock.Advance(24 * time.Hour)
	must(t, use(ada, "h")) // by chance the same digits, another day
	wantErr(t, "again that day", use(ada, "h"), store.ErrCodeUsed)
}

func TestAUsedCodeLeavesTheAttemptOpen(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	_, err := w.store.ConfirmByCode(t.Context(), w.start(ada).ID, "app", "h", browser)
	must(t, err)
	sess := w.start(ada)
	a := w.begin(sess)
	_, err = w.store.ConfirmByCode(t.Context(), sess.ID, "app", "h", browser)
	wantErr(t, "used", err, store.ErrCodeUsed)
	w.wantSession(sess.ID, true)
	w.approve(a)
	_, err = w.store.ConfirmLogin(t.Context(), sess.ID, browser)
	must(t, err)
}

func TestParallelUsesOfACodeHaveOneWinner(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	for round := range 20 {
		sessions := make([]store.Session, 16)
		for i := range sessions {
			sessions[i] = w.start(ada)
		}
		won := race(t, len(sessions), store.ErrCodeUsed, func(i int) error {
			_, err := w.store.ConfirmByCode(t.Context(), sessions[i].ID, "app", fmt.Sprint("code ", round), browser)
			return err
		})
		if won != 1 {
			t.Fatalf("round %d: one code let in %d browsers", round, won)
		}
	}
}

func TestNoCodeAfterADeny(t *testing.T) {
	w := newWorld(t)
	sess := w.start(w.user("ada@example.com"))
	w.decide(w.begin(sess), store.Denied)
	_, err := w.store.ConfirmByCode(t.Context(), sess.ID, "app", "h", browser)
	wantErr(t, "after a Deny", err, store.ErrNotApproved)
	if n := w.number(`SELECT COUNT(*) FROM used_codes`); n != 0 {
		t.Error("the refused code was used up")
	}
}

func TestNobodyIsSignedInWithoutAMethod(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	for _, method := range []store.Method{"", "magic"} {
		if _, err := w.store.ConfirmByCode(t.Context(), w.start(ada).ID, method, "h", browser); err == nil {
			t.Errorf("%q has let somebody in", method)
		}
	}
}

// A right code forgets the wrong ones before it, whoever has checked it. What the
// provider was asked about for strangers begins anew by its own codes only: they say
// that the phone is there.
func TestARightCodeForgetsTheWrongOnes(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	app := w.app(ada)
	code := func() string {
		w.clock.Advance(time.Minute)
		return app.code(0)
	}
	spent := func(what, act string, want int) {
		t.Helper()
		if n := w.number(`SELECT COUNT(DISTINCT act) FROM usage WHERE key LIKE ? || '|%'`, act); n != want {
			t.Errorf("%s: %d of %s are held against the owner, want %d", what, n, act, want)
		}
	}
	try := func(sess store.Session) {
		must(t, err2(w.store.SpendCodeTry(t.Context(), sess.ID)))
		must(t, w.store.SpendAskedTry(t.Context(), sess.ID))
	}
	in := w.signIn(ada)
	for _, test := range []struct {
		what  string
		use   func() error
		asked int
	}{
		{"a change by an app", func() (err error) {
			try(in)
			in, err = w.store.ConfirmChangeByAuthenticator(t.Context(), in.ID, code(), browser)
			return err
		}, 0},
		{"a change by a code of the provider", func() (err error) {
			try(in)
			in, err = w.store.ConfirmChangeByCode(t.Context(), in.ID, store.MethodSMS, "one", browser)
			return err
		}, 0},
		{"a sign-in by an app", func() error {
			half := w.start(ada)
			try(half)
			return err2(w.byApp(half, code()))
		}, 1},
		{"a sign-in by a code of the provider", func() error {
			half := w.start(ada)
			try(half)
			return err2(w.store.ConfirmByCode(t.Context(), half.ID, store.MethodSMS, "two", browser))
		}, 0},
	} {
		must(t, test.use())
		spent(test.what, "code_try", 0)
		spent(test.what, "asked", test.asked)
	}
}
