package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"time"
)

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
	if design == designHub { // the floors, in the minute of the row they are for
		if err := b.floors(s, crowd, n); err != nil {
			return err
		}
	}
	var even, burst Heard
	if err := crowd.do("Shoot", Shots{Addr: s.addr, N: n, Rate: tellsPerSecond, Workers: 8, Patience: 2 * time.Second}, &even); err != nil {
		return err
	}
	b.add(tellP50, design, even.P50.Seconds())
	b.add(tellP99, design, even.P99.Seconds())

	many := b.burst * b.browsers
	err := b.costs(s, tellCPU, design, many, func() error {
		return crowd.do("Shoot", Shots{Addr: s.addr, From: n, N: many, Workers: 32, Patience: 2 * time.Second}, &burst)
	})
	b.add(tellRate, design, float64(many-burst.Lost)/burst.Took.Seconds())
	b.add(tellLost, design, float64(even.Lost+burst.Lost))
	return err
}

// floors is what no hub can be faster than.
func (b *bench) floors(s *server, crowd *load, n int) error {
	for who, e := range map[string]Echoes{rawLoopback: {Addr: b.echo.addr}, emptyPost: {Addr: s.addr, HTTP: true}} {
		e.N, e.Rate, e.Conns = n, tellsPerSecond, 8
		var h Heard
		if err := crowd.do("Echo", e, &h); err != nil {
			return err
		}
		b.add(tellP50, who, h.P50.Seconds())
		b.add(tellP99, who, h.P99.Seconds())
	}
	return nil
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
const turns = 5

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
