package store_test

import (
	"bytes"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"nod/store"
)

// appOf is an authenticator app that somebody has set up: it shows codes.
type appOf struct {
	w      *world
	id     string
	secret string
}

func (a appOf) code(later time.Duration) string {
	a.w.t.Helper()
	code, err := totp.GenerateCode(a.secret, a.w.clock.Now().Add(later))
	must(a.w.t, err)
	return code
}

// begun is an app whose first code was not given yet.
func (w *world) begun(u store.User) appOf {
	w.t.Helper()
	a := appOf{w: w}
	w.as(u, func(id string) error {
		made, secret, err := w.store.NewAuthenticator(w.t.Context(), id)
		a.id, a.secret = made.ID, secret
		return err
	})
	return a
}

// app is one that counts. Its next code is half a minute away.
func (w *world) app(u store.User) appOf {
	w.t.Helper()
	a := w.begun(u)
	w.as(u, func(id string) error {
		return w.store.ProveAuthenticator(w.t.Context(), id, a.id, "Blue phone", a.code(0), browser)
	})
	w.clock.Advance(30 * time.Second)
	return a
}

// byApp gives a code in a sign-in that has passed the password.
func (w *world) byApp(sess store.Session, code string) (store.Session, error) {
	return w.store.ConfirmByAuthenticator(w.t.Context(), sess.ID, code, browser)
}

func TestSignInByAnOwnApp(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	app := w.app(ada)
	first, second := w.start(ada), w.start(ada)
	code := app.code(0)
	in, err := w.byApp(first, code)
	must(t, err)
	if in.Level != store.SignedIn || in.Method != store.MethodApp || in.UserID != ada.ID {
		t.Errorf("got %+v", in)
	}
	if w.session(first.ID).ReplacedBy != in.ID {
		t.Error("the first step goes on")
	}
	// The same code, and the one before it, are good for nothing more.
	for _, used := range []string{code, app.code(-30 * time.Second)} {
		_, err = w.byApp(second, used)
		wantErr(t, "a code that was used", err, store.ErrCodeUsed)
	}
	must(t, err2(w.byApp(second, app.code(30*time.Second)))) // the app is early
	apps, err := w.store.Authenticators(t.Context(), ada.ID)
	must(t, err)
	if len(apps) != 1 || apps[0].Name != "Blue phone" || !apps[0].UsedAt.Equal(w.clock.Now()) {
		t.Errorf("got %+v", apps)
	}
}

func err2[T any](_ T, err error) error { return err }

// A code counts for half a minute before and after its own.
func TestAnAppMayBeAStepOff(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	app := w.app(ada)
	w.clock.Advance(time.Hour)
	sess := w.start(ada)
	for _, off := range []time.Duration{-time.Minute, time.Minute} {
		_, err := w.byApp(sess, app.code(off))
		wantErr(t, "a code of "+off.String(), err, store.ErrWrongCode)
	}
	must(t, err2(w.byApp(sess, app.code(-30*time.Second))))
}

// If many give the same code at once, one of them gets in.
func TestACodeOfAnAppIsTakenOnce(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	app := w.app(ada)
	code := app.code(0)
	var sessions []store.Session
	for range 20 {
		sessions = append(sessions, w.start(ada))
	}
	won := race(t, len(sessions), store.ErrCodeUsed, func(i int) error { return err2(w.byApp(sessions[i], code)) })
	if won != 1 {
		t.Errorf("%d got in, want 1", won)
	}
}

