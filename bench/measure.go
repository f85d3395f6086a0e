package main

import (
	"context"
	"fmt"
	"io"
	"time"
)

// What is measured. Bytes, seconds, or a number a second.
const (
	rss        figure = "rss"         // per browser on a socket
	live       figure = "live"        // heap and stacks, per browser on a socket
	natural    figure = "natural rss" // of the whole process, with Go's own settings
	streamRSS  figure = "stream rss"
	streamLive figure = "stream live"
	pollRSS    figure = "polling rss"
	handshake  figure = "handshake" // CPU
	ping       figure = "ping"      // CPU, with the pong
	tellP50    figure = "tell p50"  // publish → received
	tellP99    figure = "tell p99"
	tellLost   figure = "tell lost"
	tellRate   figure = "tell rate"
	tellCPU    figure = "tell cpu"
	tapP50     figure = "tap p50" // callback → told
	tapP99     figure = "tap p99"
	tapLost    figure = "tap lost"
	signIns    figure = "sign-ins"
	signInCPU  figure = "sign-in cpu"
)

// Who is measured beside the designs.
const (
	rawLoopback = "raw loopback"
	emptyPost   = "empty POST"
	hashAlone   = "hash alone"
	disk        = "disk alone"
)

// extent is how much is measured.
type extent struct {
	times    int
	browsers int
	pollers  int
	members  int
	pings    time.Duration // how long pings are counted
	tells    time.Duration // how long events are sent at tellsPerSecond
	burst    int           // events as fast as they go, by the number of browsers
	signIns  time.Duration
	readings int // of memory, of which the least counts
}

var (
	full  = extent{times: 3, browsers: 10_000, pollers: 2_000, members: 64, pings: 8 * time.Second, tells: 5 * time.Second, burst: 3, signIns: 6 * time.Second, readings: 8}
	quick = extent{times: 1, browsers: 1_000, pollers: 500, members: 16, pings: 3 * time.Second, tells: time.Second, burst: 10, signIns: 1500 * time.Millisecond, readings: 4}
)

const (
	tellsPerSecond = 200
	// firstComers wait already when counting begins, so that tables and pools
	// are not counted as theirs.
	firstComers = 200
)

// collected is the environment in which memory is read: Go collects early and
// gives back at once, so that what is left is what is in use. Times are never
// measured in it.
var collected = []string{"GOGC=10", "GOMEMLIMIT=24MiB"}

// bench is the measuring: a lab, how much of it, and what has been found.
type bench struct {
	*lab
	extent
	results
	log  io.Writer
	echo *server
}

// inLab sets up the lab, with some seats to spare, has do measure, and clears it
// away.
func (b *bench) inLab(ctx context.Context, spare int, do func(context.Context) error) error {
	if err := raiseLimit(); err != nil {
		return err
	}
	l, err := newLab(ctx, firstComers+b.browsers+spare, b.members)
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

func (b *bench) rounds(ctx context.Context) error {
	for n := range b.times {
		b.say("round %d of %d", n+1, b.times)
		if err := b.round(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// round measures everything once. Every other round goes backwards, so that no
// design is always the first.
func (b *bench) round(ctx context.Context, n int) error {
	steps := []func(context.Context) error{
		b.memory(designNod, bySocket, rss, live),
		b.memory(designUsual, bySocket, rss, live),
		b.memory(designCentrifuge, bySocket, rss, live),
		b.memory(designNod, byStream, streamRSS, streamLive),
		b.memory(designUsual, byStream, streamRSS, streamLive),
		b.memory(designPolling, byPolling, pollRSS, ""),
		b.active(designNod),
		b.active(designUsual),
		b.active(designHub),
		b.active(designCentrifuge),
		b.polling,
		b.signing,
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

func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(b.log, "%4.0fs "+format+"\n", append([]any{time.Since(began).Seconds()}, args...)...)
}

// memory is what each of many waiting browsers adds to a server that is warm.
func (b *bench) memory(design, way string, ofRSS, ofLive figure) func(context.Context) error {
	return func(ctx context.Context) error {
		n := b.browsers
		if way == byPolling {
			n = b.pollers
		}
		b.say("memory: %s, %d by %s", design, n, way)
		return b.run(ctx, design, collected, func(s *server, crowd *load) error {
			before, err := b.warm(ctx, s, crowd, design, way)
			if err != nil {
				return err
			}
			if err := crowd.open(s, design, way, n); err != nil {
				return err
			}
			if way == byPolling {
				time.Sleep(pollEvery) // each has asked once
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

// warm brings a server into the state of one that has been running.
func (b *bench) warm(ctx context.Context, s *server, crowd *load, design, way string) (held, error) {
	if design != designHub { // it has no pages
		if err := crowd.do("Visit", s.addr, &struct{}{}); err != nil {
			return held{}, err
		}
	}
	if err := crowd.open(s, design, way, firstComers); err != nil {
		return held{}, err
	}
	return s.held(ctx, b.readings)
}
