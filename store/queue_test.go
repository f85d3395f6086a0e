package store_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"nod/store"
)

// crowd is a store that hashes one password at a time, and does not begin yet.
func crowd(t *testing.T) (w *world, begin func()) {
	t.Helper()
	w = newWorld(t)
	must(t, w.store.Close())
	o := w.options()
	o.HashConcurrency, o.Now = 1, nil
	var err error
	w.store, err = store.Open(t.Context(), w.path, o)
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

// turns has some wait for one place, named by their sources, and returns the order in
// which they get it. Those that begin with "known" are known browsers.
func turns(t *testing.T, waiting ...string) (order []string) {
	t.Helper()
	q := store.NewQueue(1)
	if turn, err := q.Join("before", ""); turn != nil || err != nil {
		t.Fatal("the queue is not empty")
	}
	got := map[string][]<-chan error{}
	for _, source := range waiting {
		device := ""
		if strings.HasPrefix(source, "known") {
			device = "its browser"
		}
		turn, err := q.Join(source, device)
		must(t, err)
		got[source] = append(got[source], turn)
	}
	for range waiting {
		q.Leave()
		for source, all := range got {
			select {
			case err := <-all[0]:
				must(t, err)
				order = append(order, source)
				if got[source] = all[1:]; len(got[source]) == 0 {
					delete(got, source)
				}
			default:
			}
		}
	}
	return order
}

// Whoever has many passwords checked waits for their own, and nobody else does.
func TestSourcesTakeTurnsToHash(t *testing.T) {
	wantEqual(t, turns(t, "flood", "flood", "flood", "flood", "second", "second", "third"),
		[]string{"flood", "second", "third", "flood", "second", "flood", "flood"})
}

// A known browser has every second turn.
func TestAKnownBrowserIsNotHeldUpByStrangers(t *testing.T) {
	wantEqual(t, turns(t, "a", "b", "c", "d", "known", "known", "known too"),
		[]string{"known", "a", "known too", "b", "known", "c", "d"})
}

// A crowd of strangers, one try each, takes no room of a known browser.
func TestStrangersTakeNoRoomOfAKnownBrowser(t *testing.T) {
	var crowd []string
	for i := range store.QueuePerHash {
		crowd = append(crowd, fmt.Sprintf("stranger %d", i))
	}
	wantEqual(t, turns(t, append(crowd, "known")...)[:1], []string{"known"})
}

// All that the browsers of a few accounts have waiting leaves room for another account's.
func TestAFewAccountsDoNotFillTheLineOfKnownBrowsers(t *testing.T) {
	q := store.NewQueue(1)
	if turn, err := q.Join("before", ""); turn != nil || err != nil {
		t.Fatal("the queue is not empty")
	}
	for i := range store.QueuePerHash {
		_, err := q.Join(fmt.Sprintf("account %d", i%3), fmt.Sprintf("browser %d", i))
		must(t, err)
	}
	if _, err := q.Join("another account", "its browser"); err != nil {
		t.Error(err)
	}
}

// One known browser does not take all the room of its account.
func TestAKnownBrowserLeavesRoomToOthersOfItsAccount(t *testing.T) {
	q := store.NewQueue(1)
	refused := 0
	for range store.QueuePerSource {
		if _, err := q.Join("account", "a browser"); err != nil {
			refused++
		}
	}
	if want := store.QueuePerSource - store.QueuePerDevice - 1; refused != want { // one works
		t.Errorf("%d refused, want %d", refused, want)
	}
	if _, err := q.Join("account", "another browser"); err != nil {
		t.Error(err)
	}
}

// The hash of a known browser's try waits among those of known browsers.
func TestATryWaitsInItsTurn(t *testing.T) {
	w := newWorld(t)
	ada := w.user(mail)
	known := w.know(ada)
	for _, test := range []struct {
		client         store.Client
		source, device string
	}{{known, strconv.FormatInt(ada.ID, 10), known.Device}, {browser, browser.IP, ""}} {
		try, err := w.store.SpendPasswordTry(t.Context(), mail, test.client)
		must(t, err)
		if source, device := store.TurnOf(try.InTurn(t.Context())); source != test.source || device != test.device {
			t.Errorf("got %q, %q, want %q, %q", source, device, test.source, test.device)
		}
	}
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
