package main

import (
	"context"
	"fmt"
	"io"
	"time"
)

// What is measured, in bytes, seconds, or numbers per second.
const (
	rss         figure = "rss"         // per browser on a socket
	live        figure = "live"        // heap and stacks, per browser on a socket
	natural     figure = "natural rss" // of the whole process, with Go's own settings
	streamRSS   figure = "stream rss"
	streamLive  figure = "stream live"
	pollRSS     figure = "polling rss"
	handshake   figure = "handshake"   // CPU
	ping        figure = "ping"        // CPU, with the pong
	publishP50  figure = "publish p50" // publish → received
	publishP99  figure = "publish p99"
	publishLost figure = "publish lost"
	publishRate figure = "publish rate"
	publishCPU  figure = "publish cpu"
	tapP50      figure = "tap p50" // callback → received
	tapP99      figure = "tap p99"
	tapLost     figure = "tap lost"
	decisions   figure = "decisions" // callbacks, one for each browser, as fast as they are answered
	signIns     figure = "sign-ins"
	signInCPU   figure = "sign-in cpu"
)

// What is measured besides the designs.
const (
	rawLoopback = "raw loopback"
	emptyPost   = "empty POST"
	hashAlone   = "hash alone"
	disk        = "disk alone"
)

// instances are so many Nods on one PostgreSQL.
var instances = []string{"one instance", "two instances", "three instances"}

// extent is the size of a run.
type extent struct {
	roundCount int
	browsers   int
	plotted    int // the most browsers of the plot
	pollers    int
	members    int           // so many that nobody is asked more often than the limits allow
	pings      time.Duration // for how long pings are counted
	publishFor time.Duration // for how long events are sent at eventsPerSecond
	burst      int           // events per browser that are sent as fast as possible
	signIns    time.Duration // for how long users sign in
	readings   int           // of memory; the minimum counts
}

var (
	full  = extent{roundCount: 3, browsers: 10_000, plotted: 19_000, pollers: 2_000, members: 504, pings: 8 * time.Second, publishFor: 5 * time.Second, burst: 3, signIns: 20 * time.Second, readings: 8}
	quick = extent{roundCount: 1, browsers: 1_000, plotted: 1_000, pollers: 500, members: 64, pings: 3 * time.Second, publishFor: time.Second, burst: 10, signIns: 1500 * time.Millisecond, readings: 4}
)

const (
	eventsPerSecond = 200
	// warmBrowsers browsers wait before memory is first read, so that tables and
	// pools are not counted as the others'.
	warmBrowsers = 200
)

// collected is the environment for measuring memory: Go collects early and returns
// memory at once, so that what is left is in use. Times are never measured with it.
var collected = []string{"GOGC=10", "GOMEMLIMIT=24MiB"}

// bench is one run: its size and what it has measured.
type bench struct {
	*lab
	extent
	results
	log  io.Writer
	echo *server
}

// inLab sets up the lab, with spare attempts for the plot, calls do, and cleans up.
func (b *bench) inLab(ctx context.Context, spare int, do func(context.Context) error) error {
	if err := raiseLimit(); err != nil {
		return err
	}
	l, err := newLab(ctx, warmBrowsers+b.browsers+spare, b.members)
	if err != nil {
		return err
	}
	defer l.close()
	b.lab = l
	if b.echo, err = l.serveEcho(ctx); err != nil {
		return err
	}
	defer b.echo.stop()
	return do(ctx)
}

// rounds measures round after round.
func (b *bench) rounds(ctx context.Context) error {
	for n := range b.roundCount {
		b.logf("round %d of %d", n+1, b.roundCount)
		if err := b.round(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// round measures everything once. Every second round goes backwards, so that no
// design always comes first.
func (b *bench) round(ctx context.Context, n int) error {
	steps := []func(context.Context) error{
		b.measureMemory(designNod, bySocket, rss, live),
		b.measureMemory(designUsual, bySocket, rss, live),
		b.measureMemory(designCentrifuge, bySocket, rss, live),
		b.measureMemory(designNod, byStream, streamRSS, streamLive),
		b.measureMemory(designUsual, byStream, streamRSS, streamLive),
		b.measureMemory(designPolling, byPolling, pollRSS, ""),
		b.measureTimes(designNod),
		b.measureTimes(designUsual),
		b.measureTimes(designHub),
		b.measureTimes(designCentrifuge),
		b.measurePolling,
		b.measureInstances,
		b.measureSignIns,
	}
	for i := range steps {
		if n%2 == 1 {
			i = len(steps) - 1 - i
		}
		if err := steps[i](ctx); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) logf(format string, args ...any) {
	fmt.Fprintf(b.log, "%4.0fs "+format+"\n", append([]any{time.Since(began).Seconds()}, args...)...)
}

// measureMemory measures how much memory each waiting browser adds to a warm
// server.
func (b *bench) measureMemory(design, transport string, ofRSS, ofLive figure) func(context.Context) error {
	return func(ctx context.Context) error {
		n := b.browsers
		if transport == byPolling {
			n = b.pollers
		}
		b.logf("memory: %s, %d by %s", design, n, transport)
		return b.run(ctx, design, collected, func(s *server, clients *load) error {
			before, err := b.warm(ctx, s, clients, design, transport)
			if err != nil {
				return err
			}
			if err := clients.open(s, design, transport, n); err != nil {
				return err
			}
			if transport == byPolling {
				time.Sleep(pollEvery) // each has polled once
			}
			after, err := s.held(ctx, b.readings)
			b.add(ofRSS, design, (after.rss-before.rss)/float64(n))
			if ofLive != "" {
				b.add(ofLive, design, (after.live-before.live)/float64(n))
			}
			return err
		})
	}
}

// warm brings a server into the state of one that has been running for a while.
func (b *bench) warm(ctx context.Context, s *server, clients *load, design, transport string) (held, error) {
	if design != designHub { // it has no pages
		if err := clients.do("Visit", s.addr, &struct{}{}); err != nil {
			return held{}, err
		}
	}
	if err := clients.open(s, design, transport, warmBrowsers); err != nil {
		return held{}, err
	}
	return s.held(ctx, b.readings)
}
