package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// The benchmark measures what attacks cost those who only want in: owners sign in,
// with browsers that their accounts know, while something floods the site.

const (
	owners  = 10
	signIns = 40 // measured for each attack, or as many as there is time for
	atMost  = 75 * time.Second
)

// flood is something that goes on until its context ends.
type flood struct {
	name string
	run  func(context.Context, *site)
}

var floods = []flood{
	{"nothing", func(context.Context, *site) {}},
	{"200 wrong passwords at once, an address each", wrongPasswords},
	{"44 connections from each of four addresses, with right passwords", rightPasswords},
	{"40 sign-ups at once, an address each", signUpFlood},
	{"1,600 silent connections from one address", silence(1)},
	{"1,600 silent connections from 16 addresses", silence(16)},
}

// owner is a person with the browser that their account knows.
type owner struct {
	person
	b *browser
}

// benchmark builds and starts Nod, and prints a line for each flood.
func benchmark(ctx context.Context, out io.Writer) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not done after %s", limit))
	defer cancel()
	p, err := startProcess(ctx)
	if err != nil {
		return err
	}
	defer p.stop()
	s, err := newSite(ctx, p.app, p.phones)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "up to %d sign-ins of owners under each attack, password to account page; %d descriptors\n\n", signIns, descriptors)
	fmt.Fprintln(out, "| attack | sign-ins | median | p99 | slowest | refused |\n|---|--:|--:|--:|--:|--:|")
	late := 0
	for _, f := range floods {
		times, refused, why := measure(ctx, s, f)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		p99 := quantile(times, 0.99)
		if refused > 0 || p99 > 3*time.Second {
			late++
		}
		fmt.Fprintf(out, "| %s | %d | %s | %s | %s | %d |\n", f.name, len(times), millis(quantile(times, 0.5)), millis(p99), millis(quantile(times, 1)), refused)
		if why != "" {
			fmt.Fprintln(out, "  the first refusal:", why)
		}
	}
	if late > 0 {
		return fmt.Errorf("under %d attacks owners were refused, or waited for longer than 3 s", late)
	}
	return nil
}

// measure lets owners sign in during a flood. Those before it are not counted.
func measure(ctx context.Context, s *site, f flood) (times []time.Duration, refused int, why string) {
	o := s.attempt(ctx, attack{try: func(a *attempt) {
		var all []owner
		for range owners {
			b := a.elsewhere().browser()
			p := a.signsUp(b)
			p.comesIn(b)
			b.post("/logout")
			all = append(all, owner{p, b})
		}
		during, end := context.WithCancel(ctx)
		var attackers sync.WaitGroup
		attackers.Go(func() { f.run(during, a.site) })
		defer attackers.Wait()
		defer end()
		time.Sleep(2 * time.Second) // the flood rises
		began := time.Now()
		for n := range signIns {
			if time.Since(began) > atMost {
				return
			}
			took, failed := all[n%owners].signIn()
			if failed != "" {
				refused++
				if why == "" {
					why, _, _ = strings.Cut(failed, "\n")
				}
				continue
			}
			times = append(times, took)
		}
	}})
	if o.failed != "" {
		return times, signIns - len(times), o.failed
	}
	return times, refused, why
}

// signIn is one whole sign-in; failed says why it was none.
func (o owner) signIn() (took time.Duration, failed string) {
	defer func() {
		if e, ok := recover().(ended); ok {
			failed = e.why
		}
	}()
	began := time.Now()
	o.signsIn(o.b)
	took = time.Since(began)
	o.b.post("/logout")
	return took, ""
}

func quantile(times []time.Duration, q float64) time.Duration {
	if len(times) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(times))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

func millis(d time.Duration) string { return fmt.Sprintf("%d ms", d.Milliseconds()) }

// each runs something again and again in n places at once, until ctx ends.
// Failures are what an attacker has to expect.
func each(ctx context.Context, s *site, n int, do func(*site, int)) {
	var group sync.WaitGroup
	for i := range n {
		from := s.elsewhere()
		from.ctx = ctx
		group.Go(func() {
			for ctx.Err() == nil {
				func() {
					defer func() {
						if _, ok := recover().(ended); ok {
							time.Sleep(50 * time.Millisecond)
						}
					}()
					do(from, i)
				}()
			}
		})
	}
	group.Wait()
}

func wrongPasswords(ctx context.Context, s *site) {
	each(ctx, s, 200, func(from *site, i int) {
		b := from.browser()
		defer b.http.CloseIdleConnections()
		form := b.form("email", fmt.Sprintf("attack-%d@nod.example", i), "password", "Not-the-Password-7")
		for range 10 {
			b.send("/login", form)
		}
	})
}

func rightPasswords(ctx context.Context, s *site) {
	const addresses, connections = 4, 44
	each(ctx, s, addresses, func(from *site, _ int) {
		b := from.browser()
		p := from.signsUp(b)
		p.comesIn(b)
		each(ctx, from, 1, func(*site, int) {
			parallel(connections, func(int) page {
				t := from.browser()
				defer t.http.CloseIdleConnections()
				return p.gives(t)
			})
		})
	})
}

func signUpFlood(ctx context.Context, s *site) {
	each(ctx, s, 40, func(from *site, _ int) {
		b := from.browser()
		defer b.http.CloseIdleConnections()
		from.signsUp(b)
	})
}

// silence opens connections that say nothing, and others for those that are cut.
func silence(addresses int) func(context.Context, *site) {
	const connections = 1600
	return func(ctx context.Context, s *site) {
		var places []*site
		for range addresses {
			places = append(places, s.elsewhere())
		}
		var group sync.WaitGroup
		for i := range connections {
			group.Go(func() {
				for ctx.Err() == nil {
					conn, err := places[i%addresses].dial(ctx)
					if err != nil {
						time.Sleep(100 * time.Millisecond)
						continue
					}
					stop := context.AfterFunc(ctx, func() { conn.Close() })
					_, _ = conn.Read(make([]byte, 1)) // until it is cut
					stop()
					conn.Close()
					time.Sleep(20 * time.Millisecond)
				}
			})
		}
		group.Wait()
	}
}
