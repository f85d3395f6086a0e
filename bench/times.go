package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"time"
)

// measureTimes measures CPU time and latencies of a design with Go's default
// settings, while all browsers wait on sockets.
func (b *bench) measureTimes(design string) func(context.Context) error {
	return func(ctx context.Context) error {
		b.logf("times: %s", design)
		return b.run(ctx, design, nil, func(s *server, clients *load) error {
			if _, err := b.warm(ctx, s, clients, design, bySocket); err != nil {
				return err
			}
			err := b.addCPU(s, handshake, design, b.browsers, func() error {
				return clients.open(s, design, bySocket, b.browsers)
			})
			if err != nil {
				return err
			}
			after, err := s.held(ctx, b.readings)
			if err != nil {
				return err
			}
			b.add(natural, design, after.rss)
			if design != designCentrifuge { // it pings all browsers that connected together at once
				if err := b.measurePings(s, clients, design); err != nil {
					return err
				}
			}
			if design == designNod {
				return b.measureCallbacks(s, clients)
			}
			return b.measurePublishes(s, clients, design)
		})
	}
}

// addCPU adds the CPU time that the server spends on do, divided by n.
func (b *bench) addCPU(s *server, f figure, design string, n int, do func() error) error {
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

// measurePings measures all CPU time of the server while browsers wait, per ping.
func (b *bench) measurePings(s *server, clients *load, design string) error {
	var before, after int64
	cpu, err := s.cpu()
	if err != nil {
		return err
	}
	if err := clients.do("Pongs", struct{}{}, &before); err != nil {
		return err
	}
	time.Sleep(b.pings)
	if err := clients.do("Pongs", struct{}{}, &after); err != nil {
		return err
	}
	used, err := s.cpu()
	if err == nil && after > before {
		b.add(ping, design, (used-cpu).Seconds()/float64(after-before))
	}
	return err
}

// measurePublishes publishes to one browser after another: first at a fixed rate,
// together with a raw loopback at the same rate, then as fast as possible.
func (b *bench) measurePublishes(s *server, clients *load, design string) error {
	n := int(b.publishFor.Seconds() * eventsPerSecond)
	if design == designHub { // the lower bounds, measured just before the figures they are for
		if err := b.measureFloors(s, clients, n); err != nil {
			return err
		}
	}
	var paced, burst Latencies
	if err := clients.do("SendEvents", SendArgs{Addr: s.addr, N: n, Rate: eventsPerSecond, Workers: 8, Timeout: 2 * time.Second}, &paced); err != nil {
		return err
	}
	b.add(publishP50, design, paced.P50.Seconds())
	b.add(publishP99, design, paced.P99.Seconds())

	many := b.burst * b.browsers
	err := b.addCPU(s, publishCPU, design, many, func() error {
		return clients.do("SendEvents", SendArgs{Addr: s.addr, From: n, N: many, Workers: 32, Timeout: 2 * time.Second}, &burst)
	})
	b.add(publishRate, design, float64(many-burst.Lost)/burst.Took.Seconds())
	b.add(publishLost, design, float64(paced.Lost+burst.Lost))
	return err
}

// measureFloors measures the lower bounds of every hub's latency.
func (b *bench) measureFloors(s *server, clients *load, n int) error {
	for program, e := range map[string]EchoArgs{rawLoopback: {Addr: b.echo.addr}, emptyPost: {Addr: s.addr, HTTP: true}} {
		e.N, e.Rate, e.Conns = n, eventsPerSecond, 8
		var h Latencies
		if err := clients.do("Echo", e, &h); err != nil {
			return err
		}
		b.add(publishP50, program, h.P50.Seconds())
		b.add(publishP99, program, h.P99.Seconds())
	}
	return nil
}

// measureCallbacks measures the whole path: from the provider's callback to the
// browser's event, with the decision stored on disk in between.
func (b *bench) measureCallbacks(s *server, clients *load) error {
	write, err := syncedWrite(b.dir)
	if err != nil {
		return err
	}
	b.add(tapP50, disk, write.Seconds())
	var latencies Latencies
	err = clients.do("SendEvents", SendArgs{
		Addr: s.addr, N: int(b.publishFor.Seconds() * eventsPerSecond), Rate: eventsPerSecond, Workers: 16, Timeout: 5 * time.Second,
		Callback: &Signing{Key: apiKey, URL: "http://" + s.addr + "/authy/callback"},
	}, &latencies)
	if err != nil {
		return err
	}
	b.add(tapP50, designNod, latencies.P50.Seconds())
	b.add(tapP99, designNod, latencies.P99.Seconds())
	b.add(tapLost, designNod, float64(latencies.Lost))
	return nil
}

// measurePolling measures the tutorial's design: the answer is stored, and the page
// learns of it when it polls next.
func (b *bench) measurePolling(ctx context.Context) error {
	b.logf("times: %s", designPolling)
	return b.run(ctx, designPolling, nil, func(s *server, clients *load) error {
		if err := clients.open(s, designPolling, byPolling, b.pollers); err != nil {
			return err
		}
		time.Sleep(pollEvery)
		n := min(b.pollers, int(b.publishFor.Seconds()*eventsPerSecond))
		var latencies Latencies
		if err := clients.do("SendEvents", SendArgs{Addr: s.addr, N: n, Rate: eventsPerSecond, Workers: 16, Timeout: 5 * time.Second}, &latencies); err != nil {
			return err
		}
		b.add(tapP50, designPolling, latencies.P50.Seconds())
		b.add(tapP99, designPolling, latencies.P99.Seconds())
		b.add(tapLost, designPolling, float64(latencies.Lost))
		return nil
	})
}

// work is a number of operations, their duration and their CPU time, in seconds.
type work struct{ n, seconds, cpu float64 }

func (w *work) add(other work) {
	w.n, w.seconds, w.cpu = w.n+other.n, w.seconds+other.seconds, w.cpu+other.cpu
}

// alternations is how often hashing and sign-ins alternate, so that other load on
// the machine affects both.
const alternations = 5

// measureSignIns measures sign-ins with a password, and how many the hash alone
// would allow.
func (b *bench) measureSignIns(ctx context.Context) error {
	b.logf("sign-ins")
	return b.run(ctx, designNod, nil, func(s *server, clients *load) error {
		var alone, whole work
		first, err := b.passwords(s, clients, 0) // not counted: the process grows to its size
		if err != nil {
			return err
		}
		for range alternations {
			w, err := b.hashes(ctx)
			if err != nil {
				return err
			}
			alone.add(w)
			if w, err = b.passwords(s, clients, int(first.n+whole.n)); err != nil {
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
	cmd := exec.CommandContext(ctx, b.self, "hash", b.fixture.hash, (b.signIns / alternations).String())
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

// passwords lets members sign in for one turn, beginning with those after the first
// so many: the limits allow few sign-ins of each member and from each address.
func (b *bench) passwords(s *server, clients *load, after int) (w work, err error) {
	before, err := s.cpu()
	if err != nil {
		return work{}, err
	}
	var done SignedIn
	args := SignInArgs{Addr: s.addr, Members: b.fixture.members, From: after, Workers: 8, For: b.signIns / alternations}
	if err := clients.do("SignIn", args, &done); err != nil {
		return work{}, err
	}
	cpu, err := s.cpu()
	return work{float64(done.N), done.Took.Seconds(), (cpu - before).Seconds()}, err
}
