package store_test

import (
	"testing"
	"time"

	"nod/store"
)

func TestWaitSaysHowASignInStands(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	read := func(sess store.Session) store.Wait {
		t.Helper()
		got, err := w.store.Wait(t.Context(), sess.ID)
		must(t, err)
		return got
	}
	sess := w.start(ada)
	if got := read(sess); !got.Counts || got.Level != store.PasswordPassed || got.Request.Status != "" {
		t.Errorf("before a request: got %+v", got)
	}
	a := w.begin(sess)
	if got := read(sess).Request; got.Status != store.Pending || got.Number != a.Number || !got.ExpiresAt.Equal(a.ExpiresAt) {
		t.Errorf("pending: got %+v, want what is in %+v", got, a)
	}
	w.clock.Advance(ttl)
	if got := read(sess).Request.Status; got != store.Expired {
		t.Errorf("past its deadline: got %s", got)
	}

	// A newer request is the one that counts, also when it was denied.
	sess = w.start(ada)
	w.begin(sess)
	w.decide(w.begin(sess), store.Denied)
	if got := read(sess); got.Request.Status != store.Denied || !got.Counts {
		t.Errorf("denied: got %+v", got)
	}
	must(t, w.store.EndSession(t.Context(), sess.ID, "signed_out"))
	if got := read(sess); got.Counts || got.EndReason != "signed_out" || got.EndedAt.IsZero() {
		t.Errorf("signed out: got %+v", got)
	}

	// A sign-in under way does not end by rest; both reads say the same of it.
	sess = w.start(ada)
	for _, rest := range []time.Duration{0, 10 * time.Minute, 10 * time.Minute} {
		w.clock.Advance(rest)
		_, _, err := w.store.Session(t.Context(), sess.ID)
		if got := read(sess).Counts; got != (err == nil) {
			t.Errorf("the sign-in under way counts: got %v, but the session reads with %v", got, err)
		}
	}

	in := w.signIn(ada)
	if got := read(in); !got.Counts || got.Level != store.SignedIn {
		t.Errorf("signed in: got %+v", got)
	}
	w.clock.Advance(61 * time.Minute)
	if got := read(in); got.Counts {
		t.Errorf("idle for too long: got %+v", got)
	}
	_, err := w.store.Wait(t.Context(), "nobody")
	wantErr(t, "an unknown session", err, store.ErrNotFound)
}

// Every change that a page shows raises the revision of its session, and
// nothing else does: so what a page hears can be put in order.
func TestTheRevisionGrowsWithEveryChange(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	sess, other := w.start(ada), w.start(w.user("bob@example.com"))
	last := int64(0)
	grows := func(step string, sess store.Session) {
		t.Helper()
		got, err := w.store.Wait(t.Context(), sess.ID)
		must(t, err)
		if got.Revision <= last {
			t.Errorf("%s: revision %d after %d", step, got.Revision, last)
		}
		last = got.Revision
	}
	grows("start", sess)
	first := w.begin(sess)
	grows("a request", sess)
	w.begin(sess)
	grows("a newer request", sess)
	if a := w.approval(first.ID); a.Status != store.Cancelled {
		t.Fatalf("the first request is %s", a.Status)
	}
	w.clock.Advance(ttl)
	_, err := w.store.ExpireDue(t.Context())
	must(t, err)
	grows("expired", sess)
	w.decide(w.begin(sess), store.Denied)
	grows("denied", sess)
	w.approve(w.begin(sess))
	grows("approved", sess)
	in, err := w.store.ConfirmLogin(t.Context(), sess.ID, browser)
	must(t, err)
	grows("signed in", sess)

	grows("a new session", in)
	tr, a := w.ask(in)
	grows("a transfer", in)
	w.approve(a)
	grows("approved", in)
	_, err = w.store.ExecuteTransfer(t.Context(), in.ID, tr.ID, rent)
	must(t, err)
	grows("executed", in)
	must(t, w.store.EndSession(t.Context(), in.ID, store.ReasonSignedOut))
	grows("ended", in)
	grows("the next sign-in", w.start(ada))
	if got, err := w.store.Wait(t.Context(), other.ID); err != nil || got.Revision != 1 {
		t.Errorf("another session has revision %d, %v", got.Revision, err)
	}
}
