package store_test

import (
	"fmt"
	"testing"
	"time"

	"nod/store"
)

func TestBeginApproval(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	sess := w.start(ada)
	a, replaced, err := w.store.BeginApproval(t.Context(), sess.ID, store.KindLogin, "", ttl)
	must(t, err)
	want := store.Approval{
		ID: a.ID, Kind: store.KindLogin, SessionID: sess.ID, UserID: ada.ID, FactorID: w.phone(ada).ID, Provider: store.Simulator, Handle: w.phone(ada).Handle,
		Status: store.Pending, Number: a.Number, CreatedAt: w.clock.Now(), ExpiresAt: w.clock.Now().Add(ttl),
	}
	if a != want || len(replaced) != 0 || len(a.ID) < 20 {
		t.Errorf("got %+v and %v, want %+v", a, replaced, want)
	}
	if len(a.Number) != 2 || a.Number < "10" || a.Number > "99" {
		t.Errorf("got number %q, want two digits", a.Number)
	}
	latest, err := w.store.LatestApproval(t.Context(), sess.ID, store.KindLogin)
	must(t, err)
	if latest != want || w.approval(a.ID) != want {
		t.Errorf("got latest %+v and %+v, want %+v", latest, w.approval(a.ID), want)
	}
	_, err = w.store.LatestApproval(t.Context(), sess.ID, store.KindTransfer)
	wantErr(t, "latest of another kind", err, store.ErrNotFound)
	_, err = w.store.Approval(t.Context(), "nothing")
	wantErr(t, "unknown", err, store.ErrNotFound)
}

func TestASecondAttemptReplacesTheFirst(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	first, second := w.start(ada), w.start(ada)
	old := w.begin(first)
	w.clock.Advance(time.Second)
	fresh, replaced, err := w.store.BeginApproval(t.Context(), second.ID, store.KindLogin, "", ttl)
	must(t, err)
	if len(replaced) != 1 || replaced[0].ID != old.ID || replaced[0].SessionID != first.ID ||
		replaced[0].Status != store.Cancelled || replaced[0].Reason != "superseded" || !replaced[0].DecidedAt.Equal(w.clock.Now()) {
		t.Errorf("got replaced %+v", replaced)
	}
	if got, applied := w.decide(old, store.Approved); applied || got.Status != store.Cancelled {
		t.Errorf("the replaced request was approved: %+v", got)
	}
	w.approve(w.attach(fresh))
	_, err = w.store.ConfirmLogin(t.Context(), first.ID, browser)
	wantErr(t, "the first browser", err, store.ErrNotApproved)
	_, err = w.store.ConfirmLogin(t.Context(), second.ID, browser)
	must(t, err)
}

func TestLatestIsTheNewest(t *testing.T) {
	w := newWorld(t)
	sess := w.start(w.user("ada@example.com"))
	for range 3 {
		a := w.begin(sess) // all at one moment, as the clock has it
		got, err := w.store.LatestApproval(t.Context(), sess.ID, store.KindLogin)
		must(t, err)
		if got.ID != a.ID {
			t.Errorf("got %s, want %s", got.ID, a.ID)
		}
	}
}

func TestWhatIsReplacedAfterItsDeadlineHasExpired(t *testing.T) {
	w := newWorld(t)
	sess := w.start(w.user("ada@example.com"))
	old := w.begin(sess)
	w.clock.Advance(ttl)
	_, replaced, err := w.store.BeginApproval(t.Context(), sess.ID, store.KindLogin, "", ttl)
	must(t, err)
	if len(replaced) != 1 || replaced[0].ID != old.ID || replaced[0].Status != store.Expired || replaced[0].Reason != "" {
		t.Errorf("got replaced %+v, want it expired", replaced)
	}
}

func TestARefusedBeginReplacesNothing(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	aged := w.start(ada)
	w.clock.Advance(14 * time.Minute)
	other := w.start(ada)
	a := w.begin(other)
	w.clock.Advance(time.Minute)
	for name, id := range map[string]string{"aged": aged.ID, "unknown": "nothing"} {
		_, replaced, err := w.store.BeginApproval(t.Context(), id, store.KindLogin, "", ttl)
		wantErr(t, name, err, store.ErrNotFound)
		if len(replaced) != 0 {
			t.Errorf("%s: got replaced %+v", name, replaced)
		}
	}
	if got := w.approval(a.ID); got.Status != store.Pending {
		t.Errorf("got %+v, want it pending still", got)
	}
}

