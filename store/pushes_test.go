package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"nod/store"
)

// request asks the phone for a login by a new session of a browser, and returns how
// long it has to wait, and for which limit.
func (w *world) request(u store.User, c store.Client) (a store.Approval, wait time.Duration, limit string) {
	w.t.Helper()
	sess, err := w.store.StartSession(w.t.Context(), u.ID, "", c)
	must(w.t, err)
	wait, limit = w.refused(w.store.PushAllowed(w.t.Context(), sess.ID))
	a, _, err = w.store.BeginLogin(w.t.Context(), sess.ID, "", ttl)
	must(w.t, err)
	if refused := a.Status == store.Cancelled; refused != (limit != "") {
		w.t.Errorf("got %+v although the limit is %q", a, limit)
	}
	return a, wait, limit
}

// ringOnce rings, and nothing waits afterwards.
func (w *world) ringOnce(u store.User, c store.Client) (time.Duration, string) {
	w.t.Helper()
	a, wait, limit := w.request(u, c)
	if limit == "" {
		_, _, err := w.store.CancelApproval(w.t.Context(), a.ID, store.ReasonByUser)
		must(w.t, err)
	}
	return wait, limit
}

func (w *world) ringMany(n int, u store.User, c store.Client) {
	w.t.Helper()
	for i := range n {
		if wait, limit := w.ringOnce(u, c); limit != "" {
			w.t.Fatalf("number %d has to wait %v for %s", i+1, wait, limit)
		}
	}
}

func (w *world) wantRefused(what string, u store.User, c store.Client, wait time.Duration, limit string) {
	w.t.Helper()
	if gotWait, got := w.ringOnce(u, c); gotWait != wait || got != limit {
		w.t.Errorf("%s: got to wait %v for %q, want %v for %q", what, gotWait, got, wait, limit)
	}
}

// Whoever has the password cannot wear the owner down.
func TestThePhoneIsLeftInPeace(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	known := w.know(ada)
	w.ringMany(3, ada, browser)
	w.wantRefused("the fourth stranger", ada, browser, 10*time.Minute, "push_strangers")
	w.ringMany(2, ada, known)
	w.wantRefused("the sixth of all", ada, known, 10*time.Minute, "push")
	w.clock.Advance(10 * time.Minute)
	w.ringMany(5, ada, known)
	w.wantRefused("the eleventh of the hour", ada, known, 50*time.Minute, "push")
	w.clock.Advance(50 * time.Minute)
	w.ringMany(5, ada, known)
	w.clock.Advance(10 * time.Minute)
	w.ringMany(5, ada, known)
	w.restart()
	w.clock.Advance(time.Hour)
	w.wantRefused("the 21st of the day", ada, known, 24*time.Hour-130*time.Minute, "push")
	w.wantRefused("another person", w.user("bob@example.com"), browser, 0, "")
}

// A yes shows that the owner is there: the limits begin anew.
func TestAnApprovalLetsThePhoneRingAgain(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	for range 2 {
		w.ringMany(2, ada, browser)
		a, _, _ := w.request(ada, browser)
		w.approve(w.attach(a))
	}
	w.ringMany(3, ada, browser)
	w.wantRefused("afterwards", ada, browser, 10*time.Minute, "push_strangers")
}

// What never rang is not held against anybody.
func TestWhatNeverRangIsNotCounted(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	for _, reason := range []store.Reason{"unavailable", "no_device"} {
		for range 6 {
			a, _, limit := w.request(ada, browser)
			if limit != "" {
				t.Fatalf("refused by %s", limit)
			}
			_, _, err := w.store.CancelApproval(t.Context(), a.ID, reason)
			must(t, err)
		}
	}
	w.ringMany(3, ada, browser)
}

// A phone is one, whichever account it is asked for, and whatever for.
func TestAPhoneIsOneToTheLimit(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	twin, err := w.store.CreateUser(t.Context(), store.NewUser{Email: "twin@example.com", Password: password, PhoneNumber: ada.PhoneNumber, Handle: "1"})
	must(t, err)
	w.ringMany(3, twin, browser)
	w.wantRefused("the other account", ada, browser, 10*time.Minute, "push_strangers")
	w.closeAccount(twin)
	w.wantRefused("once it is closed", ada, browser, 10*time.Minute, "push_strangers")
}

func TestTransfersRingTheSamePhone(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	in := w.signIn(ada)
	for range 5 {
		_, a := w.ask(in)
		_, _, err := w.store.CancelApproval(t.Context(), a.ID, store.ReasonSignedOut)
		must(t, err)
	}
	_, _, err := w.store.BeginTransfer(t.Context(), in.ID, rent, ttl)
	if _, limit := w.refused(err); limit != "push" {
		t.Errorf("the sixth transfer: got %q, want it refused by push", limit)
	}
	w.wantRefused("a login", ada, browser, 10*time.Minute, "push")
}

