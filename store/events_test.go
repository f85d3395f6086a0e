package store_test

import (
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
	_, err = w.store.AllowCodeSend(t.Context(), ada.ID, half.ID, "call")
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
	wantEqual(t, got, []store.Event{
		{At: w.clock.Now(), Kind: "session_ended", UserID: ada.ID, SessionID: half.ID, Detail: "signed_out"},
		{At: w.clock.Now(), Kind: "approval_cancelled", UserID: ada.ID, SessionID: half.ID, ApprovalID: last.ID, Detail: "signed_out"},
	})
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
