package store_test

import (
	"testing"

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