// 60 parallel requests ring no oftener than one after the other.
func TestParallelPushesStayWithinTheLimit(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	sess := w.start(ada)
	refused := errors.New("refused")
	won := race(t, 60, refused, func(int) error {
		a, _, err := w.store.BeginLogin(t.Context(), sess.ID, "", ttl)
		if over := (*store.RateError)(nil); errors.As(err, &over) || err == nil && a.Status == store.Cancelled {
			return refused
		}
		return err
	})
	if won != 3 {
		t.Errorf("of 60 at once the phone rang for %d, want 3", won)
	}
	if got := w.number(`SELECT COUNT(*) FROM approvals WHERE reason = 'push_paused'`); got != 0 {
		t.Errorf("%d requests took the place of one that waits", got)
	}
}

// A browser never takes the place of one that the account knows better.
func TestAStrangerDoesNotTakeTheOwnersPlace(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	known := w.know(ada)
	mine, _, _ := w.request(ada, known)
	theirs, wait, limit := w.request(ada, browser)
	if limit != "under_way" || wait != ttl || theirs.Reason != "under_way" {
		t.Errorf("got %+v, to wait %v for %q", theirs, wait, limit)
	}
	if got := w.approval(mine.ID); got.Status != store.Pending {
		t.Errorf("the owner's request is %+v", got)
	}
	w.clock.Advance(ttl)
	theirs, _, limit = w.request(ada, browser)
	if limit != "" {
		t.Errorf("once it is over: refused by %s", limit)
	}
	w.request(ada, known)
	if got := w.approval(theirs.ID); got.Status != store.Cancelled || got.Reason != "superseded" {
		t.Errorf("the stranger's request is %+v, want the owner's in its place", got)
	}
}

// Among equals the newer wins, three times in ten minutes.
func TestEqualBrowsersTakeEachOthersPlace(t *testing.T) {
	w := newWorld(t)
	w.leaveOut(store.ActPush)
	ada := w.user("ada@example.com")
	for i := range 4 {
		if _, _, limit := w.request(ada, store.Client{IP: fmt.Sprintf("192.0.2.%d", i)}); limit != "" {
			t.Fatalf("number %d: refused by %s", i, limit)
		}
	}
	a, wait, limit := w.request(ada, browser)
	if limit != "take_over" || wait != 10*time.Minute || a.Reason != "under_way" {
		t.Errorf("the fourth: got %+v, to wait %v for %q", a, wait, limit)
	}
}

// A resend that is refused leaves what waits as it is.
func TestARefusedResendChangesNothing(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	sess := w.start(ada)
	var last store.Approval
	for range 3 {
		a, _, err := w.store.BeginLogin(t.Context(), sess.ID, last.ID, ttl)
		must(t, err)
		last = a
	}
	_, _, err := w.store.BeginLogin(t.Context(), sess.ID, last.ID, ttl)
	if _, limit := w.refused(err); limit != "push_strangers" {
		t.Errorf("got %v", err)
	}
	if got := w.approval(last.ID); got.Status != store.Pending {
		t.Errorf("got %+v, want it to wait on", got)
	}
}

// Who has a recovery code is no stranger to the phone.
func TestARecoveryCodeOpensTheOwnersBudget(t *testing.T) {
	w := newWorld(t)
	ada := w.user(mail)
	w.signIn(ada)
	codes := w.recoveryCodes(ada)
	w.ringMany(3, ada, browser)
	w.wantRefused("a stranger", ada, browser, 10*time.Minute, "push_strangers")
	sess, _, err := w.store.StartReset(t.Context(), mail, codes[0], "", browser)
	must(t, err)
	a, _, err := w.store.BeginLogin(t.Context(), sess.ID, "", ttl)
	must(t, err)
	if a.Status != store.Pending {
		t.Errorf("got %+v, want that it rings", a)
	}
}

// Who has the password alone does not take the place of who has begun with a recovery
// code, in whatever browser: the code is used up.
func TestAStrangerDoesNotTakeThePlaceOfARecoveryCode(t *testing.T) {
	w := newWorld(t)
	ada := w.user(mail)
	w.signIn(ada)
	code := w.recoveryCodes(ada)[0]
	theirs, _, _ := w.request(ada, browser)
	sess, _, err := w.store.StartReset(t.Context(), mail, code, "", browser)
	must(t, err)
	mine, _, err := w.store.BeginLogin(t.Context(), sess.ID, "", ttl)
	must(t, err)
	if got := w.approval(theirs.ID); got.Reason != "superseded" {
		t.Errorf("the stranger's request is %+v, want the owner's in its place", got)
	}
	if theirs, _, limit := w.request(ada, browser); limit != "under_way" || theirs.Reason != "under_way" {
		t.Errorf("a stranger: got %+v, refused by %q", theirs, limit)
	}
	if got := w.approval(mine.ID); got.Status != store.Pending {
		t.Errorf("the owner's request is %+v", got)
	}
}
