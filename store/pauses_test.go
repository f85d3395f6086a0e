package store_test

import (
	"errors"
	"testing"
	"time"

	"nod/store"
)

// ring begins a login as a flow does, however often others did, and says whether
// its phone rings.
func (w *world) ring(u store.User) (a store.Approval, rings bool) {
	w.t.Helper()
	w.leaveOut(store.ActPush, store.ActTakeOver)
	a, _, err := w.store.BeginLogin(w.t.Context(), w.start(u).ID, "", ttl)
	must(w.t, err)
	return w.attach(a), a.Status == store.Pending
}

// deny taps Deny on a new login.
func (w *world) deny(u store.User) store.Approval {
	w.t.Helper()
	a, rings := w.ring(u)
	if _, applied := w.decide(a, store.Denied); !rings || !applied {
		w.t.Fatalf("rings: %v, denied: %v", rings, applied)
	}
	return a
}

func (w *world) wantRings(u store.User, want bool) {
	w.t.Helper()
	if _, rings := w.ring(u); rings != want {
		w.t.Errorf("the phone rings: %v, want %v", rings, want)
	}
}

func TestTheSecondDenialPausesForAnHour(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.user("ada@example.com"), w.user("bob@example.com")
	in := w.signIn(ada)
	w.deny(ada)
	wantEqual(t, w.notices(ada), []string{"denied"})
	w.wantRings(ada, true)
	w.deny(ada)
	wantEqual(t, w.notices(ada), []string{"paused", "denied", "denied"})
	w.wantRings(ada, false)
	w.wantRings(bob, true)
	until, err := w.store.PausedUntil(t.Context(), ada.ID, store.KindLogin)
	must(t, err)
	if want := w.clock.Now().Add(time.Hour); !until.Equal(want) {
		t.Errorf("got a pause until %v, want %v", until, want)
	}
	// Whatever a request is for.
	var paused *store.RateError
	_, _, err = w.store.BeginTransfer(t.Context(), in.ID, store.Transfer{Payee: "Bob", AmountMinor: 1, Currency: "EUR"}, ttl)
	if !errors.As(err, &paused) || !paused.RetryAt.Equal(until) || paused.Limit != store.LimitPaused {
		t.Errorf("a transfer: got %v", err)
	}
	_, _, err = w.store.BeginConfirm(t.Context(), in.ID, "subject", "", ttl)
	if !errors.As(err, &paused) {
		t.Errorf("another request: got %v", err)
	}
	w.clock.Advance(time.Hour)
	w.wantRings(ada, true)
}

// After a pause one denial is enough, until an approval says that all is well.
func TestAnApprovalForgetsDenials(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	w.deny(ada)
	w.signIn(ada)
	w.deny(ada)
	w.wantRings(ada, true)
	w.deny(ada)
	w.wantRings(ada, false)
	w.clock.Advance(time.Hour)
	w.deny(ada)
	w.wantRings(ada, false)
}

// denyTransfer taps Deny on a new transfer of a session.
func (w *world) denyTransfer(in store.Session) {
	w.t.Helper()
	_, a, err := w.store.BeginTransfer(w.t.Context(), in.ID, bobs, ttl)
	must(w.t, err)
	w.decide(w.attach(a), store.Denied)
}

var bobs = store.Transfer{Payee: "Bob", AmountMinor: 1, Currency: "EUR"}

// Beside the denial of a sign-in that of a transfer counts as any other, whichever came
// first.
func TestADenialOfATransferCounts(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.user("ada@example.com"), w.user("bob@example.com")
	w.denyTransfer(w.signIn(ada))
	w.deny(ada)
	w.wantRings(ada, false)

	in := w.signIn(bob)
	w.deny(bob)
	w.denyTransfer(in)
	w.wantRings(bob, false)
}

// Whoever denies their own transfers still signs in with a tap: the phone is not asked
// about transfers alone. That ends as any pause does.
func TestDeniedTransfersPauseTransfers(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	in := w.signIn(ada)
	w.denyTransfer(in)
	w.denyTransfer(in)
	wantEqual(t, w.notices(ada), []string{"transfers_paused", "denied", "denied"})
	var paused *store.RateError
	_, _, err := w.store.BeginTransfer(t.Context(), in.ID, bobs, ttl)
	if want := w.clock.Now().Add(time.Hour); !errors.As(err, &paused) || paused.Limit != store.LimitPaused || !paused.RetryAt.Equal(want) {
		t.Errorf("a third transfer: got %v", err)
	}
	_, _, err = w.store.BeginConfirm(t.Context(), in.ID, "subject", "", ttl)
	must(t, err)
	w.wantRings(ada, true)
	w.deny(ada) // and now somebody else is at it
	w.wantRings(ada, false)
	w.clock.Advance(time.Hour)
	w.denyTransfer(w.signIn(ada)) // an approval has forgotten those before
	w.wantRings(ada, true)
}

