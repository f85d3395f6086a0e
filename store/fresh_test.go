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
	a, _, err := w.store.BeginConfirm(w.t.Context(), in.ID, subject, ttl)
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
	_, _, err := w.store.BeginConfirm(t.Context(), in.ID, toClose, ttl)
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
	if a := w.approval(pending.ID); a.Status != store.Cancelled {
		t.Errorf("the request to the phone is %s", a.Status)
	}
	_, err = w.store.ConfirmChangeByCode(t.Context(), got.ID, store.MethodSMS, "hash", browser)
	wantErr(t, "the same code", err, store.ErrCodeUsed)
	half := w.start(ada)
	_, err = w.store.ConfirmChangeByCode(t.Context(), half.ID, store.MethodSMS, "another", browser)
	wantErr(t, "a half session", err, store.ErrNotFound)
}

// A session that is not fresh changes nothing, nor does one that has ended.
func TestAChangeNeedsAFreshSession(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	other := w.signIn(ada)
	in := w.signIn(ada)
	change := func(what string, want error) {
		t.Helper()
		_, err := w.store.EndOther(t.Context(), in.ID, other.ID, browser)
		wantErr(t, what+": ending another", err, want)
		_, err = w.store.EndOthers(t.Context(), in.ID, browser)
		wantErr(t, what+": ending others", err, want)
		_, _, err = w.store.ChangePassword(t.Context(), in.ID, "another password", true, browser)
		wantErr(t, what+": another password", err, want)
	}
	w.clock.Advance(10 * time.Minute)
	change("too old", store.ErrNotFresh)
	must(t, w.store.EndSession(t.Context(), in.ID, store.ReasonSignedOut))
	change("signed out", store.ErrNotFound)
	w.wantSession(other.ID, true)
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
	got, ended, err := w.store.ChangePassword(t.Context(), in.ID, "another password", false, browser)
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
	_, ended, err = w.store.ChangePassword(t.Context(), got.ID, password, true, browser)
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
