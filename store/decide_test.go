package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"nod/store"
)

func TestDecide(t *testing.T) {
	for _, status := range []store.ApprovalStatus{store.Approved, store.Denied} {
		t.Run(string(status), func(t *testing.T) {
			w := newWorld(t)
			a := w.begin(w.start(w.user("ada@example.com")))
			w.clock.Advance(time.Second)
			got, applied := w.decide(a, status)
			want := a
			want.Status, want.DecidedAt, want.DecidedVia = status, w.clock.Now(), "callback"
			if !applied || got != want || w.approval(a.ID) != want {
				t.Errorf("got %+v, %v,\nwant %+v", got, applied, want)
			}
		})
	}
}

// What counts is when an answer was given. One that was given in time counts as long as it
// can be used, but never when the request has ended meanwhile.
func TestDecideTakesWhatWasGivenInTime(t *testing.T) {
	const used = 30 * time.Second
	for _, test := range []struct {
		name         string
		given, heard time.Duration // after the deadline
		ended        bool
		applied      bool
	}{
		{"in the last moment, heard of as late as it can be used", -time.Millisecond, used - time.Millisecond, false, true},
		{"in the last moment, heard of when it cannot be used", -time.Millisecond, used, false, false},
		{"at the deadline", 0, time.Second, false, false},
		{"in time, when its request has ended", -time.Minute, time.Second, true, false},
		{"in time, by a clock that is ahead", time.Hour, -time.Millisecond, false, true},
		{"at the deadline, by a clock that is ahead", time.Hour, 0, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			a := w.begin(w.start(w.user("ada@example.com")))
			w.clock.Advance(ttl + test.heard)
			if test.ended {
				_, err := w.store.ExpireDue(t.Context())
				must(t, err)
			}
			d := answer(a, store.Approved)
			d.Given = a.ExpiresAt.Add(test.given)
			_, applied, err := w.store.Decide(t.Context(), d)
			must(t, err)
			if applied != test.applied {
				t.Errorf("got applied %v, want %v", applied, test.applied)
			}
			_, err = w.store.ConfirmLogin(t.Context(), a.SessionID, browser)
			if want := map[bool]error{false: store.ErrNotApproved}[test.applied]; !errors.Is(err, want) {
				t.Errorf("it is used: got %v, want %v", err, want)
			}
		})
	}
}

// What an answer says of a request, and whether it is believed.
func TestDecideTakesOnlyAnswersToThisRequest(t *testing.T) {
	const other = "uuid-of-nothing"
	tests := []struct {
		name     string
		attached bool // the provider's reply has come before the answer
		change   func(d *store.Decision, bobs store.Approval)
		applied  bool
		want     error
	}{
		{"by uuid and id", true, func(*store.Decision, store.Approval) {}, true, nil},
		{"by uuid alone", true, func(d *store.Decision, _ store.Approval) { d.ApprovalID = "" }, true, nil},
		{"before the reply, by id", false, func(*store.Decision, store.Approval) {}, true, nil},
		{"before the reply, by uuid alone", false, func(d *store.Decision, _ store.Approval) { d.ApprovalID = "" }, false, store.ErrNotFound},
		{"another uuid with this id", true, func(d *store.Decision, _ store.Approval) { d.UUID = other }, false, store.ErrNotFound},
		{"this uuid with an unknown id", true, func(d *store.Decision, _ store.Approval) { d.ApprovalID = "nothing" }, false, store.ErrNotFound},
		{"this uuid with the id of another", true, func(d *store.Decision, b store.Approval) { d.ApprovalID = b.ID }, false, store.ErrNotFound},
		{"no uuid", false, func(d *store.Decision, _ store.Approval) { d.UUID = "" }, false, store.ErrNotFound},
		{"neither", false, func(d *store.Decision, _ store.Approval) { d.UUID, d.ApprovalID = "", "" }, false, store.ErrNotFound},
		{"unknown uuid", true, func(d *store.Decision, _ store.Approval) { d.UUID, d.ApprovalID = other, "" }, false, store.ErrNotFound},
		{"of another phone, by uuid", true, func(d *store.Decision, b store.Approval) { d.Handle = b.Handle }, false, store.ErrNotFound},
		{"of another phone, by id", false, func(d *store.Decision, b store.Approval) { d.Handle = b.Handle }, false, store.ErrNotFound},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			a, _, err := w.store.BeginApproval(t.Context(), w.start(w.user("ada@example.com")).ID, store.KindLogin, "", ttl)
			must(t, err)
			if test.attached {
				a = w.attach(a)
			}
			bobs, _, err := w.store.BeginApproval(t.Context(), w.start(w.user("bob@example.com")).ID, store.KindLogin, "", ttl)
			must(t, err)

			d := answer(a, store.Approved)
			d.UUID = "uuid-of-" + a.ID
			test.change(&d, bobs)
			got, applied, err := w.store.Decide(t.Context(), d)
			wantErr(t, "Decide", err, test.want)
			if applied != test.applied {
				t.Errorf("got applied %v, want %v", applied, test.applied)
			}
			want := a
			if applied {
				want.Status, want.UUID, want.DecidedAt, want.DecidedVia = store.Approved, d.UUID, w.clock.Now(), "callback"
			}
			if w.approval(a.ID) != want || (applied && got != want) {
				t.Errorf("got %+v\nand %+v,\nwant %+v", got, w.approval(a.ID), want)
			}
			if w.approval(bobs.ID) != bobs {
				t.Errorf("Bob's request has changed: %+v", w.approval(bobs.ID))
			}
		})
	}
}

