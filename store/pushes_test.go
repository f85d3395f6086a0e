package store_test

import (
	"testing"
	"time"

	"nod/store"
)

func TestPushAllowed(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	sess := w.start(ada)
	allowed := func() (time.Duration, bool) {
		t.Helper()
		retryAt, ok, err := w.store.PushAllowed(t.Context(), ada.ID)
		must(t, err)
		if ok != retryAt.IsZero() {
			t.Errorf("got %v and %v", retryAt, ok)
		}
		return retryAt.Sub(w.clock.Now()), ok
	}
	ring := func() {
		t.Helper()
		if wait, ok := allowed(); !ok {
			t.Fatalf("got to wait %v, want a push", wait)
		}
		sess = w.start(ada)
		w.begin(sess)
	}
	for range 10 {
		ring()
		w.clock.Advance(time.Second)
	}
	if wait, ok := allowed(); ok || wait != 10*time.Minute-10*time.Second {
		t.Errorf("after 10: got %v, %v, want to wait 9m50s", wait, ok)
	}
	w.clock.Advance(10 * time.Minute)
	for range 2 {
		for range 10 {
			ring()
		}
		w.clock.Advance(10 * time.Minute)
	}
	if wait, ok := allowed(); ok || wait != 30*time.Minute-10*time.Second {
		t.Errorf("after 30: got %v, %v, want to wait 29m50s", wait, ok)
	}
	w.clock.Advance(30 * time.Minute)
	ring()
	w.restart()
	if _, ok := allowed(); !ok {
		t.Error("after an hour: got none")
	}
}

func TestPushAllowedForgivesOnceApproved(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	for range 9 {
		w.begin(w.start(ada))
	}
	w.approve(w.begin(w.start(ada)))
	for i := range 10 {
		if _, ok, err := w.store.PushAllowed(t.Context(), ada.ID); !ok || err != nil {
			t.Fatalf("%d after the approved one: got %v, %v", i, ok, err)
		}
		w.begin(w.start(ada))
	}
	if _, ok, err := w.store.PushAllowed(t.Context(), ada.ID); ok || err != nil {
		t.Errorf("got %v, %v, want none", ok, err)
	}
}

func TestPushAllowedCountsWhatRings(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.user("ada@example.com"), w.user("bob@example.com")
	begin := func() store.Approval {
		t.Helper()
		a, _, err := w.store.BeginApproval(t.Context(), w.start(ada).ID, store.KindLogin, "", ttl)
		must(t, err)
		return a
	}
	want := func(name string, u store.User, allowed bool) {
		t.Helper()
		if _, ok, err := w.store.PushAllowed(t.Context(), u.ID); ok != allowed || err != nil {
			t.Errorf("%s: got %v, %v, want %v", name, ok, err, allowed)
		}
	}
	for _, reason := range []store.Reason{"unavailable", "no_device", "push_paused"} {
		for range 10 {
			_, _, err := w.store.CancelApproval(t.Context(), begin().ID, reason)
			must(t, err)
		}
	}
	want("none rang", ada, true)
	for range 10 {
		begin() // on its way: the provider has not replied
	}
	want("ten may ring", ada, false)
	want("another person", bob, true)

	twin, err := w.store.CreateUser(t.Context(), store.NewUser{Email: "twin@example.com", Password: password, Handle: w.phone(ada).Handle})
	must(t, err)
	want("another account with the same phone", twin, false)
}
