package hub_test

import (
	"errors"
	"fmt"
	"testing"

	"nod/hub"
)

// Thousands of keys share the locks of the hub; an event for one is for no
// other.
func TestKeysThatShareALockAreApart(t *testing.T) {
	const keys = 5000
	h, _ := open(t, hub.Options{})
	var slots [keys]*hub.Waiter
	for i := range slots {
		slots[i] = reserve(t, h, fmt.Sprint("key-", i))
		defer slots[i].Release()
	}
	h.Publish("key-0", []byte(approved), true)
	for i, slot := range slots {
		if got, want := slot.Early(), i == 0; got != want {
			t.Fatalf("key-%d: heard of the event is %v, want %v", i, got, want)
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
