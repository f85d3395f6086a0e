package stage

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"nod/simulator"
	"nod/wire"
)

// A room has an end, and so has the queue before it; who leaves that leaves a seat.
func TestARoomHoldsSoMany(t *testing.T) {
	r := newRoom(&House{}, &wire.Bell{}, slog.New(slog.DiscardHandler))
	for i := range r.seats[1:] {
		r.seats[i] = true
	}
	for range atOnce {
		r.places <- struct{}{} // so many are being made
	}
	left, leave := context.WithCancel(t.Context())
	leave()
	for range 20 { // by chance one would get in, if there was no queue
		if _, err := r.join(left); !errors.Is(err, context.Canceled) {
			t.Errorf("who leaves the queue gets %v", err)
		}
	}
	r.seats[maxGuests-1] = true
	if _, err := r.join(t.Context()); !errors.Is(err, simulator.ErrRoomFull) {
		t.Errorf("a full room answers %v", err)
	}
	r.close()
	if _, err := r.join(t.Context()); !errors.Is(err, simulator.ErrRoomClosed) {
		t.Errorf("a closed room answers %v", err)
	}
}
