package signin_test

import (
	"errors"
	"testing"
	"time"

	"nod/store"
)

// Whoever has the password cannot wear the owner down: after three requests that
// nobody approves the phone is left in peace by strangers, and the page says so.
func TestThePhoneIsLeftInPeace(t *testing.T) {
	w := newWorld(t)
	user := w.signUp("ada@example.com")
	for range 3 {
		a, err := w.flow.Request(t.Context(), w.begin(user).Session.ID)
		must(t, err)
		if a.Status != store.Pending {
			t.Fatalf("got the request %+v, want it pending", a)
		}
	}
	v := w.begin(user)
	a, err := w.flow.Request(t.Context(), v.Session.ID)
	must(t, err)
	if a.Status != store.Cancelled || a.Reason != store.ReasonPushPaused || a.UUID != "" {
		t.Errorf("got the request %+v, want that it was never sent", a)
	}
	if got := w.browsers.last(v.Session.ID); got.Reason != store.ReasonPushPaused {
		t.Errorf("its pages were told %+v", got)
	}
	w.advance(10*time.Minute + time.Second)
	w.approve(w.begin(user))
}

// A resend that is refused leaves the request that waits: its answer counts.
func TestARefusedResendLeavesTheRequest(t *testing.T) {
	w := newWorld(t)
	v := w.begin(w.signUp("ada@example.com"))
	for range 2 {
		if sent, err := w.flow.Resend(t.Context(), v, ""); !sent || err != nil {
			t.Fatalf("sent: %v, %v", sent, err)
		}
	}
	_, err := w.flow.Resend(t.Context(), v, "")
	if limit := (*store.RateError)(nil); !errors.As(err, &limit) || limit.Limit != "push_strangers" {
		t.Fatalf("got %v", err)
	}
	w.approve(v)
	_, err = w.flow.Confirm(t.Context(), v, client)
	must(t, err)
}
