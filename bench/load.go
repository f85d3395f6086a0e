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

// Load is the process with the browsers in it. It does what it is told over its
// standard input and output, and ends with them.
type Load struct {
	seats    []seat
	browsers []*browser
	pongs    atomic.Int64
}

// serveLoad is the load process.
func serveLoad(seatsFile string) error {
	if err := raiseLimit(); err != nil {
		return err
	}
	seats, err := readSeats(seatsFile)
	if err != nil {
		return err
	}
	server := rpc.NewServer()
	if err := server.Register(&Load{seats: seats}); err != nil {
		return err
	}
	server.ServeConn(pipes{os.Stdin, os.Stdout})
	return nil
}

// pipes are the two ends of a conversation.
type pipes struct {
	io.Reader
	io.WriteCloser
}

// Visit has every seat look at a page, so that the server has seen each of them
// and has its databases in memory before anything is measured.
func (l *Load) Visit(addr string, _ *struct{}) error {
	requests := make([][]byte, len(l.seats))
	for i, s := range l.seats {
		requests[i] = []byte(request(byPage, addr, s))
	}
	p, err := newPosters(addr, comers, http.StatusSeeOther, requests)
	if err != nil {
		return err
	}
	defer p.close()
	return p.shoot(0)
}

// Opening is browsers that are to come, and to stay.
type Opening struct {
	Addr    string
	Way     string
	Dialect string
	N       int
}

// comers is how many connections are being opened at once.
const comers = 32

// Open lets browsers take the next seats.
func (l *Load) Open(o Opening, _ *struct{}) error {
	from := len(l.browsers)
	if from+o.N > len(l.seats) {
		return fmt.Errorf("%d seats are too few", len(l.seats))
	}
	l.browsers = append(l.browsers, make([]*browser, o.N)...)
	next := atomic.Int64{}
	next.Store(int64(from))
	errs := make([]error, comers)
	var workers sync.WaitGroup
	for w := range comers {
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

func (l *Load) open(o Opening, i int) (*browser, error) {
	b := &browser{seat: l.seats[i]}
	status, err := b.visit(o.Way, o.Addr, i)
	if err != nil {
		return nil, err
	}
	if status != 101 && status != 200 {
		return nil, fmt.Errorf("a browser that came by %s got %d", o.Way, status)
	}
	switch d := dialects[o.Dialect]; o.Way {
	case byStream:
		go b.follow()
	case byPolling:
		go b.ask(o.Addr, rand.N(pollEvery))
	default:
		if err := b.greet(d); err != nil {
			return nil, fmt.Errorf("greeting: %w", err)
		}
		go b.listen(d, &l.pongs)
	}
	return b, nil
}

// Pongs says how many pings have been answered so far.
func (l *Load) Pongs(_ struct{}, n *int64) error {
	*n = l.pongs.Load()
	return nil
}

// Shots are events to set off, each for another browser.
type Shots struct {
	Addr string
	// Callback makes them the provider's, signed; otherwise they are posted to
	// the publishing endpoint that the peers have.
	Callback *Signing
	From, N  int
	Rate     int // a second; 0 is as fast as Workers get their answers
	Workers  int
	Patience time.Duration // for the last of them
}

// Heard is what became of shots.
type Heard struct {
	P50, P99, Max time.Duration // from before the request is sent to the browser's end
	Lost          int
	Took          time.Duration
}

// Shoot sets events off and waits until they are heard.
func (l *Load) Shoot(s Shots, h *Heard) error {
	targets, requests := make([]*browser, s.N), make([][]byte, s.N)
	for i := range targets {
		targets[i] = l.browsers[(s.From+i)%len(l.browsers)]
		r, err := s.request(targets[i].seat)
		if err != nil {
			return err
		}
		requests[i] = r
	}
	before := l.events()
	p, err := newPosters(s.Addr, s.Workers, http.StatusOK, requests)
	if err != nil {
		return err
	}
	defer p.close()
	begin := clock()
	if err := p.shoot(s.Rate); err != nil {
		return err
	}
	h.Lost = s.N - l.await(before+s.N, s.Patience) + before
	h.Took = time.Duration(lastTold(targets) - begin)
	var late []time.Duration
	for i, b := range targets {
		if at := b.told.Load(); at > p.sent[i] {
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

// await returns when n events have come in all, or patience is over.
func (l *Load) await(n int, patience time.Duration) (got int) {
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		if got = l.events(); got >= n || time.Now().After(end) {
			return got
		}
	}
}

func lastTold(targets []*browser) (last int64) {
	for _, b := range targets {
		last = max(last, b.told.Load())
	}
	return last
}

func quantiles(d []time.Duration) (p50, p99, most time.Duration) {
	if len(d) == 0 {
		return 0, 0, 0
	}
	slices.Sort(d)
	return d[len(d)/2], d[len(d)*99/100], d[len(d)-1]
}
