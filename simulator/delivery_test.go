package simulator_test

import (
	"context"
	"fmt"
	"net"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nod/simulator"
)

// absent is an application that does not listen. present ends its absence.
func (s *sim) absent() (address string, present func()) {
	s.t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(s.t, err)
	address = ln.Addr().String()
	must(s.t, ln.Close())
	return address, func() {
		ln, err := net.Listen("tcp", address)
		must(s.t, err)
		server := httptest.NewUnstartedServer(s.app)
		must(s.t, server.Listener.Close())
		server.Listener = ln
		server.Start()
		s.t.Cleanup(server.Close)
	}
}

// The application is away when people tap, and comes back.
func TestCallbacksWaitForTheApplication(t *testing.T) {
	s := newAda(t)
	address, present := s.absent()
	pauses := make(chan bool)
	s.restart(func(c *simulator.Config) {
		c.CallbackURL = "http://" + address + "/authy/callback"
		c.Wait = func(ctx context.Context, _ time.Duration) {
			select {
			case <-pauses:
			case <-ctx.Done():
			}
		}
	})
	taps := map[string]string{s.ask(ada, "message=x"): "approve", s.ask(ada, "message=y"): "deny"}
	for uuid, how := range taps {
		s.tap(ada, uuid, how).wantStatus(200)
	}
	for range taps {
		pauses <- true // each failed, and pauses before it is sent again
	}
	present()
	close(pauses)
	for range taps {
		s.app.next()
	}
	s.restart()
	for uuid := range taps {
		s.status(uuid).wantIn(`"notified":true`)
	}
	if n := len(s.app.got); n != 0 {
		t.Errorf("%d callbacks came although the application had taken them", n)
	}
}

// What was not taken is sent by the next process.
func TestCallbacksOutliveARestart(t *testing.T) {
	s := newAda(t)
	address, present := s.absent()
	absent := func(c *simulator.Config) { c.CallbackURL = "http://" + address + "/authy/callback" }
	s.restart(absent)
	uuid, late := s.ask(ada, "message=x&seconds_to_expire=120"), s.ask(ada, "message=y&seconds_to_expire=60")
	s.tap(ada, uuid, "approve").wantStatus(200)
	s.tap(ada, late, "approve").wantStatus(200)
	s.stop()
	s.clock.Advance(119 * time.Second) // beyond the deadline of late
	present()
	s.open(absent)
	if got := s.app.next(); !strings.Contains(string(got.body), uuid) {
		t.Errorf("got %s, want the callback of %s", got.body, uuid)
	}
	s.restart(absent)
	s.status(uuid).wantIn(`"notified":true`)
	s.status(late).wantIn(`"notified":false`)
	if n := len(s.app.got); n != 0 {
		t.Errorf("%d more callbacks came", n)
	}
}

// An application that never recovers is called until the request's deadline, at
// growing intervals.
func TestCallbacksEndAtTheDeadline(t *testing.T) {
	for _, test := range []struct {
		body  string
		after time.Duration // of the tap
		until time.Duration
	}{
		{"message=x&seconds_to_expire=600", 0, 600 * time.Second},
		{"message=x&seconds_to_expire=600", 599 * time.Second, time.Minute},
		{"message=x&seconds_to_expire=0", 0, 24 * time.Hour},
	} {
		t.Run(test.body+fmt.Sprint(test.after), func(t *testing.T) {
			s := newSim(t)
			var mu sync.Mutex
			var pauses []time.Duration
			s.restart(func(c *simulator.Config) {
				c.CallbackURL = "http://127.0.0.1:1/authy/callback"
				c.Wait = func(_ context.Context, d time.Duration) {
					s.clock.Advance(d)
					mu.Lock()
					defer mu.Unlock()
					pauses = append(pauses, d)
				}
			})
			user := s.user("ada@example.com")
			uuid := s.ask(user, test.body)
			s.clock.Advance(test.after)
			began := s.clock.Now()
			s.tap(user, uuid, "approve").wantStatus(200)
			ended := make(chan struct{})
			go func() { s.DeliveriesEnd(); close(ended) }()
			<-ended
			mu.Lock()
			defer mu.Unlock()
			took := s.clock.Now().Sub(began)
			if took < test.until || took > test.until+30*time.Second {
				t.Errorf("the last attempt was after %v, want %v", took, test.until)
			}
			if !slices.IsSorted(pauses) || pauses[0] > time.Second || pauses[len(pauses)-1] > 30*time.Second {
				t.Errorf("got the pauses %v", pauses)
			}
			s.status(uuid).wantIn(`"notified":false`, `"status":"approved"`)
		})
	}
}

func TestALimitOfRetries(t *testing.T) {
	for most, want := range map[int]int{simulator.NoRetries: 1, 1: 2, 3: 4} {
		s := newAda(t, func(c *simulator.Config) {
			c.CallbackRetries = most
			c.Wait = func(context.Context, time.Duration) {}
		})
		for range 10 {
			s.app.status <- 500
		}
		s.tap(ada, s.ask(ada, "message=x"), "approve").wantStatus(200)
		s.DeliveriesEnd()
		if n := len(s.app.got); n != want {
			t.Errorf("with CallbackRetries %d: got %d callbacks, want %d", most, n, want)
		}
	}
}

// A callback that came before the reply and failed is sent again, like others.
func TestACallbackBeforeTheReplyIsRetried(t *testing.T) {
	s := newAda(t, func(c *simulator.Config) { c.Wait = func(context.Context, time.Duration) {} })
	s.inject(`{"callback":"before_reply"}`)
	s.app.status <- 503
	uuid := s.ask(ada, "message=x")
	s.app.next()
	s.app.next()
	s.restart()
	s.status(uuid).wantIn(`"notified":true`)
}
