package store_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"nod/store"
)

func TestEventsTellTheStory(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.user("ada@example.com"), w.user("bob@example.com")
	in := w.signIn(ada)
	must(t, w.store.Record(t.Context(), store.Event{Kind: "callback_refused", UserID: ada.ID, Detail: "late"}))
	w.clock.Advance(time.Minute)
	tr, a := w.ask(in)
	w.approve(a)
	_, err := w.store.ExecuteTransfer(t.Context(), in.ID, tr.ID, rent)
	must(t, err)
	half, err := w.store.StartSession(t.Context(), ada.ID, in.ID, browser)
	must(t, err)
	w.begin(half)
	w.begin(half)
	_, err = w.store.AllowCodeSend(t.Context(), half.ID, "call", "US")
	must(t, err)
	w.clock.Advance(ttl)
	_, err = w.store.ExpireDue(t.Context())
	must(t, err)
	last := w.begin(half)
	must(t, w.store.EndSession(t.Context(), half.ID, "signed_out"))

	wantEqual(t, w.events(ada), []string{
		"user_created", "session_started", "approval_begun", "approval_approved", "session_ended", "signed_in",
		"callback_refused",
		"approval_begun", "approval_approved", "transfer_executed",
		"session_ended", "session_started", "approval_begun",
		"approval_cancelled", "approval_begun",
		"code_sent", "approval_expired",
		"approval_begun", "approval_cancelled", "session_ended",
	})
	wantEqual(t, w.events(bob), []string{"user_created"})

	got, err := w.store.Events(t.Context(), ada.ID, 2)
	must(t, err)
	if got[0].ID <= got[1].ID {
		t.Errorf("the newest is not the first of %+v", got)
	}
	wantEqual(t, withoutIDs(got), []store.Event{
		{At: w.clock.Now(), Kind: "session_ended", UserID: ada.ID, SessionID: half.ID, Detail: "signed_out", Times: 1},
		{At: w.clock.Now(), Kind: "approval_cancelled", UserID: ada.ID, SessionID: half.ID, ApprovalID: last.ID, Detail: "signed_out", Times: 1},
	})
}

func withoutIDs(events []store.Event) []store.Event {
	for i := range events {
		events[i].ID = 0
	}
	return events
}

func TestARefusalLeavesNoLine(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	half := w.start(ada)
	a := w.begin(half)
	before := len(w.events(ada))
	_, err := w.store.ConfirmLogin(t.Context(), half.ID, browser)
	wantErr(t, "confirm", err, store.ErrNotApproved)
	_, _, err = w.store.BeginTransfer(t.Context(), half.ID, rent, ttl)
	wantErr(t, "transfer", err, store.ErrNotFound)
	w.clock.Advance(ttl)
	w.decide(a, store.Approved)
	if got := len(w.events(ada)); got != before {
		t.Errorf("got %d lines, want %d", got, before)
	}
}

// Who acted and where from is in every line that a request leaves, also in those
// of what it ends on the way.
func TestALineSaysWhoActedAndWhereFrom(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	half := w.start(ada)
	a := w.begin(half)
	ctx := store.Actor{Session: "another", IP: "203.0.113.9", Device: "laptop"}.In(t.Context())
	must(t, w.store.EndSession(ctx, half.ID, store.ReasonSignedOut))
	got, err := w.store.Events(t.Context(), ada.ID, 4)
	must(t, err)
	line := store.Event{At: w.clock.Now(), UserID: ada.ID, SessionID: half.ID, Detail: "signed_out",
		Actor: "another", IP: "203.0.113.9", Network: "203.0.113.0/24", Device: "laptop", Times: 1}
	ended, cancelled := line, line
	ended.Kind, cancelled.Kind, cancelled.ApprovalID = store.EventSessionEnded, store.EventApprovalCancelled, a.ID
	wantEqual(t, withoutIDs(got[:2]), []store.Event{ended, cancelled})
	if begun, started := got[2], got[3]; begun.IP != "" || started.IP != browser.IP || started.Network != "192.0.2.0/24" {
		t.Errorf("got %+v\nand %+v", begun, started)
	}
}

// The network that outlives an address is one that many share.
func TestTheNetworkOfALine(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	for ip, want := range map[string]string{
		"198.51.100.77":         "198.51.100.0/24",
		"::ffff:198.51.100.77":  "198.51.100.0/24",
		"2001:db8:1:2:3:4:5:6":  "2001:db8:1::/48",
		"fe80::1%eth0":          "fe80::/48",
		"not an address at all": "",
		"":                      "",
	} {
		must(t, w.store.Record(t.Context(), store.Event{Kind: store.EventSignedIn, UserID: ada.ID, IP: ip}))
		got, err := w.store.Events(t.Context(), ada.ID, 1)
		must(t, err)
		if got[0].Network != want {
			t.Errorf("%q: got %q, want %q", ip, got[0].Network, want)
		}
	}
}

// What is counted by the minute is written after it, and stands where it was.
func TestTheTrailIsReadByItsTime(t *testing.T) {
	w := newWorld(t)
	ada := w.user(mail)
	w.signIn(ada)
	w.fail(5, mail, address)
	_, err := w.store.SpendPasswordTry(t.Context(), mail, store.Client{IP: address})
	var limit *store.RateError
	if !errors.As(err, &limit) {
		t.Fatalf("got %v, want a refusal", err)
	}
	w.clock.Advance(time.Minute)
	w.signIn(ada)
	w.clock.Advance(time.Minute)
	w.sign()
	all, err := w.store.Events(t.Context(), ada.ID, 100)
	must(t, err)
	byTime := func(a, b store.Event) int { return b.At.Compare(a.At) }
	if !slices.IsSortedFunc(all, byTime) || !slices.ContainsFunc(all, func(e store.Event) bool { return e.Kind == store.EventLimited }) {
		t.Errorf("got %+v", all)
	}
	var before int64
	for i, want := range all { // a page of one line each
		page, err := w.store.EventsBefore(t.Context(), ada.ID, before, 1)
		must(t, err)
		if len(page) != 1 || page[0].ID != want.ID {
			t.Fatalf("page %d is %+v, want %+v", i, page, want)
		}
		before = page[0].ID
	}
	if page, err := w.store.EventsBefore(t.Context(), ada.ID, before, 1); err != nil || len(page) > 0 {
		t.Errorf("after the last line: %+v, %v", page, err)
	}
}