func TestPeopleDoNotReplaceEachOther(t *testing.T) {
	w := newWorld(t)
	a, b := w.begin(w.start(w.user("ada@example.com"))), w.begin(w.start(w.user("bob@example.com")))
	if w.approval(a.ID).Status != store.Pending || w.approval(b.ID).Status != store.Pending {
		t.Error("one person's request has ended the other's")
	}
}

func TestAttachUUID(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.user("ada@example.com"), w.user("bob@example.com")
	a, _, err := w.store.BeginApproval(t.Context(), w.start(ada).ID, store.KindLogin, "", ttl)
	must(t, err)
	must(t, w.attachUUID(a.ID, "u1"))
	must(t, w.attachUUID(a.ID, "u1"))
	wantErr(t, "another uuid", w.attachUUID(a.ID, "u2"), store.ErrNotFound)
	wantErr(t, "unknown request", w.attachUUID("nothing", "u3"), store.ErrNotFound)
	if got := w.approval(a.ID).UUID; got != "u1" {
		t.Errorf("got uuid %q, want u1", got)
	}
	b, _, err := w.store.BeginApproval(t.Context(), w.start(bob).ID, store.KindLogin, "", ttl)
	must(t, err)
	for name, uuid := range map[string]string{"one of another request": "u1", "none": ""} {
		if err := w.attachUUID(b.ID, uuid); err == nil {
			t.Errorf("%s was attached", name)
		}
	}
}

func TestCancelApproval(t *testing.T) {
	w := newWorld(t)
	sess := w.start(w.user("ada@example.com"))
	for _, reason := range []store.Reason{"by_user", "unavailable", "no_device", "push_paused", "other_method"} {
		a := w.begin(sess)
		got, changed, err := w.store.CancelApproval(t.Context(), a.ID, reason)
		must(t, err)
		if !changed || got.Status != store.Cancelled || got.Reason != reason || got != w.approval(a.ID) {
			t.Errorf("%s: got %+v, %v", reason, got, changed)
		}
		got, changed, err = w.store.CancelApproval(t.Context(), a.ID, "by_user")
		must(t, err)
		if changed || got.Reason != reason {
			t.Errorf("%s, again: got %+v, %v", reason, got, changed)
		}
		if got, applied := w.decide(a, store.Approved); applied || got.Status != store.Cancelled {
			t.Errorf("%s: a tap after it: got %+v", reason, got)
		}
	}
	_, _, err := w.store.CancelApproval(t.Context(), "nothing", "by_user")
	wantErr(t, "unknown", err, store.ErrNotFound)
}

// When its provider may be asked again is kept with a request that it has not taken, and
// with no other.
func TestWhenAProviderMayBeAskedAgain(t *testing.T) {
	w := newWorld(t)
	sess := w.start(w.user("ada@example.com"))
	later := w.clock.Now().Add(5 * time.Minute)
	for reason, want := range map[store.Reason]time.Time{store.ReasonRateLimited: later, store.ReasonUnavailable: later, store.ReasonByUser: {}} {
		a := w.begin(sess)
		got, _, err := w.store.CancelUnasked(t.Context(), a.ID, reason, later)
		must(t, err)
		if !got.RetryAt.Equal(want) || got != w.approval(a.ID) {
			t.Errorf("%s: got %+v", reason, got)
		}
	}
}

func TestCancelChangesNoDecision(t *testing.T) {
	w := newWorld(t)
	sess := w.start(w.user("ada@example.com"))
	for _, status := range []store.ApprovalStatus{store.Approved, store.Denied} {
		a := w.begin(sess)
		w.decide(a, status)
		if got, changed, err := w.store.CancelApproval(t.Context(), a.ID, "by_user"); changed || err != nil || got.Status != status {
			t.Errorf("got %+v, %v, %v, want it %s", got, changed, err, status)
		}
	}
	late := w.begin(sess)
	w.clock.Advance(ttl)
	if got, changed, err := w.store.CancelApproval(t.Context(), late.ID, "by_user"); !changed || err != nil || got.Status != store.Expired {
		t.Errorf("after the deadline: got %+v, %v, %v, want it expired", got, changed, err)
	}
}

