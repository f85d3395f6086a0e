package store_test

import (
	"testing"
	"time"

	"nod/store"
)

// wantSession checks whether a session counts now.
func (w *world) wantSession(id string, counts bool) {
	w.t.Helper()
	got, user, err := w.store.Session(w.t.Context(), id)
	switch {
	case counts && (err != nil || got.ID != id || user.ID != got.UserID):
		w.t.Errorf("got session %+v of %+v and error %v, want it", got, user, err)
	case !counts:
		wantErr(w.t, "session", err, store.ErrNotFound)
		if got != (store.Session{}) || user != (store.User{}) {
			w.t.Errorf("a refused session gives away %+v of %+v", got, user)
		}
	}
}

func TestStartSession(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	sess := w.start(ada)
	want := store.Session{
		ID: sess.ID, UserID: ada.ID, Level: store.PasswordPassed, IP: browser.IP, UserAgent: browser.UserAgent,
		CreatedAt: w.clock.Now(), LastSeenAt: w.clock.Now(), ExpiresAt: w.clock.Now().Add(15 * time.Minute),
	}
	if sess != want || len(sess.ID) < 20 {
		t.Errorf("got %+v, want %+v", sess, want)
	}
	got, user, err := w.store.Session(t.Context(), sess.ID)
	must(t, err)
	if got != want || user != ada {
		t.Errorf("got %+v of %+v,\nwant %+v of %+v", got, user, want, ada)
	}
	if again := w.start(ada); again.ID == sess.ID {
		t.Error("two sessions have one id")
	}
	_, err = w.store.StartSession(t.Context(), 99, "", browser)
	wantErr(t, "unknown user", err, store.ErrNotFound)
}

func TestStartSessionEndsTheOneBefore(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.user("ada@example.com"), w.user("bob@example.com")
	in := w.signIn(ada)
	_, transfer := w.ask(in)
	sess, err := w.store.StartSession(t.Context(), bob.ID, in.ID, browser)
	must(t, err)
	w.wantSession(in.ID, false)
	w.wantSession(sess.ID, true)
	got := w.session(in.ID)
	if got.EndReason != "replaced" || got.ReplacedBy != sess.ID || !got.EndedAt.Equal(w.clock.Now()) {
		t.Errorf("got %+v, want it replaced by %s", got, sess.ID)
	}
	if a := w.approval(transfer.ID); a.Status != store.Cancelled || a.Reason != "superseded" {
		t.Errorf("got request %+v, want it superseded", a)
	}

	// Over a half session: the phone's answer to it counts for nobody.
	a := w.begin(sess)
	next, err := w.store.StartSession(t.Context(), bob.ID, sess.ID, browser)
	must(t, err)
	if _, applied := w.decide(a, store.Approved); applied {
		t.Error("the request of the ended session was approved")
	}
	_, err = w.store.ConfirmLogin(t.Context(), next.ID, browser)
	wantErr(t, "confirm", err, store.ErrNotApproved)

	// A session that has ended already, or never was, is nothing to replace.
	for _, old := range []string{in.ID, "nothing"} {
		_, err := w.store.StartSession(t.Context(), ada.ID, old, browser)
		must(t, err)
	}
	if got := w.session(in.ID); got.ReplacedBy != sess.ID {
		t.Errorf("the end of %s was rewritten: %+v", in.ID, got)
	}
}

func TestStartSessionForNobodyLeavesTheOneBefore(t *testing.T) {
	w := newWorld(t)
	in := w.signIn(w.user("ada@example.com"))
	_, err := w.store.StartSession(t.Context(), 99, in.ID, browser)
	wantErr(t, "unknown user", err, store.ErrNotFound)
	w.wantSession(in.ID, true)
}

func TestSessionsEndByIdlenessAndAge(t *testing.T) {
	tests := []struct {
		name   string
		signed bool
		live   func(w *world, id string)
		counts bool
	}{
		{"signed in, just not idle", true, rest(time.Hour - time.Millisecond), true},
		{"signed in, idle", true, rest(time.Hour), false},
		{"signed in and busy, just not aged", true, busy(24*time.Hour - time.Millisecond), true},
		{"signed in and busy, aged", true, busy(24 * time.Hour), false},
		{"half signed in, just not aged", false, rest(15*time.Minute - time.Millisecond), true},
		{"half signed in, aged", false, rest(15 * time.Minute), false},
		{"half signed in and busy, aged", false, busy(15 * time.Minute), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			ada := w.user("ada@example.com")
			sess := w.start(ada)
			if test.signed {
				sess = w.signIn(ada)
			}
			test.live(w, sess.ID)
			w.wantSession(sess.ID, test.counts)
			if got := w.session(sess.ID); got.ID != sess.ID || !got.EndedAt.IsZero() {
				t.Errorf("asking has changed the session: %+v", got)
			}
		})
	}
}

// rest lets a session lie for d.
func rest(d time.Duration) func(*world, string) {
	return func(w *world, _ string) { w.clock.Advance(d) }
}

// busy uses a session every few minutes for d.
func busy(d time.Duration) func(*world, string) {
	return func(w *world, id string) {
		for end := w.clock.Now().Add(d); w.clock.Now().Before(end); {
			w.wantSession(id, true)
			w.clock.Advance(min(7*time.Minute, end.Sub(w.clock.Now())))
		}
	}
}