// A denial says who asked, as far as anybody knows.
func TestADenialIsShownToTheOwner(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	w.signIn(ada)
	a := w.deny(ada)
	w.decide(a, store.Denied) // delivered twice
	got := w.newestNotice(ada)
	want := store.Notice{ID: got.ID, UserID: ada.ID, Kind: store.NoticeDenied, At: w.clock.Now(), Detail: "login",
		IP: browser.IP, UserAgent: browser.UserAgent, SessionID: a.SessionID, ApprovalID: a.ID}
	if got != want {
		t.Errorf("got %+v,\nwant %+v", got, want)
	}
	wantEqual(t, w.notices(ada), []string{"denied"})
}

// A sign-up has no owner yet: its number may be somebody else's, who then denies. Whoever
// proves a phone later is not told of that; for the limits it counts.
func TestADenialOfASignUpIsNoQuestion(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	w.deny(ada)
	wantEqual(t, w.notices(ada), []string{})
	w.deny(ada)
	w.wantRings(ada, false)
}

func TestNotMePausesAtOnce(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.user("ada@example.com"), w.user("bob@example.com")
	in := w.signIn(ada)
	w.deny(ada)
	n := w.newestNotice(ada)
	_, err := w.store.AnswerNotice(t.Context(), w.signIn(bob), n.ID, store.AnswerNotMe)
	wantErr(t, "the notice of somebody else", err, store.ErrNotFound)

	ringing, _ := w.ring(ada)
	ended, err := w.store.AnswerNotice(t.Context(), in, n.ID, store.AnswerNotMe)
	must(t, err)
	if len(ended) != 1 || ended[0].ID != ringing.ID || ended[0].Reason != store.ReasonPushPaused {
		t.Errorf("ended %+v", ended)
	}
	w.wantRings(ada, false)
	wantEqual(t, w.notices(ada), []string{"paused"})
	_, err = w.store.AnswerNotice(t.Context(), in, n.ID, store.AnswerMe)
	wantErr(t, "a second answer", err, store.ErrNotFound)
	_, err = w.store.AnswerNotice(t.Context(), in, w.newestNotice(ada).ID, store.AnswerMe)
	wantErr(t, "a notice that asks nothing", err, store.ErrNotFound)
	events := w.events(ada)
	wantEqual(t, events[len(events)-4:], []string{"approval_cancelled", "pushes_paused", "session_started", "approval_cancelled"})
}

// A browser that was not hers is no better known than a stranger's, and hers is.
func TestNotMeForgetsTheBrowser(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	w.signInFrom(ada, bringing("", "hers"))
	w.clock.Advance(time.Second)
	other := bringing("", "strangers")
	other.UserAgent = "Other/2.0"
	w.signInFrom(ada, other)
	w.clock.Advance(time.Second)
	in := w.inByCode(ada, "one", bringing("hers", ""))
	_, err := w.store.AnswerNotice(t.Context(), in, w.newestNotice(ada).ID, store.AnswerNotMe)
	must(t, err)
	w.wantKnown(ada, "strangers", false)
	w.wantKnown(ada, "hers", true)

	// What she has denied by mistake, in this very browser, costs her nothing.
	asked, err := w.store.StartSession(t.Context(), ada.ID, "", bringing("hers", ""))
	must(t, err)
	must(t, w.store.EndPause(t.Context(), in))
	w.decide(w.begin(asked), store.Denied)
	_, err = w.store.AnswerNotice(t.Context(), in, w.newestNotice(ada).ID, store.AnswerNotMe)
	must(t, err)
	w.wantKnown(ada, "hers", true)
}

// A denial by mistake does not count.
func TestItWasMeForgetsDenials(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	in := w.signIn(ada)
	w.deny(ada)
	_, err := w.store.AnswerNotice(t.Context(), in, w.newestNotice(ada).ID, store.AnswerMe)
	must(t, err)
	wantEqual(t, w.notices(ada), nil)
	w.deny(ada)
	w.wantRings(ada, true)
}