func TestExpiry(t *testing.T) {
	w := newWorld(t)
	sess := w.start(w.user("ada@example.com"))
	a := w.begin(sess)
	w.clock.Advance(ttl - time.Millisecond)
	if got, err := w.store.ExpireDue(t.Context()); len(got) != 0 || err != nil {
		t.Errorf("before the deadline: got %+v, %v", got, err)
	}
	if got := w.approval(a.ID).Status; got != store.Pending {
		t.Errorf("before the deadline: got %s", got)
	}
	w.clock.Advance(time.Millisecond)
	latest, err := w.store.LatestApproval(t.Context(), sess.ID, store.KindLogin)
	must(t, err)
	if latest.Status != store.Expired || w.approval(a.ID).Status != store.Expired {
		t.Errorf("at the deadline: got %s and %s, want expired", latest.Status, w.approval(a.ID).Status)
	}
	// Reading has not taken the news from the one who tells the browser.
	got, err := w.store.ExpireDue(t.Context())
	must(t, err)
	if len(got) != 1 || got[0].ID != a.ID || got[0].Status != store.Expired || !got[0].DecidedAt.Equal(w.clock.Now()) {
		t.Errorf("at the deadline: got %+v", got)
	}
	if got, err := w.store.ExpireDue(t.Context()); len(got) != 0 || err != nil {
		t.Errorf("a second time: got %+v, %v", got, err)
	}
}

func TestExpireDueLeavesWhatIsDecided(t *testing.T) {
	w := newWorld(t)
	approved := w.begin(w.start(w.user("ada@example.com")))
	w.approve(approved)
	denied := w.begin(w.start(w.user("bob@example.com")))
	w.decide(denied, store.Denied)
	w.clock.Advance(ttl)
	if got, err := w.store.ExpireDue(t.Context()); len(got) != 0 || err != nil {
		t.Errorf("got %+v, %v, want none", got, err)
	}
	if w.approval(approved.ID).Status != store.Approved || w.approval(denied.ID).Status != store.Denied {
		t.Error("a decision has expired")
	}
}

// What can no longer be used is not offered either: whoever comes back too late
// is told so.
func TestAnApprovalThatIsNotUsedInTimeHasExpired(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	sess := w.start(ada)
	a := w.begin(sess)
	w.approve(a)
	read := func() store.ApprovalStatus {
		t.Helper()
		latest, err := w.store.LatestApproval(t.Context(), sess.ID, store.KindLogin)
		must(t, err)
		waiting, err := w.store.Wait(t.Context(), sess.ID)
		must(t, err)
		if latest.Status != waiting.Request.Status {
			t.Errorf("one read says %s, the other %s", latest.Status, waiting.Request.Status)
		}
		return latest.Status
	}
	w.clock.Advance(ttl + 30*time.Second - time.Millisecond)
	if got := read(); got != store.Approved {
		t.Errorf("in time: got %s", got)
	}
	w.clock.Advance(time.Millisecond)
	if got := read(); got != store.Expired {
		t.Errorf("too late: got %s", got)
	}
	_, err := w.store.ConfirmLogin(t.Context(), sess.ID, browser)
	wantErr(t, "too late", err, store.ErrNotApproved)
	// One that was used stays what it was.
	again := w.start(ada)
	used := w.begin(again)
	w.approve(used)
	_, err = w.store.ConfirmLogin(t.Context(), again.ID, browser)
	must(t, err)
	w.clock.Advance(time.Hour)
	if got := w.approval(used.ID).Status; got != store.Approved {
		t.Errorf("one that was used: got %s", got)
	}
}

