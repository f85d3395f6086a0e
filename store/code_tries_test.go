package store_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"nod/store"
)

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
	if got := w.number(`SELECT COUNT(DISTINCT act) FROM usage WHERE key LIKE 'code_try|%'`); got != 3 {
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
	if got := w.number(`SELECT COUNT(DISTINCT act) FROM usage WHERE key LIKE 'code_try|%'`); got != 0 {
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
	known := w.know(ada)
	spend := func(c store.Client, u store.User) (time.Duration, string) {
		t.Helper()
		sess, err := w.store.StartSession(t.Context(), u.ID, "", c)
		must(t, err)
		_, err = w.store.SpendCodeTry(t.Context(), sess.ID)
		return w.refused(err)
	}
	// Over many attempts at once: still no more than a hundred.
	refused := errors.New("refused")
	won := race(t, 200, refused, func(int) error {
		if _, limit := spend(browser, ada); limit != "" {
			return refused
		}
		return nil
	})
	if won != 100 {
		t.Errorf("%d were let through, want 100", won)
	}
	for name, got := range map[string]func() (time.Duration, string){
		"another person":  func() (time.Duration, string) { return spend(browser, bob) },
		"a known browser": func() (time.Duration, string) { return spend(known, ada) },
	} {
		if wait, limit := got(); limit != "" {
			t.Errorf("%s has to wait %v for %s", name, wait, limit)
		}
	}
	// Nobody is shut out for a day: one in a minute goes on, newcomers first.
	if wait, limit := spend(browser, ada); wait != 2*time.Minute || limit != "code_try_strangers" {
		t.Errorf("got to wait %v for %q", wait, limit)
	}
	w.clock.Advance(24 * time.Hour)
	for range 2 {
		if wait, limit := spend(browser, ada); limit != "" {
			t.Errorf("the next day: got to wait %v for %s", wait, limit)
		}
	}
}

// Signing up again and again with one number is no way to guess on.
func TestTriesAreCountedByPhone(t *testing.T) {
	w := newWorld(t)
	w.user("ada@example.com")
	won := 0
	for i := range 3 {
		twin, err := w.store.CreateUser(t.Context(), store.NewUser{
			Email: fmt.Sprintf("eve%d@example.com", i), Password: password, PhoneNumber: "+12015550101", Handle: "1",
		})
		must(t, err)
		for range 60 {
			if _, limit := w.refused(w.store.SpendAskedTry(t.Context(), w.start(twin).ID)); limit == "" {
				won++
			}
		}
	}
	if won != 100 {
		t.Errorf("the provider was asked about %d codes, want 100", won)
	}
}

// Who signs up with somebody's number and guesses there leaves the codes of the
// owner's own app alone.
func TestFailuresAtASharedPhoneRefuseNoCodeOfOnesOwn(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	eve, err := w.store.CreateUser(t.Context(), store.NewUser{Email: "eve@example.com", Password: password, PhoneNumber: ada.PhoneNumber, Handle: "1"})
	must(t, err)
	for range 20 {
		half := w.start(eve)
		for range store.CodeTriesPerAttempt {
			must(t, err2(w.store.SpendCodeTry(t.Context(), half.ID)))
			must(t, w.store.SpendAskedTry(t.Context(), half.ID))
		}
	}
	half := w.start(ada)
	must(t, err2(w.store.SpendCodeTry(t.Context(), half.ID)))
	if wait, limit := w.refused(w.store.SpendAskedTry(t.Context(), half.ID)); wait != time.Minute || limit != "code_asked" {
		t.Errorf("the provider's codes: got to wait %v for %q", wait, limit)
	}
}