// The answer may overtake the provider's reply to the request.
func TestCallbackBeforeTheReply(t *testing.T) {
	w := newWorld(t)
	sess := w.start(w.user("ada@example.com"))
	a, _, err := w.store.BeginApproval(t.Context(), sess.ID, store.KindLogin, "", ttl)
	must(t, err)
	d := answer(a, store.Approved)
	d.UUID = "u1"
	if got, applied, err := w.store.Decide(t.Context(), d); !applied || err != nil || got.UUID != "u1" {
		t.Fatalf("got %+v, %v, %v", got, applied, err)
	}
	must(t, w.attachUUID(a.ID, "u1"))
	_, err = w.store.ConfirmLogin(t.Context(), sess.ID, browser)
	must(t, err)
}

func TestDecideOnlyApprovesOrDenies(t *testing.T) {
	w := newWorld(t)
	a := w.begin(w.start(w.user("ada@example.com")))
	for _, status := range []store.ApprovalStatus{store.Pending, store.Expired, store.Cancelled, "", "APPROVED"} {
		if _, applied, err := w.store.Decide(t.Context(), answer(a, status)); applied || err == nil {
			t.Errorf("%q: got %v, %v, want an error", status, applied, err)
		}
	}
	if got := w.approval(a.ID); got != a {
		t.Errorf("got %+v, want %+v", got, a)
	}
}

func TestTheFirstAnswerWins(t *testing.T) {
	for _, order := range [][2]store.ApprovalStatus{
		{store.Approved, store.Denied}, {store.Denied, store.Approved}, {store.Approved, store.Approved}, {store.Denied, store.Denied},
	} {
		t.Run(fmt.Sprint(order), func(t *testing.T) {
			w := newWorld(t)
			a := w.begin(w.start(w.user("ada@example.com")))
			first, _ := w.decide(a, order[0])
			w.clock.Advance(time.Second)
			d := answer(a, order[1])
			d.Via = "provider"
			got, applied, err := w.store.Decide(t.Context(), d)
			if applied || err != nil || got != first {
				t.Errorf("got %+v, %v, %v,\nwant %+v", got, applied, err, first)
			}
			wantEqual(t, w.events(store.User{ID: a.UserID})[3:], []string{"approval_" + string(order[0])})
		})
	}
}

func TestARepeatedDeliveryCountsOnce(t *testing.T) {
	w := newWorld(t)
	a := w.begin(w.start(w.user("ada@example.com")))
	w.approve(a)
	for range 3 {
		if got, applied := w.decide(a, store.Approved); applied || got.Status != store.Approved {
			t.Errorf("a repeated delivery: got %+v, %v", got, applied)
		}
	}
}

// Floods of what is unknown, late or repeated leave no row behind.
func TestUselessAnswersAreNotKept(t *testing.T) {
	w := newWorld(t)
	a := w.begin(w.start(w.user("ada@example.com")))
	w.approve(a)
	rows := `SELECT (SELECT COUNT(*) FROM events) + (SELECT COUNT(*) FROM approvals)`
	before := w.number(rows)
	for i := range 20 {
		d := answer(a, store.Denied)
		_, _, err := w.store.Decide(t.Context(), d)
		must(t, err)
		d.UUID, d.ApprovalID = fmt.Sprint("unknown ", i), ""
		_, _, err = w.store.Decide(t.Context(), d)
		wantErr(t, "unknown", err, store.ErrNotFound)
	}
	if got := w.number(rows); got != before {
		t.Errorf("got %d rows, want %d", got, before)
	}
}

