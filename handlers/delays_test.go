package handlers_test

import (
	"context"
	"crypto/rand"
	"net/http"
	"sync"
	"time"
)

// hung is how long a test waits for an event before it gives up. It only ends
// a test that would never end: no verdict depends on how fast something is.
const hung = 3 * time.Minute

// delays are the waits that faults of the simulator ask for. A short one
// passes; a long one is held until the test ends it or its call is given up.
type delays struct {
	over chan struct{}
	once sync.Once

	calls sync.Map // id of a call → how to time it out
}

func newDelays() *delays { return &delays{over: make(chan struct{})} }

// end ends the long delays, those to come as well.
func (d *delays) end() { d.once.Do(func() { close(d.over) }) }

// wait is the simulator's Config.Wait. A call whose reply is held back times
// out now: the simulator has carried it out, and will say nothing.
func (d *delays) wait(ctx context.Context, length time.Duration) {
	var passed <-chan time.Time
	if length < time.Second {
		passed = time.After(length)
	} else if timeOut, ok := ctx.Value(timeOutKey{}).(context.CancelCauseFunc); ok {
		timeOut(context.DeadlineExceeded)
	}
	select {
	case <-passed:
	case <-d.over:
	case <-ctx.Done():
	}
}

// callHeader names a call on its way to the simulator.
const callHeader = "X-Test-Call"

type timeOutKey struct{}

// timeouts is the transport of calls that wait can time out.
type timeouts struct {
	http.RoundTripper
	delays *delays
}

func (t timeouts) RoundTrip(r *http.Request) (*http.Response, error) {
	id := rand.Text()
	ctx, timeOut := context.WithCancelCause(r.Context())
	t.delays.calls.Store(id, timeOut)
	r = r.Clone(ctx)
	r.Header.Set(callHeader, id)
	return t.RoundTripper.RoundTrip(r)
}

// serve hands each call to the simulator along with the way to time it out.
func (d *delays) serve(simulator http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if timeOut, ok := d.calls.LoadAndDelete(r.Header.Get(callHeader)); ok {
			r = r.WithContext(context.WithValue(r.Context(), timeOutKey{}, timeOut))
		}
		simulator.ServeHTTP(w, r)
	})
}

// signal wakes all who wait for it, every time it is sent.
type signal struct {
	mu   sync.Mutex
	next chan struct{}
}

// wait returns a channel that is closed by the next send.
func (s *signal) wait() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next == nil {
		s.next = make(chan struct{})
	}
	return s.next
}

func (s *signal) send() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next != nil {
		close(s.next)
		s.next = nil
	}
}