func TestLifetimesAreSettings(t *testing.T) {
	w := newWorld(t)
	must(t, w.store.Close())
	var err error
	options := w.options()
	options.SessionIdle, options.SessionMax, options.PendingMax = 2*time.Minute, 5*time.Minute, time.Minute
	w.store, err = store.Open(t.Context(), w.path, options)
	must(t, err)
	ada := w.user("ada@example.com")
	in, half := w.signIn(ada), w.start(ada)
	w.clock.Advance(time.Minute)
	w.wantSession(half.ID, false)
	w.wantSession(in.ID, true)
	w.clock.Advance(2 * time.Minute)
	w.wantSession(in.ID, false)
	if got := in.ExpiresAt.Sub(in.CreatedAt); got != 5*time.Minute {
		t.Errorf("got a life of %v, want 5m", got)
	}
}

// Who waits for a phone does nothing meanwhile: that is not idleness.
func TestAHalfSessionIsNotIdle(t *testing.T) {
	w := newWorld(t)
	must(t, w.store.Close())
	options := w.options()
	options.SessionIdle = time.Minute
	var err error
	w.store, err = store.Open(t.Context(), w.path, options)
	must(t, err)
	half := w.start(w.user("ada@example.com"))
	w.clock.Advance(5 * time.Minute)
	if ended, err := w.store.EndOverdue(t.Context()); len(ended) != 0 || err != nil {
		t.Errorf("got %+v, %v, want none", ended, err)
	}
	w.wantSession(half.ID, true)
}

func TestReadingASessionWritesOnceAMinute(t *testing.T) {
	w := newWorld(t)
	in := w.signIn(w.user("ada@example.com"))
	seen := func() time.Time { return w.session(in.ID).LastSeenAt }
	begun := seen()
	w.clock.Advance(time.Minute - time.Millisecond)
	w.wantSession(in.ID, true)
	if got := seen(); !got.Equal(begun) {
		t.Errorf("within a minute: last seen moved to %v", got)
	}
	w.clock.Advance(time.Millisecond)
	got, _, err := w.store.Session(t.Context(), in.ID)
	must(t, err)
	if want := w.clock.Now(); !seen().Equal(want) || !got.LastSeenAt.Equal(want) {
		t.Errorf("after a minute: got last seen %v, returned %v, want %v", seen(), got.LastSeenAt, want)
	}
}

func TestAnEndedSessionIsDead(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	for _, sess := range []store.Session{w.start(ada), w.signIn(ada)} {
		must(t, w.store.EndSession(t.Context(), sess.ID, "signed_out"))
		w.wantSession(sess.ID, false)
		ended := w.session(sess.ID)
		if ended.EndReason != "signed_out" || !ended.EndedAt.Equal(w.clock.Now()) {
			t.Errorf("got %+v", ended)
		}
		// A request in flight cannot bring it back, a second end not rewrite it.
		w.clock.Advance(2 * time.Minute)
		w.wantSession(sess.ID, false)
		must(t, w.store.EndSession(t.Context(), sess.ID, "cancelled"))
		if got := w.session(sess.ID); got != ended {
			t.Errorf("got %+v, want %+v", got, ended)
		}
		_, _, err := w.store.BeginApproval(t.Context(), sess.ID, store.KindLogin, "", ttl)
		wantErr(t, "begin", err, store.ErrNotFound)
		_, err = w.store.ConfirmByCode(t.Context(), sess.ID, "app", "hash", browser)
		wantErr(t, "code", err, store.ErrNotApproved)
	}
	must(t, w.store.EndSession(t.Context(), "nothing", "signed_out"))
	_, err := w.store.AnySession(t.Context(), "nothing")
	wantErr(t, "unknown", err, store.ErrNotFound)
}

func TestEndSessionCancelsWhatIsPending(t *testing.T) {
	w := newWorld(t)
	sess := w.start(w.user("ada@example.com"))
	a := w.begin(sess)
	must(t, w.store.EndSession(t.Context(), sess.ID, "cancelled"))
	if got := w.approval(a.ID); got.Status != store.Cancelled || got.Reason != "signed_out" || !got.DecidedAt.Equal(w.clock.Now()) {
		t.Errorf("got %+v", got)
	}
	if got, applied := w.decide(a, store.Approved); applied || got.Status != store.Cancelled {
		t.Errorf("a tap after the end: got %+v, %v", got, applied)
	}
}

// An approval given before the session ended is worth nothing after.
func TestAnApprovalDoesNotOutliveItsSession(t *testing.T) {
	w := newWorld(t)
	sess := w.start(w.user("ada@example.com"))
	w.approve(w.begin(sess))
	must(t, w.store.EndSession(t.Context(), sess.ID, "cancelled"))
	_, err := w.store.ConfirmLogin(t.Context(), sess.ID, browser)
	wantErr(t, "confirm", err, store.ErrNotApproved)
}

func TestEndOverdue(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.user("ada@example.com"), w.user("bob@example.com")
	idle := w.signIn(ada)
	half := w.start(bob)
	w.clock.Advance(14 * time.Minute)
	a := w.begin(half)
	if got, err := w.store.EndOverdue(t.Context()); len(got) != 0 || err != nil {
		t.Errorf("before their time: got %+v, %v", got, err)
	}
	w.clock.Advance(46 * time.Minute)
	fresh := w.signIn(ada)

	ended, err := w.store.EndOverdue(t.Context())
	must(t, err)
	why := map[string]string{}
	for _, sess := range ended {
		why[sess.ID] = string(sess.EndReason)
	}
	if len(why) != 2 || why[idle.ID] != "idle" || why[half.ID] != "expired" {
		t.Errorf("got %v, want %s idle and %s expired", why, idle.ID, half.ID)
	}
	if got := w.approval(a.ID); got.Status != store.Expired {
		t.Errorf("got its request %+v, want it expired", got)
	}
	w.wantSession(fresh.ID, true)
	if again, err := w.store.EndOverdue(t.Context()); len(again) != 0 || err != nil {
		t.Errorf("a second time: got %+v, %v", again, err)
	}
}