func TestALateAnswerChangesNothing(t *testing.T) {
	for _, swept := range []bool{false, true} {
		t.Run(fmt.Sprint("swept ", swept), func(t *testing.T) {
			w := newWorld(t)
			sess := w.start(w.user("ada@example.com"))
			a := w.begin(sess)
			w.clock.Advance(ttl)
			if swept {
				_, err := w.store.ExpireDue(t.Context())
				must(t, err)
			}
			got, applied := w.decide(a, store.Approved)
			if applied || got.Status != store.Expired {
				t.Errorf("got %+v, %v, want it expired", got, applied)
			}
			_, err := w.store.ConfirmLogin(t.Context(), sess.ID, browser)
			wantErr(t, "confirm", err, store.ErrNotApproved)
			// The late one has not kept the expiry from its browser.
			due, err := w.store.ExpireDue(t.Context())
			must(t, err)
			if told := swept || len(due) == 1; !told {
				t.Errorf("got %+v to tell, want the request", due)
			}
		})
	}
	w := newWorld(t)
	a := w.begin(w.start(w.user("ada@example.com")))
	w.clock.Advance(ttl - time.Millisecond)
	w.approve(a) // in the last moment
}

// A code has let somebody in, and the phone denies it all the same: the owner is told,
// once, and whoever is in does not answer for themselves.
func TestADenialAfterACodeIsToldOnce(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	other := w.signIn(ada)
	half := w.start(ada)
	a := w.begin(half)
	must(t, err2(w.store.SpendCodeTry(t.Context(), half.ID)))
	in, err := w.store.ConfirmByCode(t.Context(), half.ID, store.MethodSMS, "hash", browser)
	must(t, err)
	in, err = w.store.RenewSession(t.Context(), in.ID, browser)
	must(t, err)
	w.clock.Advance(time.Second)
	if got, applied := w.decide(a, store.Approved); applied || len(w.notices(ada)) != 0 {
		t.Errorf("approved: got %+v, %v and the notices %v", got, applied, w.notices(ada))
	}
	for range 3 {
		if got, applied := w.decide(a, store.Denied); applied || got.Reason != store.ReasonOtherMethod {
			t.Errorf("denied: got %+v, %v", got, applied)
		}
	}
	wantEqual(t, w.notices(ada), []string{"denied"})
	n := w.newestNotice(ada)
	if n.SessionID != in.ID || n.ApprovalID != a.ID {
		t.Errorf("got %+v, want it to be about the session that is signed in", n)
	}
	wantErr(t, "whoever is in", err2(w.store.AnswerNotice(t.Context(), in, n.ID, store.AnswerMe)), store.ErrNotFound)
	if w.session(in.ID).EndReason != "" {
		t.Error("the sign-in was ended")
	}
	must(t, err2(w.store.AnswerNotice(t.Context(), other, n.ID, store.AnswerNotMe)))
}

// The denials after codes pause the phone as any others do.
func TestDenialsAfterCodesPause(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	for i := range 2 {
		half := w.start(ada)
		a := w.begin(half)
		must(t, err2(w.store.ConfirmByCode(t.Context(), half.ID, store.MethodSMS, fmt.Sprint(i), browser)))
		w.decide(a, store.Denied)
	}
	w.wantRings(ada, false)
}

// Of what ended in another way, a denial is only late.
func TestADenialOfWhatWasCancelledIsLate(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	w.signIn(ada) // that of a sign-up would be told nobody in any case
	a := w.begin(w.start(ada))
	_, _, err := w.store.CancelApproval(t.Context(), a.ID, store.ReasonByUser)
	must(t, err)
	w.decide(a, store.Denied)
	wantEqual(t, w.notices(ada), nil)
}

func TestDecideRaceHasOneWinner(t *testing.T) {
	w := newWorld(t)
	for round := range 200 {
		// Denials of one user would pause its requests.
		a := w.begin(w.start(w.user(fmt.Sprintf("ada%d@example.com", round))))
		winners := make(chan store.Approval, 16)
		race(t, 16, nil, func(i int) error {
			d := answer(a, store.Approved)
			if i%2 == 0 {
				d.Status = store.Denied
			}
			got, applied, err := w.store.Decide(t.Context(), d)
			if applied {
				winners <- got
			}
			return err
		})
		close(winners)
		won := 0
		for got := range winners {
			won++
			if stored := w.approval(a.ID); got != stored {
				t.Errorf("round %d: told %+v, stored %+v", round, got, stored)
			}
		}
		if won != 1 {
			t.Fatalf("round %d: %d answers were applied", round, won)
		}
	}
	if got := w.number(`SELECT COUNT(*) FROM events WHERE kind IN ('approval_approved', 'approval_denied')`); got != 200 {
		t.Errorf("got %d lines for 200 decisions", got)
	}
}
