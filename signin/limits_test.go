package signin_test

import (
	"testing"
	"time"

	"nod/store"
)

// Whoever has the password cannot wear the owner down: after ten requests that
// nobody approves the phone is left in peace, and the page says so.
func TestThePhoneIsLeftInPeace(t *testing.T) {
	w := newWorld(t)
	user := w.signUp("ada@example.com")
	for range 10 {
		a, err := w.flow.Request(t.Context(), w.begin(user).Session.ID)
		must(t, err)
		if a.Status != store.Pending {
			t.Fatalf("got the request %+v, want it pending", a)
		}
	}
	a, err := w.flow.Request(t.Context(), w.begin(user).Session.ID)
	must(t, err)
	if a.Status != store.Cancelled || a.Reason != store.ReasonPushPaused || a.UUID != "" {
		t.Errorf("got the request %+v, want that it was never sent", a)
	}
	w.advance(10*time.Minute + time.Second)
	w.approve(w.begin(user))
}