// Another account's app opens nothing, nor does one that has shown no code yet, nor
// one that was removed; and no app signs in after a Deny.
func TestOnlyTheUsersOwnAppsCount(t *testing.T) {
	w := newWorld(t)
	ada, eve := w.user("ada@example.com"), w.user("eve@example.com")
	eves, unproved := w.app(eve), w.begun(ada)
	sess := w.start(ada)
	for what, code := range map[string]string{"another account's": eves.code(0), "an unproved one's": unproved.code(0)} {
		_, err := w.byApp(sess, code)
		wantErr(t, what, err, store.ErrWrongCode)
	}
	ctx := t.Context()
	wantErr(t, "proving another account's", w.store.ProveAuthenticator(ctx, w.fresh(eve), unproved.id, "x", unproved.code(0), browser), store.ErrNotFound)
	app := w.app(ada)
	wantErr(t, "removing another account's", w.store.RemoveAuthenticator(ctx, w.fresh(eve), app.id, browser), store.ErrNotFound)
	must(t, w.store.RemoveAuthenticator(ctx, w.fresh(ada), app.id, browser))
	_, err := w.byApp(sess, app.code(0))
	wantErr(t, "a removed one's", err, store.ErrWrongCode)

	app = w.app(ada)
	w.decide(w.begin(sess), store.Denied)
	_, err = w.byApp(sess, app.code(0))
	wantErr(t, "after a Deny", err, store.ErrNotApproved)
}

// An app counts from its first code on, which does not sign in as well.
func TestAnAppIsProvedByItsFirstCode(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	ada := w.user("ada@example.com")
	app := w.begun(ada)
	wantErr(t, "a wrong code", w.store.ProveAuthenticator(ctx, w.fresh(ada), app.id, "x", "000000", browser), store.ErrWrongCode)
	code := app.code(0)
	must(t, w.store.ProveAuthenticator(ctx, w.fresh(ada), app.id, "x", code, browser))
	_, err := w.byApp(w.start(ada), code)
	wantErr(t, "the first code again", err, store.ErrCodeUsed)
	wantErr(t, "proving again", w.store.ProveAuthenticator(ctx, w.fresh(ada), app.id, "y", app.code(30*time.Second), browser), store.ErrNotFound)

	late := w.begun(ada)
	w.clock.Advance(15 * time.Minute)
	wantErr(t, "too late", w.store.ProveAuthenticator(ctx, w.fresh(ada), late.id, "x", late.code(0), browser), store.ErrNotFound)
	must(t, w.store.RemoveAuthenticator(ctx, w.fresh(ada), app.id, browser))
	wantEqual(t, w.events(ada)[:3], []string{"user_created", "authenticator_added", "session_started"})
	told, _, err := w.store.UnreadNotices(ctx, store.Session{UserID: ada.ID}, 10)
	must(t, err)
	if len(told) != 2 || told[0].Kind != store.NoticeFactorRemoved || told[1].Kind != store.NoticeFactorAdded || told[1].IP != browser.IP {
		t.Errorf("the owner was told %+v", told)
	}
}

func TestAppsAreFew(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	for range 5 {
		w.app(ada)
	}
	if _, _, err := w.store.NewAuthenticator(t.Context(), w.fresh(ada)); !errors.Is(err, store.ErrTooManyFactors) {
		t.Errorf("a sixth one: got %v", err)
	}
}

// The secret is not in the file, and not after the account is closed.
func TestSecretsOfAppsAreSealed(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	app := w.app(ada)
	for _, name := range []string{w.path, w.path + "-wal"} {
		content, err := os.ReadFile(name)
		must(t, err)
		if bytes.Contains(content, []byte(app.secret)) {
			t.Errorf("%s holds the secret", name)
		}
	}
	w.closeAccount(ada)
	if n := w.number("SELECT COUNT(*) FROM authenticators"); n != 0 {
		t.Errorf("%d apps of a closed account are left", n)
	}
}

// The phone is proved by the phone: a code of one's own app says nothing of it.
func TestAnOwnAppProvesNoPhone(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	app := w.app(ada)
	must(t, err2(w.byApp(w.start(ada), app.code(0))))
	if !w.phone(ada).ProvedAt.IsZero() {
		t.Error("an app has proved the phone")
	}
	w.signIn(ada)
	if w.phone(ada).ProvedAt.IsZero() {
		t.Error("a tap has not proved the phone")
	}
}
