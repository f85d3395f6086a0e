package store_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nod/store"
)

const toClose = "change.close"

// asksToChange rings the phone about a change in a session.
func (w *world) asksToChange(in store.Session, subject string) store.Approval {
	w.t.Helper()
	a, _, err := w.store.BeginConfirm(w.t.Context(), in.ID, subject, "", ttl)
	must(w.t, err)
	return w.attach(a)
}

func TestConfirmChange(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	in := w.signIn(ada)
	w.clock.Advance(20 * time.Minute)
	a := w.asksToChange(in, toClose)
	_, err := w.store.ConfirmChange(t.Context(), in.ID, toClose, browser)
	wantErr(t, "before the tap", err, store.ErrNotApproved)
	w.approve(a)
	_, err = w.store.ConfirmChange(t.Context(), in.ID, "change.password", browser)
	wantErr(t, "another change", err, store.ErrNotApproved)
	_, err = w.store.ConfirmLogin(t.Context(), in.ID, browser)
	wantErr(t, "a login by it", err, store.ErrNotApproved)

	got, err := w.store.ConfirmChange(t.Context(), in.ID, toClose, browser)
	must(t, err)
	want := in
	want.ID, want.LastSeenAt, want.FreshUntil = got.ID, w.clock.Now(), w.clock.Now().Add(10*time.Minute)
	if got != want || w.session(got.ID) != want {
		t.Errorf("got %+v,\nwant %+v", got, want)
	}
	if old := w.session(in.ID); old.EndReason != store.ReasonRekeyed || old.ReplacedBy != got.ID {
		t.Errorf("the session before reads %+v", old)
	}
	_, err = w.store.ConfirmChange(t.Context(), got.ID, toClose, browser)
	wantErr(t, "a second time", err, store.ErrNotApproved)
	events := w.events(ada)
	if last := events[len(events)-1]; last != "change_confirmed" {
		t.Errorf("the last line is %s", last)
	}
}

// Of many who use one approval at once, one does.
func TestAChangeIsConfirmedOnce(t *testing.T) {
	w := newWorld(t)
	in := w.signIn(w.user("ada@example.com"))
	w.approve(w.asksToChange(in, toClose))
	var confirmed atomic.Int32
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			_, err := w.store.ConfirmChange(t.Context(), in.ID, toClose, browser)
			if err == nil {
				confirmed.Add(1)
			} else if !errors.Is(err, store.ErrNotApproved) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got := confirmed.Load(); got != 1 {
		t.Errorf("%d have used the approval, want 1", got)
	}
}

// A Deny holds for the session, whatever is tried after it; a new sign-in begins
// anew.
func TestADeniedChangeHoldsForItsSession(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	in := w.signIn(ada)
	w.decide(w.asksToChange(in, toClose), store.Denied)
	_, _, err := w.store.BeginConfirm(t.Context(), in.ID, toClose, "", ttl)
	wantErr(t, "asking again", err, store.ErrNotApproved)
	_, err = w.store.ConfirmChangeByCode(t.Context(), in.ID, store.MethodApp, "hash", browser)
	wantErr(t, "a code", err, store.ErrNotApproved)
	w.asksToChange(w.signIn(ada), toClose)
}

func TestConfirmChangeByCode(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	in := w.signIn(ada)
	pending := w.asksToChange(in, toClose)
	got, err := w.store.ConfirmChangeByCode(t.Context(), in.ID, store.MethodSMS, "hash", browser)
	must(t, err)
	if a := w.approval(pending.ID); a.Status != store.Cancelled || a.Reason != store.ReasonOtherMethod {
		t.Errorf("the request to the phone is %s, %s", a.Status, a.Reason)
	}
	_, err = w.store.ConfirmChangeByCode(t.Context(), got.ID, store.MethodSMS, "hash", browser)
	wantErr(t, "the same code", err, store.ErrCodeUsed)
	half := w.start(ada)
	_, err = w.store.ConfirmChangeByCode(t.Context(), half.ID, store.MethodSMS, "another", browser)
	wantErr(t, "a half session", err, store.ErrNotFound)
}

// changes are what the owner of an account may do to it, each from a session.
func (w *world) changes(other store.Session, app, begun appOf, n store.Notice) map[string]func(id string) error {
	ctx, s := w.t.Context(), w.store
	return map[string]func(string) error{
		"ending another": func(id string) error { return err2(s.EndOther(ctx, id, other.ID, browser)) },
		"ending others":  func(id string) error { return err2(s.EndOthers(ctx, id, browser)) },
		"another password": func(id string) error {
			_, _, err := s.ChangePassword(ctx, id, store.PasswordChange{Password: "another password", Everywhere: true}, browser)
			return err
		},
		"another app": func(id string) error {
			_, _, err := s.NewAuthenticator(ctx, id)
			return err
		},
		"its first code":     func(id string) error { return s.ProveAuthenticator(ctx, id, begun.id, "x", begun.code(0), browser) },
		"removing an app":    func(id string) error { return s.RemoveAuthenticator(ctx, id, app.id, browser) },
		"recovery codes":     func(id string) error { return err2(s.MakeRecoveryCodes(ctx, id, browser)) },
		"removing the codes": func(id string) error { return s.RemoveRecoveryCodes(ctx, id, browser) },
		"removing a browser": func(id string) error { return s.RevokeDevice(ctx, id, 1, plainly, browser) },
		"removing browsers":  func(id string) error { return s.RevokeDevices(ctx, id, browser) },
		"another phone": func(id string) error {
			return err2(s.BeginPhoneChange(ctx, id, store.NewPhone{PhoneNumber: "+12015550177", CountryCode: 1}, "", ttl, browser))
		},
		"an answer": func(id string) error {
			return err2(s.AnswerNotice(ctx, store.Session{ID: id}, n.ID, store.AnswerMe))
		},
		"closing": func(id string) error { return err2(s.CloseAccount(ctx, id)) },
	}
}

