package store_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"nod/store"
)

// send asks for a code and returns how long to wait when it is refused.
func (w *world) send(u store.User, sess store.Session) (wait time.Duration) {
	w.t.Helper()
	next, err := w.store.AllowCodeSend(w.t.Context(), u.ID, sess.ID, "sms")
	var limit *store.RateError
	if errors.As(err, &limit) {
		return limit.RetryAt.Sub(w.clock.Now())
	}
	must(w.t, err)
	told, err := w.store.NextCodeSend(w.t.Context(), u.ID)
	must(w.t, err)
	if !next.Equal(told) {
		w.t.Errorf("the next code may be sent at %v, then at %v", next, told)
	}
	return 0
}

func TestCodesAreSentWithinLimits(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	sess := w.start(ada)
	steps := []struct {
		after, wait time.Duration
	}{
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
	}
	for i, step := range steps {
		w.clock.Advance(step.after)
		if got := w.send(ada, sess); got != step.wait {
			t.Errorf("step %d: got to wait %v, want %v", i, got, step.wait)
		}
		if i%3 == 0 {
			w.restart()
		}
	}
	if got := w.session(sess.ID).CodeVia; got != "sms" {
		t.Errorf("the session knows of a code by %q, want sms", got)
	}
}

func TestNextCodeSendOfNoneIsNow(t *testing.T) {
	w := newWorld(t)
	got, err := w.store.NextCodeSend(t.Context(), w.user("ada@example.com").ID)
	must(t, err)
	if got.After(w.clock.Now()) {
		t.Errorf("got %v, want a time that has passed", got)
	}
}

func TestLimitsOfSendingAreForEachPerson(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.user("ada@example.com"), w.user("bob@example.com")
	adas, bobs := w.start(ada), w.start(bob)
	for name, wait := range map[string]time.Duration{
		"Ada": w.send(ada, adas), "Bob": w.send(bob, bobs),
	} {
		if wait != 0 {
			t.Errorf("%s has to wait %v", name, wait)
		}
	}
	if wait := w.send(ada, w.start(ada)); wait == 0 {
		t.Error("a new attempt gets around the limit")
	}
	// A session of another is not told of a code that it did not send.
	w.clock.Advance(time.Minute)
	_, err := w.store.AllowCodeSend(t.Context(), ada.ID, bobs.ID, "call")
	must(t, err)
	if got := w.session(bobs.ID).CodeVia; got != "sms" {
		t.Errorf("Bob's session says %q, want sms", got)
	}
}

