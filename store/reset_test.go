package store_test

import (
	"fmt"
	"testing"
	"time"

	"nod/store"
)

// Only a sign-in that began with a recovery code in the place of the password may set
// one, once and while it is fresh.
func TestResetPasswordIsForWhoHasBegunIt(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	ada := w.user("ada@example.com")
	codes := w.recoveryCodes(ada)
	reset := func(sess store.Session) error {
		_, _, err := w.store.ResetPassword(ctx, sess.ID, "another password", browser)
		return err
	}
	wantErr(t, "an ordinary sign-in", reset(w.signIn(ada)), store.ErrNotFound)

	begin := func(code string) store.Session {
		t.Helper()
		sess, u, err := w.store.StartReset(ctx, "Ada@Example.com", code, "", browser)
		must(t, err)
		if u.ID != ada.ID || sess.Level != store.PasswordPassed {
			t.Errorf("got %+v of %+v", sess, u)
		}
		wantErr(t, "before the phone has answered", reset(sess), store.ErrNotFound)
		w.approve(w.begin(sess))
		in, err := w.store.ConfirmLogin(ctx, sess.ID, browser)
		must(t, err)
		if !in.ResetsPassword {
			t.Error("the sign-in has forgotten what it is for")
		}
		return in
	}
	late := begin(codes[0])
	w.clock.Advance(store.FreshFor)
	wantErr(t, "too late", reset(late), store.ErrNotFresh)

	stranger := w.signInFrom(ada, bringing("", "the browser of who had the password"))
	in := begin(codes[1])
	sess, ended, err := w.store.ResetPassword(ctx, in.ID, "another password", browser)
	must(t, err)
	w.wantKnown(ada, stranger, false)
	if len(ended) != 3 || sess.ResetsPassword {
		t.Errorf("%d others ended, want 3; got %+v", len(ended), sess)
	}
	wantErr(t, "again", reset(sess), store.ErrNotFound)
	must(t, err2(w.store.Authenticate(ctx, "ada@example.com", "another password")))
	_, _, err = w.store.StartReset(ctx, "ada@example.com", codes[1], "", browser)
	wantErr(t, "a code that was used", err, store.ErrInvalidCredentials)
}

// Wrong recovery codes are limited by where they come from and by the account that
// they are for. A right one is taken whatever others did.
func TestAForgottenPasswordIsLimitedBySource(t *testing.T) {
	for _, test := range []struct {
		email, ip, limit string
		n                int
		wait             time.Duration
	}{
		{"somebody%d@example.com", "192.0.2.7", "forgot_source", 50, 3 * time.Second},
		{"somebody%d@example.com", "2001:db8:1:10%02x::1", "forgot_source", 100, 3 * time.Second},
		{"somebody%d@example.com", "2001:db8:1:%x00::1", "forgot_source", 200, 3 * time.Second},
		{"ada@example.com", "2001:db8:%x::1", "forgot_account", 100, 10 * time.Second},
	} {
		w := newWorld(t)
		ada := w.user("ada@example.com")
		w.signIn(ada)
		codes := w.recoveryCodes(ada)
		forget := func(i int, email, code string) error {
			if email != "ada@example.com" {
				email = fmt.Sprintf(email, i)
			}
			ip := test.ip
			if ip != "192.0.2.7" {
				ip = fmt.Sprintf(ip, i)
			}
			_, _, err := w.store.StartReset(t.Context(), email, code, "", store.Client{IP: ip})
			return err
		}
		for i := range test.n {
			wantErr(t, "a wrong code", forget(i, test.email, "0123456789abcdef"), store.ErrInvalidCredentials)
		}
		rows := w.number(`SELECT COUNT(*) FROM usage`)
		if wait, limit := w.refused(forget(test.n, test.email, "0123456789abcdef")); wait != test.wait || limit != test.limit {
			t.Errorf("%s: got to wait %v for %q, want %v for %q", test.ip, wait, limit, test.wait, test.limit)
		}
		if got := w.number(`SELECT COUNT(*) FROM usage`); got != rows {
			t.Errorf("what is refused leaves %d rows", got-rows)
		}
		must(t, forget(test.n, "ada@example.com", codes[0]))
	}
}

// Two clicks for one begin one sign-in. The same form with another code begins none, and
// is a wrong code: the form is no secret of whoever typed the right one.
func TestAResetThatIsSentTwiceNeedsItsCode(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	w.signIn(ada)
	codes := w.recoveryCodes(ada)
	reset := func(code string) (store.Session, error) {
		sess, _, err := w.store.StartReset(t.Context(), "ada@example.com", code, "", form("f"))
		return sess, err
	}
	first, err := reset(codes[0])
	must(t, err)
	again, err := reset(codes[0])
	must(t, err)
	if again.ID != first.ID {
		t.Error("the second click begins another sign-in")
	}
	_, err = reset("nonsense")
	wantErr(t, "another code", err, store.ErrInvalidCredentials)
	if got := w.number(`SELECT COUNT(*) FROM events WHERE kind = 'code_refused'`); got != 1 {
		t.Errorf("%d wrong codes are told, want 1", got)
	}
	w.clock.Advance(time.Second)
	other, err := reset(codes[1])
	must(t, err)
	if other.ID == first.ID {
		t.Error("another right code begins the same sign-in")
	}
}
