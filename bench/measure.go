package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
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

// active is what a design does with its processor and in time, with Go's own
// settings, while all browsers wait on sockets.
func (b *bench) active(design string) func(context.Context) error {
	return func(ctx context.Context) error {
		b.say("times: %s", design)
		return b.run(ctx, design, nil, func(s *server, crowd *load) error {
			if _, err := b.warm(ctx, s, crowd, design, bySocket); err != nil {
				return err
			}
			err := b.costs(s, handshake, design, b.browsers, func() error {
				return crowd.open(s, design, bySocket, b.browsers)
			})
			if err != nil {
				return err
			}
			after, err := s.held(ctx, b.readings)
			if err != nil {
				return err
			}
			b.add(natural, design, after.rss)
			if design != designCentrifuge { // it pings all who came together at once
				if err := b.pinged(s, crowd, design); err != nil {
					return err
				}
			}
			if design == designNod {
				return b.tapped(s, crowd)
			}
			return b.told(s, crowd, design)
		})
	}
}

// costs adds the processor's time that a server takes for each of n.
func (b *bench) costs(s *server, f figure, design string, n int, do func() error) error {
	before, err := s.cpu()
	if err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	after, err := s.cpu()
	b.add(f, design, (after-before).Seconds()/float64(n))
	return err
}

// pinged is all that the server does while browsers wait, by the ping.
func (b *bench) pinged(s *server, crowd *load, design string) error {
	var before, after int64
	cpu, err := s.cpu()
	if err != nil {
		return err
	}
	if err := crowd.do("Pongs", struct{}{}, &before); err != nil {
		return err
	}
	time.Sleep(b.pings)
	if err := crowd.do("Pongs", struct{}{}, &after); err != nil {
		return err
	}
	used, err := s.cpu()
	if err == nil && after > before {
		b.add(ping, design, (used-cpu).Seconds()/float64(after-before))
	}
	return err
}

// told is publishing to one browser after another: at a rate, beside a raw
// loopback at the same, and then as fast as it goes.
func (b *bench) told(s *server, crowd *load, design string) error {
	n := int(b.tells.Seconds() * tellsPerSecond)
	var heard Heard
	if design == designHub { // the floors, once a round, in the minute of the row they are for
		for who, e := range map[string]Echoes{rawLoopback: {Addr: b.echo.addr}, emptyPost: {Addr: s.addr, HTTP: true}} {
			e.N, e.Rate, e.Conns = n, tellsPerSecond, 8
			if err := crowd.do("Echo", e, &heard); err != nil {
				return err
			}
			b.add(tellP50, who, heard.P50.Seconds())
			b.add(tellP99, who, heard.P99.Seconds())
		}
	}
	if err := crowd.do("Shoot", Shots{Addr: s.addr, N: n, Rate: tellsPerSecond, Workers: 8, Patience: 2 * time.Second}, &heard); err != nil {
		return err
	}
	b.add(tellP50, design, heard.P50.Seconds())
	b.add(tellP99, design, heard.P99.Seconds())
	lost := heard.Lost

	burst := b.burst * b.browsers
	err := b.costs(s, tellCPU, design, burst, func() error {
		return crowd.do("Shoot", Shots{Addr: s.addr, From: n, N: burst, Workers: 32, Patience: 2 * time.Second}, &heard)
	})
	b.add(tellRate, design, float64(burst-heard.Lost)/heard.Took.Seconds())
	b.add(tellLost, design, float64(lost+heard.Lost))
	return err
}

// tapped is the whole path: the provider's callback comes in, and the browser
// hears after the decision is on disk.
func (b *bench) tapped(s *server, crowd *load) error {
	write, err := durableWrite(b.dir)
	if err != nil {
		return err
	}
	b.add(tapP50, disk, write.Seconds())
	var heard Heard
	err = crowd.do("Shoot", Shots{
		Addr: s.addr, N: int(b.tells.Seconds() * tellsPerSecond), Rate: tellsPerSecond, Workers: 16, Patience: 5 * time.Second,
		Callback: &Signing{Key: apiKey, URL: "http://" + s.addr + "/authy/callback"},
	}, &heard)
	if err != nil {
		return err
	}
	b.add(tapP50, designNod, heard.P50.Seconds())
	b.add(tapP99, designNod, heard.P99.Seconds())
	b.add(tapLost, designNod, float64(heard.Lost))
	return nil
}

// polling is the tutorial's way: the answer is stored, and the page asks when
// its time comes.
func (b *bench) polling(ctx context.Context) error {
	b.say("times: %s", designPolling)
	return b.run(ctx, designPolling, nil, func(s *server, crowd *load) error {
		if err := crowd.open(s, designPolling, byPolling, b.pollers); err != nil {
			return err
		}
		time.Sleep(pollEvery)
		n := min(b.pollers, int(b.tells.Seconds()*tellsPerSecond))
		var heard Heard
		if err := crowd.do("Shoot", Shots{Addr: s.addr, N: n, Rate: tellsPerSecond, Workers: 16, Patience: 5 * time.Second}, &heard); err != nil {
			return err
		}
		b.add(tapP50, designPolling, heard.P50.Seconds())
		b.add(tapP99, designPolling, heard.P99.Seconds())
		b.add(tapLost, designPolling, float64(heard.Lost))
		return nil
	})
}

// work is how much was done, in how many seconds, and what it cost.
type work struct{ n, seconds, cpu float64 }

func (w *work) add(more work) {
	w.n, w.seconds, w.cpu = w.n+more.n, w.seconds+more.seconds, w.cpu+more.cpu
}

// turns is how often hashes and sign-ins take turns: what else the machine does
// then meets both.
const turns = 3

// signing is sign-ins with the password, beside what the hash alone allows.
func (b *bench) signing(ctx context.Context) error {
	b.say("sign-ins")
	return b.run(ctx, designNod, nil, func(s *server, crowd *load) error {
		var alone, whole work
		for range turns {
			w, err := b.hashes(ctx)
			if err != nil {
				return err
			}
			alone.add(w)
			if w, err = b.passwords(s, crowd); err != nil {
				return err
			}
			whole.add(w)
		}
		b.add(signIns, designNod, whole.n/whole.seconds)
		b.add(signIns, hashAlone, alone.n/alone.seconds)
		b.add(signInCPU, designNod, whole.cpu/whole.n)
		b.add(signInCPU, hashAlone, alone.cpu/alone.n)
		return nil
	})
}

func (b *bench) hashes(ctx context.Context) (w work, err error) {
	cmd := exec.CommandContext(ctx, b.self, "hash", b.world.hash, (b.signIns / turns).String())
	var problem bytes.Buffer
	cmd.Stderr = &problem
	out, err := cmd.Output()
	if err != nil {
		return work{}, fmt.Errorf("hashing: %w: %s", err, problem.String())
	}
	_, err = fmt.Sscan(string(out), &w.n, &w.seconds)
	w.cpu = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	return w, err
}

func (b *bench) passwords(s *server, crowd *load) (w work, err error) {
	before, err := s.cpu()
	if err != nil {
		return work{}, err
	}
	var done SignedIn
	args := SignIns{Addr: s.addr, Members: b.world.members, Workers: 8, For: b.signIns / turns}
	if err := crowd.do("SignIn", args, &done); err != nil {
		return work{}, err
	}
	after, err := s.cpu()
	return work{float64(done.N), done.Took.Seconds(), (after - before).Seconds()}, err
}