func TestParallelSendsStayWithinTheLimit(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	sess := w.start(ada)
	var sent atomic.Int64
	race(t, 200, nil, func(int) error {
		_, err := w.store.AllowCodeSend(t.Context(), ada.ID, sess.ID, "sms")
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

func TestSpendCodeTry(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	sess := w.start(ada)
	a := w.begin(sess)
	for want := 4; want >= 0; want-- {
		left, err := w.store.SpendCodeTry(t.Context(), sess.ID)
		must(t, err)
		if left != want || w.session(sess.ID).CodeTries != 5-want {
			t.Errorf("got %d left and %d spent, want %d and %d", left, w.session(sess.ID).CodeTries, want, 5-want)
		}
	}
	w.wantSession(sess.ID, true)
	for range 2 {
		_, err := w.store.SpendCodeTry(t.Context(), sess.ID)
		wantErr(t, "the sixth", err, store.ErrNoTriesLeft)
	}
	w.wantSession(sess.ID, false)
	if got := w.session(sess.ID); got.EndReason != "too_many_codes" {
		t.Errorf("got %+v", got)
	}
	if got := w.approval(a.ID); got.Status != store.Cancelled {
		t.Errorf("got its request %+v, want it cancelled", got)
	}
	_, err := w.store.ConfirmByCode(t.Context(), sess.ID, "app", "hash", browser)
	wantErr(t, "a right code after the end", err, store.ErrNotApproved)

	left, err := w.store.SpendCodeTry(t.Context(), w.start(ada).ID)
	if left != 4 || err != nil {
		t.Errorf("a new attempt: got %d, %v", left, err)
	}
}

// A try is given back for the code that was unanswered last, once, and never in a
// session that is over.
func TestReturnCodeTry(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	sess, other := w.start(ada), w.start(ada)
	for _, id := range []string{sess.ID, sess.ID, other.ID} {
		_, err := w.store.SpendCodeTry(t.Context(), id)
		must(t, err)
	}
	wantReturned := func(what string, sess store.Session, code string, want bool, spent int) {
		t.Helper()
		got, err := w.store.ReturnCodeTry(t.Context(), sess.ID, code)
		must(t, err)
		if tries := w.session(sess.ID).CodeTries; got != want || tries != spent {
			t.Errorf("%s: returned: %v, %d spent; want %v, %d", what, got, tries, want, spent)
		}
	}
	wantReturned("nothing is unanswered", sess, "a", false, 2)
	must(t, w.store.NoteUnanswered(t.Context(), sess.ID, "a"))
	must(t, w.store.NoteUnanswered(t.Context(), sess.ID, "b"))
	w.restart()
	wantReturned("the one before", sess, "a", false, 2)
	wantReturned("another session", other, "b", false, 1)
	wantReturned("the last", sess, "b", true, 1)
	wantReturned("the last again", sess, "b", false, 1)

	must(t, w.store.NoteUnanswered(t.Context(), sess.ID, "c"))
	must(t, w.store.EndSession(t.Context(), sess.ID, "cancelled"))
	wantReturned("the end", sess, "c", false, 1)
	if got := w.number(`SELECT COUNT(*) FROM code_tries`); got != 3 {
		t.Errorf("%d tries of the day are left, want 3", got)
	}
}

func TestParallelRepeatsGiveOneTryBack(t *testing.T) {
	w := newWorld(t)
	sess := w.start(w.user("ada@example.com"))
	_, err := w.store.SpendCodeTry(t.Context(), sess.ID)
	must(t, err)
	must(t, w.store.NoteUnanswered(t.Context(), sess.ID, "a"))
	var returned atomic.Int64
	race(t, 200, nil, func(int) error {
		back, err := w.store.ReturnCodeTry(t.Context(), sess.ID, "a")
		if back {
			returned.Add(1)
		}
		return err
	})
	if got := w.session(sess.ID).CodeTries; returned.Load() != 1 || got != 0 {
		t.Errorf("%d tries were given back and %d are spent, want 1 and 0", returned.Load(), got)
	}
}

func TestSpendCodeTryNeedsAnOpenAttempt(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	ended, in, aged := w.start(ada), w.signIn(ada), w.start(ada)
	must(t, w.store.EndSession(t.Context(), ended.ID, "cancelled"))
	w.clock.Advance(15 * time.Minute)
	for name, id := range map[string]string{"ended": ended.ID, "aged": aged.ID, "unknown": "nothing"} {
		_, err := w.store.SpendCodeTry(t.Context(), id)
		wantErr(t, name, err, store.ErrNoTriesLeft)
	}
	if got := w.session(ended.ID).EndReason; got != "cancelled" {
		t.Errorf("the end was rewritten: %s", got)
	}
	if got := w.number(`SELECT COUNT(*) FROM code_tries`); got != 0 {
		t.Errorf("%d tries were counted", got)
	}
	w.wantSession(in.ID, true)
}

func TestParallelTriesStayWithinTheLimit(t *testing.T) {
	w := newWorld(t)
	sess := w.start(w.user("ada@example.com"))
	won := race(t, 200, store.ErrNoTriesLeft, func(int) error {
		_, err := w.store.SpendCodeTry(t.Context(), sess.ID)
		return err
	})
	if won != store.CodeTriesPerAttempt {
		t.Errorf("of 200 at once %d were let through, want %d", won, store.CodeTriesPerAttempt)
	}
}

func TestTriesOfADayAreBounded(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.user("ada@example.com"), w.user("bob@example.com")
	spend := func(u store.User) error {
		_, err := w.store.SpendCodeTry(t.Context(), w.start(u).ID)
		return err
	}
	// Over many attempts at once: still no more than a hundred.
	if won := race(t, 200, store.ErrNoTriesLeft, func(int) error { return spend(ada) }); won != 100 {
		t.Errorf("%d were let through, want 100", won)
	}
	must(t, spend(bob))
	w.clock.Advance(24*time.Hour - time.Millisecond)
	wantErr(t, "within the day", spend(ada), store.ErrNoTriesLeft)
	w.clock.Advance(time.Millisecond)
	must(t, spend(ada))
}

func TestConfirmByCode(t *testing.T) {
	for _, method := range []store.Method{"app", "sms", "call"} {
		t.Run(string(method), func(t *testing.T) {
			w := newWorld(t)
			ada := w.user("ada@example.com")
			half := w.start(ada)
			a := w.begin(half)
			_, err := w.store.SpendCodeTry(t.Context(), half.ID)
			must(t, err)
			got, err := w.store.ConfirmByCode(t.Context(), half.ID, method, "hash", browser)
			must(t, err)
			want := store.Session{
				ID: got.ID, UserID: ada.ID, Level: store.SignedIn, Method: method, IP: browser.IP, UserAgent: browser.UserAgent,
				CreatedAt: w.clock.Now(), LastSeenAt: w.clock.Now(), ExpiresAt: w.clock.Now().Add(24 * time.Hour),
				FreshUntil: w.clock.Now().Add(10 * time.Minute),
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
			if n := w.number(`SELECT COUNT(*) FROM code_tries`); n != 0 {
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
