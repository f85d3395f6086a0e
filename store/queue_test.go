package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"nod/store"
)

// crowd is a store that hashes one password at a time, and does not begin yet.
func crowd(t *testing.T) (w *world, begin func()) {
	t.Helper()
	w = newWorld(t)
	must(t, w.store.Close())
	var err error
	w.store, err = store.Open(t.Context(), w.path, store.Options{HashConcurrency: 1, HashParams: cheap})
	must(t, err)
	return w, w.store.HoldHashing()
}

// hash has a password of somebody at an address hashed, and tells how it went once it
// did. It returns when the hash waits, or was refused.
func (w *world) hash(ctx context.Context, done chan<- string, who string) {
	w.t.Helper()
	before, over := w.store.Waiting(), make(chan struct{})
	go func() {
		defer close(over)
		_, err := w.store.Authenticate(ctx, "nobody@example.com", password)
		var limit *store.RateError
		switch {
		case errors.As(err, &limit):
			who += " flooded"
		case !errors.Is(err, store.ErrInvalidCredentials):
			who += " busy"
		}
		done <- who
	}()
	for w.store.Waiting() == before {
		select {
		case <-over:
			return
		case <-time.After(time.Millisecond):
		}
	}
}

func at(t *testing.T, ip string) context.Context { return store.Actor{IP: ip}.In(t.Context()) }

// Whoever has many passwords checked waits for their own, and nobody else does.
func TestSourcesTakeTurnsToHash(t *testing.T) {
	w, begin := crowd(t)
	done := make(chan string, 20)
	for range 5 {
		w.hash(at(t, "192.0.2.1"), done, "flood")
	}
	w.hash(at(t, "192.0.2.2"), done, "second")
	w.hash(at(t, "192.0.2.3"), done, "third")
	begin()
	var order []string
	for range 7 {
		order = append(order, <-done)
	}
	wantEqual(t, order, []string{"flood", "second", "third", "flood", "flood", "flood", "flood"})
}

// A known browser has every second turn.
func TestAKnownBrowserIsNotHeldUpByStrangers(t *testing.T) {
	w, begin := crowd(t)
	known := w.knownTry()
	done := make(chan string, 50)
	for i := range 40 {
		w.hash(at(t, fmt.Sprintf("192.0.2.%d", i)), done, "stranger")
	}
	w.hash(known.InTurn(t.Context()), done, "owner")
	begin()
	for i := range 41 {
		if who := <-done; who == "owner" && i > 1 {
			t.Errorf("the owner waited for %d strangers", i)
		}
	}
}

// knownTry is a try of a browser that the account knows.
func (w *world) knownTry() store.Try {
	w.t.Helper()
	w.change(`INSERT INTO users (name, email, email_key, password_hash, country_code, phone_number, created_at) VALUES ('', ?1, ?1, '', 1, '', 0)`, mail)
	w.change(`INSERT INTO devices (user_id, device, ip, user_agent, created_at, last_used_at) SELECT id, 'd', '', '', ?, ? FROM users`, time.Now().UnixMilli(), time.Now().UnixMilli())
	try, err := w.store.SpendPasswordTry(w.t.Context(), mail, store.Client{IP: address, Device: "d"})
	must(w.t, err)
	return try
}

// A source that floods the queue is refused; when it is full, the last of the
// longest makes room.
func TestAFloodIsRefusedAndMakesRoom(t *testing.T) {
	w, begin := crowd(t)
	done := make(chan string, 200)
	for range store.QueuePerSource {
		w.hash(at(t, "192.0.2.1"), done, "flood")
	}
	w.hash(at(t, "192.0.2.1"), done, "flood")
	if got := <-done; got != "flood flooded" {
		t.Errorf("one too many: %s", got)
	}
	for i := range store.QueuePerHash - store.QueuePerSource {
		w.hash(at(t, fmt.Sprintf("198.51.100.%d", i)), done, "one of many")
	}
	go w.hash(at(t, "203.0.113.1"), done, "somebody else")
	if got := <-done; got != "flood flooded" {
		t.Errorf("when it was full: %s", got)
	}
	begin()
	for range store.QueuePerHash {
		if got := <-done; got == "somebody else busy" || got == "somebody else flooded" {
			t.Error(got)
		}
	}
	if got := w.store.Waiting(); got != 0 {
		t.Errorf("%d wait on", got)
	}
}

// Who goes away leaves the queue.
func TestWhoGoesAwayLeavesTheQueue(t *testing.T) {
	w, begin := crowd(t)
	ctx, cancel := context.WithCancel(at(t, "192.0.2.1"))
	done := make(chan string, 2)
	w.hash(ctx, done, "first")
	cancel()
	if got := <-done; got != "first busy" || w.store.Waiting() != 0 {
		t.Errorf("got %q, and %d wait", got, w.store.Waiting())
	}
	begin()
	_, err := w.store.Authenticate(t.Context(), mail, password)
	wantErr(t, "afterwards", err, store.ErrInvalidCredentials)
}