// inByCode signs in by a code, from a browser that may be known.
func (w *world) inByCode(u store.User, code string, c store.Client) store.Session {
	w.t.Helper()
	sess, err := w.store.StartSession(w.t.Context(), u.ID, "", c)
	must(w.t, err)
	in, err := w.store.ConfirmByCode(w.t.Context(), sess.ID, store.MethodApp, code, c)
	must(w.t, err)
	return in
}

func TestAKnownBrowserEndsAPauseAfterACode(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	w.signInFrom(ada, bringing("", "hers"))
	before := w.inByCode(ada, "one", bringing("hers", ""))
	w.clock.Advance(time.Second)
	w.deny(ada)
	w.deny(ada)
	strange := w.inByCode(ada, "two", bringing("", "strange"))
	again := w.inByCode(ada, "two again", bringing("strange", ""))
	must(t, err2(w.store.AnswerNotice(t.Context(), before, w.newestNotice(ada).ID, store.AnswerMe)))
	after := w.inByCode(ada, "three", bringing("hers", ""))
	for _, test := range []struct {
		what        string
		sess        store.Session
		can, byCode bool
	}{
		{"a session from before", before, false, true},
		{"a browser that was not known", strange, false, false},
		{"one that was not known before the pause", again, false, false},
		{"a known one, after a code", after, true, true},
	} {
		now, byCode, err := w.store.CanEndPause(t.Context(), test.sess.ID)
		must(t, err)
		if now != test.can || byCode != test.byCode {
			t.Errorf("%s: may end the pause: %v, by a code: %v", test.what, now, byCode)
		}
		err = w.store.EndPause(t.Context(), test.sess)
		if test.can {
			must(t, err)
		} else {
			wantErr(t, test.what, err, store.ErrNotFound)
		}
		w.wantRings(ada, test.can)
	}
	wantErr(t, "there is no pause", w.store.EndPause(t.Context(), after), store.ErrNotFound)
	w.deny(ada) // the first again
	w.wantRings(ada, true)
	if n := w.number(`SELECT COUNT(*) FROM events WHERE kind = 'pause_ended'`); n != 1 {
		t.Errorf("got %d lines of an ended pause", n)
	}
}

// A tap of a pause that began before says nothing of now.
func TestATapEndsNoPause(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	w.signInFrom(ada, bringing("", "hers"))
	w.clock.Advance(time.Second)
	first, _ := w.ring(ada)
	w.decide(first, store.Denied)
	sess, err := w.store.StartSession(t.Context(), ada.ID, "", bringing("hers", ""))
	must(t, err)
	tap := w.begin(sess)
	w.approve(tap)
	in, err := w.store.ConfirmLogin(t.Context(), sess.ID, bringing("hers", ""))
	must(t, err)
	_, err = w.store.AnswerNotice(t.Context(), in, w.newestNotice(ada).ID, store.AnswerNotMe)
	must(t, err)
	wantErr(t, "by a tap", w.store.EndPause(t.Context(), in), store.ErrNotFound)
}

// A mis-tap is taken back by a code in the very session that has tapped.
func TestACodeEndsThePauseOfOnesOwn(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	w.signInFrom(ada, bringing("", "hers"))
	w.clock.Advance(time.Second)
	in := w.inByCode(ada, "one", bringing("hers", ""))
	w.deny(ada)
	w.clock.Advance(time.Second)
	_, err := w.store.AnswerNotice(t.Context(), in, w.newestNotice(ada).ID, store.AnswerNotMe)
	must(t, err)
	wantErr(t, "before the code", w.store.EndPause(t.Context(), in), store.ErrNotFound)
	w.clock.Advance(time.Second)
	renewed, err := w.store.RenewSession(t.Context(), in.ID, bringing("hers", ""))
	must(t, err)
	wantErr(t, "under another id", w.store.EndPause(t.Context(), renewed), store.ErrNotFound)
	after, err := w.store.ConfirmChangeByCode(t.Context(), renewed.ID, store.MethodSMS, "two", bringing("hers", ""))
	must(t, err)
	must(t, w.store.EndPause(t.Context(), after))
	w.wantRings(ada, true)
}

// Who was signed in by a code before the upgrade has given one.
func TestUpgradeKnowsTheCodesOfSessions(t *testing.T) {
	w := oldWorld(t)
	if n := w.number(`SELECT COUNT(*) FROM sessions WHERE (code_at > 0) <> (level = 2 AND method <> 'push')`); n != 0 {
		t.Errorf("%d sessions have no code of theirs, or one that they never gave", n)
	}
	if n := w.number(`SELECT COUNT(*) FROM sessions WHERE level = 2`); n == 0 {
		t.Error("nobody was signed in")
	}
}