// A session that is not fresh changes nothing, nor does one that has ended: the
// transaction that acts says so, whoever asked before it.
func TestAChangeNeedsAFreshSession(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	w.signInFrom(ada, bringing("", "hers"))
	codes := w.recoveryCodes(ada)
	app := w.app(ada)
	other := w.signIn(ada)
	in := w.signIn(ada)
	w.tell(ada, store.NoticePasswordChanged)
	w.clock.Advance(9 * time.Minute)
	begun := w.begun(ada)
	changes := w.changes(other, app, begun, w.newestNotice(ada))
	w.clock.Advance(time.Minute)
	before := w.events(ada)
	for what, change := range changes {
		wantErr(t, "too old: "+what, change(in.ID), store.ErrNotFresh)
	}
	wantEqual(t, w.events(ada), before)
	must(t, w.store.EndSession(t.Context(), in.ID, store.ReasonSignedOut))
	for what, change := range changes {
		wantErr(t, "signed out: "+what, change(in.ID), store.ErrNotFound)
	}
	w.wantSession(other.ID, true)
	must(t, err2(w.byApp(w.start(ada), app.code(0))))
	must(t, err2(w.recover(w.start(ada), codes[0], browser)))
	if _, err := w.store.Authenticate(t.Context(), ada.Email, password); err != nil {
		t.Errorf("the password: %v", err)
	}
}

func TestEndOtherSessions(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.user("ada@example.com"), w.user("bob@example.com")
	bobs, half, other, in := w.signIn(bob), w.start(ada), w.signIn(ada), w.signIn(ada)
	listed, err := w.store.Sessions(t.Context(), ada.ID)
	must(t, err)
	if len(listed) != 2 {
		t.Errorf("got %+v, want two sessions", listed)
	}
	for what, id := range map[string]string{"somebody else's": bobs.ID, "this one": in.ID, "none": "none"} {
		_, err := w.store.EndOther(t.Context(), in.ID, id, browser)
		wantErr(t, what, err, store.ErrNotFound)
	}
	ended, err := w.store.EndOther(t.Context(), in.ID, other.ID, browser)
	must(t, err)
	if ended.ID != other.ID || ended.EndReason != store.ReasonEndedByOwner {
		t.Errorf("got %+v", ended)
	}
	all, err := w.store.EndOthers(t.Context(), in.ID, browser)
	must(t, err)
	if len(all) != 1 || all[0].ID != half.ID {
		t.Errorf("ended %+v", all)
	}
	w.wantSession(in.ID, true)
	w.wantSession(bobs.ID, true)
	wantEqual(t, w.notices(ada)[:2], []string{"signed_out", "signed_out"})
}

func TestChangePassword(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	half, other, in := w.start(ada), w.signIn(ada), w.signIn(ada)
	got, ended, err := w.store.ChangePassword(t.Context(), in.ID, store.PasswordChange{Password: "another password"}, browser)
	must(t, err)
	if len(ended) != 1 || ended[0].ID != half.ID {
		t.Errorf("ended %+v", ended)
	}
	w.wantSession(other.ID, true)
	w.wantSession(in.ID, false)
	w.wantSession(got.ID, true)
	_, err = w.store.Authenticate(t.Context(), ada.Email, password)
	wantErr(t, "the password before", err, store.ErrInvalidCredentials)
	if _, err := w.store.Authenticate(t.Context(), ada.Email, "another password"); err != nil {
		t.Errorf("the password now: %v", err)
	}
	_, ended, err = w.store.ChangePassword(t.Context(), got.ID, store.PasswordChange{Password: password, Everywhere: true}, browser)
	must(t, err)
	if len(ended) != 1 || ended[0].ID != other.ID {
		t.Errorf("ended %+v", ended)
	}
	if newest := w.notices(ada)[0]; newest != "password_changed" {
		t.Errorf("the newest notice is %s", newest)
	}
}

// What waits in a session goes on in the one that takes its place.
func TestARenewedSessionTakesItsTransfersAlong(t *testing.T) {
	w := newWorld(t)
	in := w.signIn(w.user("ada@example.com"))
	transfer, a, err := w.store.BeginTransfer(t.Context(), in.ID, rent, ttl)
	must(t, err)
	got, err := w.store.RenewSession(t.Context(), in.ID, browser)
	must(t, err)
	if got.FreshUntil != in.FreshUntil || got.ExpiresAt != in.ExpiresAt {
		t.Errorf("got %+v of %+v", got, in)
	}
	w.approve(w.attach(a))
	_, err = w.store.ExecuteTransfer(t.Context(), in.ID, transfer.ID, rent)
	wantErr(t, "by the session before", err, store.ErrNotFound)
	_, err = w.store.ExecuteTransfer(t.Context(), got.ID, transfer.ID, rent)
	must(t, err)
}
