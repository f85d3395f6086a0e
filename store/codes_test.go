package store_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"nod/store"
)

// send asks for a code and returns how long to wait when it is refused.
func (w *world) send(sess store.Session) (wait time.Duration) {
	w.t.Helper()
	next, err := w.store.AllowCodeSend(w.t.Context(), sess.ID, "sms", "US")
	if wait, limit := w.refused(err); limit != "" {
		return wait
	}
	told, err := w.store.NextCodeSend(w.t.Context(), sess.ID, "US")
	must(w.t, err)
	if !next.Equal(told) {
		w.t.Errorf("the next code may be sent at %v, then at %v", next, told)
	}
	return 0
}

// sends asks for codes at some times, each after the one before, and compares how
// long to wait.
func (w *world) sends(sess store.Session, steps []step) {
	w.t.Helper()
	for i, s := range steps {
		w.clock.Advance(s.after)
		if got := w.send(sess); got != s.wait {
			w.t.Errorf("step %d: got to wait %v, want %v", i, got, s.wait)
		}
		if i%3 == 0 {
			w.restart()
		}
	}
}

type step struct{ after, wait time.Duration }

func TestCodesAreSentWithinLimits(t *testing.T) {
	w := newWorld(t)
	known := w.know(w.user("ada@example.com"))
	sess := w.startIn(known)
	w.sends(sess, []step{
		{0, 0},
		{0, 30 * time.Second},
		{30*time.Second - time.Millisecond, time.Millisecond},
		{time.Millisecond, 0},
		{30 * time.Second, 0}, // the third in 10 minutes
		{30 * time.Second, 8*time.Minute + 30*time.Second},
		{8*time.Minute + 30*time.Second, 0},
		{30 * time.Second, 0}, // the fifth in a day
		{time.Hour, 24*time.Hour - time.Hour - 10*time.Minute - 30*time.Second},
		{24*time.Hour - time.Hour - 10*time.Minute - 30*time.Second, 0},
	})
	if got := w.session(sess.ID).CodeVia; got != "sms" {
		t.Errorf("the session knows of a code by %q, want sms", got)
	}
}

// Who has only the password leaves the owner two codes of the day.
func TestStrangersDoNotUseUpTheCodes(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	known := w.know(ada)
	w.sends(w.start(ada), []step{
		{0, 0},
		{30 * time.Second, 0}, // the second in 10 minutes
		{30 * time.Second, 9 * time.Minute},
		{9 * time.Minute, 0}, // the third of the day
		{time.Hour, 24*time.Hour - time.Hour - 10*time.Minute},
	})
	w.sends(w.startIn(known), []step{{0, 0}, {30 * time.Second, 0}, {time.Hour, 21*time.Hour + 49*time.Minute + 30*time.Second}})
}

// A phone is what is written to, whichever account asks, and whether or not
// there is one any more.
func TestTheLimitsOfAPhoneOutliveTheAccount(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	if wait := w.send(w.start(ada)); wait != 0 {
		t.Fatalf("got to wait %v", wait)
	}
	w.closeAccount(ada)
	again, err := w.store.CreateUser(t.Context(), store.NewUser{Email: "ada@example.com", Password: password, PhoneNumber: ada.PhoneNumber, Handle: "1"})
	must(t, err)
	if wait := w.send(w.start(again)); wait != 30*time.Second {
		t.Errorf("after signing up again: got to wait %v, want 30s", wait)
	}
}

func TestNextCodeSendOfNoneIsNow(t *testing.T) {
	w := newWorld(t)
	got, err := w.store.NextCodeSend(t.Context(), w.start(w.user("ada@example.com")).ID, "US")
	must(t, err)
	if got.After(w.clock.Now()) {
		t.Errorf("got %v, want a time that has passed", got)
	}
}

func TestLimitsOfSendingAreForEachPerson(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.user("ada@example.com"), w.user("bob@example.com")
	for name, wait := range map[string]time.Duration{
		"Ada": w.send(w.start(ada)), "Bob": w.send(w.start(bob)),
	} {
		if wait != 0 {
			t.Errorf("%s has to wait %v", name, wait)
		}
	}
	if wait := w.send(w.start(ada)); wait == 0 {
		t.Error("a new attempt gets around the limit")
	}
}

func TestParallelSendsStayWithinTheLimit(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	sess := w.start(ada)
	var sent atomic.Int64
	race(t, 200, nil, func(int) error {
		_, err := w.store.AllowCodeSend(t.Context(), sess.ID, "sms", "US")
		var limit *store.RateError
		if errors.As(err, &limit) {
			return nil
		}
		sent.Add(1)
		return err
	})
	if got := sent.Load(); got != 1 {
		t.Errorf("of 200 at once %d were sent, want 1", got)
	}
}
