package handlers

import (
	"testing"
	"time"
)

// Requests that have read the clock one after the other may come in another order: that
// is no clock that was set back, and pays no debts.
func TestReconnectsInAnotherOrder(t *testing.T) {
	r := newReconnects()
	first := time.Unix(1_700_000_000, 0)
	second := first.Add(time.Second)
	for range reconnectBurst {
		if r.wait(first, "a") > 0 {
			t.Fatal("one of the first is refused")
		}
	}
	if r.wait(second, "a") > 0 {
		t.Error("the one of the next second is refused")
	}
	for range 3 {
		if r.wait(first, "a") == 0 || r.wait(second, "a") == 0 {
			t.Fatal("one more is let in")
		}
	}
}