func TestClaimReconcileReturnsEachOnce(t *testing.T) {
	w := newWorld(t)
	const within = 10 * time.Second
	claim := func() (ids []string) {
		t.Helper()
		claimed, err := w.store.ClaimReconcile(t.Context(), within)
		must(t, err)
		for _, a := range claimed {
			ids = append(ids, a.ID)
		}
		return ids
	}
	a := w.begin(w.start(w.user("ada@example.com")))
	decided := w.begin(w.start(w.user("bob@example.com")))
	w.approve(decided)
	// Without a uuid there is nothing to ask the provider about.
	_, _, err := w.store.BeginApproval(t.Context(), w.start(w.user("cleo@example.com")).ID, store.KindLogin, "", ttl)
	must(t, err)

	w.clock.Advance(ttl - within - time.Millisecond)
	wantEqual(t, claim(), nil)
	w.clock.Advance(time.Millisecond)
	wantEqual(t, claim(), []string{a.ID})
	w.clock.Advance(3*time.Second - time.Millisecond)
	wantEqual(t, claim(), nil)
	// Whoever has claimed it may be gone.
	w.clock.Advance(time.Millisecond)
	wantEqual(t, claim(), []string{a.ID})
	must(t, w.store.NoteLookedUp(t.Context(), a.ID))
	w.clock.Advance(3 * time.Second)
	wantEqual(t, claim(), nil)

	late := w.begin(w.start(w.user("dora@example.com")))
	w.clock.Advance(ttl)
	wantEqual(t, claim(), nil)
	if got := w.approval(late.ID); got.Status != store.Expired {
		t.Errorf("got %+v, want it expired", got)
	}
}

// What nobody has claimed keeps its last look.
func TestWhatIsLookedUpEarlyIsClaimedAllTheSame(t *testing.T) {
	w := newWorld(t)
	a := w.begin(w.start(w.user("ada@example.com")))
	must(t, w.store.NoteLookedUp(t.Context(), a.ID))
	claimed, err := w.store.ClaimReconcile(t.Context(), ttl)
	must(t, err)
	if len(claimed) != 1 {
		t.Errorf("%d were claimed, want 1", len(claimed))
	}
}

// While no process runs a deadline may pass. What was approved before is looked for as long
// as it can be used.
func TestClaimMissedFindsWhatHasJustPassed(t *testing.T) {
	w := newWorld(t)
	for _, pass := range []struct {
		by      time.Duration
		claimed int
	}{{30*time.Second - time.Millisecond, 1}, {30 * time.Second, 0}} {
		w.begin(w.start(w.user(pass.by.String() + "@example.com")))
		w.clock.Advance(ttl + pass.by)
		for _, want := range []int{pass.claimed, 0} {
			claimed, err := w.store.ClaimMissed(t.Context(), 0)
			must(t, err)
			if len(claimed) != want {
				t.Errorf("after %v %d were claimed, want %d", pass.by, len(claimed), want)
			}
		}
		_, err := w.store.ExpireDue(t.Context())
		must(t, err)
	}
}

func TestClaimReconcileRace(t *testing.T) {
	w := newWorld(t)
	for i := range 20 {
		w.begin(w.start(w.user(fmt.Sprintf("ada%d@example.com", i))))
	}
	claims := make(chan int, 16)
	race(t, 16, nil, func(int) error {
		claimed, err := w.store.ClaimReconcile(t.Context(), ttl)
		claims <- len(claimed)
		return err
	})
	close(claims)
	sum := 0
	for n := range claims {
		sum += n
	}
	if sum != 20 {
		t.Errorf("20 requests were claimed %d times", sum)
	}
}

func TestBeginRaceLeavesOnePending(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	for round := range 50 {
		sessions := make([]store.Session, 16)
		for i := range sessions {
			sessions[i] = w.start(ada)
		}
		replaced := make(chan int, len(sessions))
		won := race(t, len(sessions), nil, func(i int) error {
			_, r, err := w.store.BeginApproval(t.Context(), sessions[i].ID, store.KindLogin, "", ttl)
			replaced <- len(r)
			return err
		})
		close(replaced)
		told := 0
		for n := range replaced {
			told += n
		}
		if pending := w.number(`SELECT COUNT(*) FROM approvals WHERE status = 'pending'`); won != 16 || pending != 1 {
			t.Fatalf("round %d: %d began and left %d pending, want 16 and 1", round, won, pending)
		}
		if want := min(15+round, 16); told != want {
			t.Fatalf("round %d: %d browsers can be told that they were replaced, want %d", round, told, want)
		}
	}
}
