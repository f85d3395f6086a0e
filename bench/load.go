package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/rpc"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Load is the load generator, a process of its own that holds the browsers. It is
// called by RPC over its standard input and output, and ends when they are closed.
type Load struct {
	attempts []attempt
	browsers []*browser
	pongs    atomic.Int64
}

// serveLoad runs the load generator.
func serveLoad(attemptsFile string) error {
	if err := raiseLimit(); err != nil {
		return err
	}
	attempts, err := readAttempts(attemptsFile)
	if err != nil {
		return err
	}
	server := rpc.NewServer()
	if err := server.Register(&Load{attempts: attempts}); err != nil {
		return err
	}
	server.ServeConn(pipes{os.Stdin, os.Stdout})
	return nil
}

// pipes joins a reader and a writer to one connection.
type pipes struct {
	io.Reader
	io.WriteCloser
}

// Visit loads a page once for every session, so that the server has seen each of
// them and has its databases in memory before anything is measured.
func (l *Load) Visit(addr string, _ *struct{}) error {
	requests := make([][]byte, len(l.attempts))
	for i, s := range l.attempts {
		requests[i] = []byte(request(byPage, addr, s))
	}
	p, err := newPosters([]string{addr}, concurrentDials, http.StatusSeeOther, requests)
	if err != nil {
		return err
	}
	defer p.close()
	return p.send(0)
}

// OpenArgs are the arguments of Open.
type OpenArgs struct {
	Addr      string
	Transport string
	Design    string
	N         int
}

// concurrentDials is how many connections are opened at a time.
const concurrentDials = 32

// Open connects browsers with the next sessions and keeps them connected.
func (l *Load) Open(o OpenArgs, _ *struct{}) error {
	from := len(l.browsers)
	if from+o.N > len(l.attempts) {
		return fmt.Errorf("%d sessions are too few", len(l.attempts))
	}
	l.browsers = append(l.browsers, make([]*browser, o.N)...)
	next := atomic.Int64{}
	next.Store(int64(from))
	errs := make([]error, concurrentDials)
	var workers sync.WaitGroup
	for w := range concurrentDials {
		workers.Go(func() {
			for errs[w] == nil {
				i := int(next.Add(1)) - 1
				if i >= len(l.browsers) {
					return
				}
				l.browsers[i], errs[w] = l.open(o, i)
			}
		})
	}
	workers.Wait()
	return errors.Join(errs...)
}

func (l *Load) open(o OpenArgs, i int) (*browser, error) {
	b := &browser{attempt: l.attempts[i]}
	status, err := b.visit(o.Transport, o.Addr, i)
	if err != nil {
		return nil, err
	}
	if status != 101 && status != 200 {
		return nil, fmt.Errorf("a browser connecting by %s got status %d", o.Transport, status)
	}
	switch d := protocols[o.Design]; o.Transport {
	case byStream:
		go b.follow()
	case byPolling:
		go b.poll(o.Addr, rand.N(pollEvery))
	default:
		if err := b.greet(d); err != nil {
			return nil, fmt.Errorf("waiting for the first message: %w", err)
		}
		go b.listen(d, &l.pongs)
	}
	return b, nil
}

// Pongs returns how many pings have been answered so far.
func (l *Load) Pongs(_ struct{}, n *int64) error {
	*n = l.pongs.Load()
	return nil
}

// SendArgs are the arguments of SendEvents: N events, each for another browser.
type SendArgs struct {
	Addr   string
	Others []string // further instances, which get as many of them
	// Callback sends them as the provider's signed callbacks; if nil, they are
	// posted to the peers' publishing endpoint.
	Callback *Signing
	From, N  int
	Rate     int // per second; 0 means as fast as the answers come
	Workers  int
	Timeout  time.Duration // how long to wait for the last of them
}

// Latencies are the measured latencies.
type Latencies struct {
	P50, P99, Max time.Duration // from before the request is sent until the browser has the event
	Lost          int
	Took          time.Duration
}

// SendEvents sends events and waits until they are received.
func (l *Load) SendEvents(s SendArgs, h *Latencies) error {
	targets, requests := make([]*browser, s.N), make([][]byte, s.N)
	for i := range targets {
		targets[i] = l.browsers[(s.From+i)%len(l.browsers)]
		r, err := s.request(targets[i].attempt)
		if err != nil {
			return err
		}
		requests[i] = r
	}
	before := l.events()
	p, err := newPosters(append([]string{s.Addr}, s.Others...), s.Workers, http.StatusOK, requests)
	if err != nil {
		return err
	}
	defer p.close()
	start := clock()
	if err := p.send(s.Rate); err != nil {
		return err
	}
	h.Lost = s.N - l.await(before+s.N, s.Timeout) + before
	h.Took = time.Duration(lastReceived(targets) - start)
	var late []time.Duration
	for i, b := range targets {
		if at := b.receivedAt.Load(); at > p.sent[i] {
			late = append(late, time.Duration(at-p.sent[i]))
		}
	}
	h.P50, h.P99, h.Max = quantiles(late)
	return nil
}

func (l *Load) events() (n int) {
	for _, b := range l.browsers {
		n += int(b.events.Load())
	}
	return n
}

// await waits until n events have been received in all, or until the timeout.
func (l *Load) await(n int, timeout time.Duration) (got int) {
	for end := time.Now().Add(timeout); ; time.Sleep(5 * time.Millisecond) {
		if got = l.events(); got >= n || time.Now().After(end) {
			return got
		}
	}
}

func lastReceived(targets []*browser) (last int64) {
	for _, b := range targets {
		last = max(last, b.receivedAt.Load())
	}
	return last
}

func quantiles(d []time.Duration) (p50, p99, max time.Duration) {
	if len(d) == 0 {
		return 0, 0, 0
	}
	slices.Sort(d)
	return d[len(d)/2], d[len(d)*99/100], d[len(d)-1]
}
