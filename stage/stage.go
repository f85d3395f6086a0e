// Package stage shows a sign-in live: the application in a frame, the phone beside
// it, every hop of the wire, and the people of a demonstration.
//
// Owns: /stage at the simulator's address; who is ready at the start of a
// demonstration, and how it begins anew; the audience, with the wall that is the
// browser of each.
// Promises: people are made by the flow of package signin alone; Reset gives back
// the opening state while everything runs; it needs no network.
// Never: decides a sign-in; holds the application in a frame outside "nod demo".
package stage

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"nod/signin"
	"nod/simulator"
	"nod/wire"
)

// House is what a demonstration shows. All but LAN is required.
type House struct {
	AppURL string // scheme://host:port of the application, as browsers have it
	Origin string // of the stage, which the application lets hold its pages
	LAN    string // scheme://host:port where an audience finds its phones; "" = there is none
	Flow   *signin.Flow
	Phones *simulator.Simulator
	Wire   *wire.Recorder
	Now    func() time.Time

	Listens []string        // host:port of each listener of the application and the phones
	Hosts   func() []string // the addresses of this machine in its network

	room func() *room // the one that is open; nil without
}

// Stage serves /stage. Make one with New: it says how to start a demonstration, until
// Open.
type Stage struct {
	house  atomic.Pointer[House]
	room   atomic.Pointer[room] // nil without an audience
	bell   wire.Bell            // for its walls
	resets sync.RWMutex         // held while one is under way: who asks for the people waits
	rivals rivals
	logger *slog.Logger
	open   context.Context // ends with the stage
	shut   context.CancelFunc
	http.Handler
}

// New makes a stage without a demonstration.
func New(logger *slog.Logger) *Stage {
	s := &Stage{logger: logger}
	s.open, s.shut = context.WithCancel(context.Background())
	s.Handler = http.NewCrossOriginProtection().Handler(s.routes())
	return s
}

// Open begins a demonstration: people are ready when it returns without an error.
func (s *Stage) Open(ctx context.Context, h House) error {
	h.room = s.room.Load
	if err := s.reset(ctx, &h); err != nil {
		return err
	}
	s.house.Store(&h)
	return nil
}

// Close ends the sockets of its pages, what other browsers do, and the room. Once only.
func (s *Stage) Close() error {
	s.shut()
	s.resets.Lock()
	defer s.resets.Unlock()
	s.rivals.stop()
	s.room.Swap(nil).close()
	return nil
}

// reset gives back the opening state: the three people, and nothing else. An audience
// joins anew.
func (s *Stage) reset(ctx context.Context, h *House) error {
	s.resets.Lock()
	defer s.resets.Unlock()
	s.rivals.stop()
	s.room.Swap(nil).close()
	defer s.bell.Ring()
	if err := h.Flow.StartOver(ctx); err != nil {
		return err
	}
	if err := h.Phones.Reset(ctx); err != nil {
		return err
	}
	if err := h.makePeople(ctx); err != nil {
		return err
	}
	if err := h.Phones.ForgetMessages(ctx); err != nil {
		return err
	}
	if err := h.Flow.ResetLimits(ctx); err != nil {
		return err
	}
	h.Wire.Reset()
	if h.LAN != "" {
		s.room.Store(newRoom(h, &s.bell, s.logger))
	}
	return nil
}
