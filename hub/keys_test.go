package hub_test

import (
	"errors"
	"fmt"
	"testing"

	"nod/hub"
)

// Thousands of keys share the locks of the hub; an event for one is for no
// other, and each of them is counted and named alone.
func TestKeysThatShareALockAreApart(t *testing.T) {
	const keys, told = 5000, 10
	h, _ := open(t, hub.Options{Total: keys + told})
	var slots [keys]*hub.Waiter
	for i := range slots {
		slots[i] = reserve(t, h, fmt.Sprint("key-", i))
		defer slots[i].Release()
	}
	for i := range told {
		h.Publish(fmt.Sprint("key-", i), []byte(approved), true)
	}
	for i, slot := range slots {
		if got, want := slot.Early(), i < told; got != want {
			t.Fatalf("key-%d: heard of the event is %v, want %v", i, got, want)
		}
	}

	for i := range told { // a second browser does not name its key again
		defer reserve(t, h, fmt.Sprint("key-", i)).Release()
	}
	if got := h.Keys(); len(got) != keys {
		t.Errorf("%d keys are named, want each of the %d once", len(got), keys)
	}
	for i := range keys {
		if !h.Waits(fmt.Sprint("key-", i)) {
			t.Fatalf("nobody waits under key-%d", i)
		}
		if key := fmt.Sprint("other-", i); h.Waits(key) {
			t.Fatalf("somebody waits under %s", key)
		}
	}
}

func TestAClosedHubTakesNobody(t *testing.T) {
	h, _ := open(t, hub.Options{})
	slot := reserve(t, h, "a")
	shut(t, h)
	if _, err := h.Reserve("b", "x"); !errors.Is(err, hub.ErrClosed) {
		t.Errorf("a new slot: got %v, want ErrClosed", err)
	}
	server, _ := tcpPair(t)
	if err := slot.Join(server, hub.WebSocket, nil); !errors.Is(err, hub.ErrClosed) {
		t.Errorf("a slot taken before: got %v, want ErrClosed", err)
	}
}
