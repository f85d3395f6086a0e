package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// sweep measures at several numbers of waiting browsers for the plot.
type sweep struct {
	*bench
	memory, latency panel
}

// At each number of browsers some batches of events are published; the median
// counts.
const (
	batches      = 3
	batchSize    = 150
	sweepTimeout = 2 * time.Second
)

// steps returns the numbers of browsers to measure at.
func (e extent) steps() []int {
	return []int{e.plotted / 10, e.plotted / 4, e.plotted / 2, e.plotted}
}

// spare is how many attempts a sweep needs beyond those of the table. It uses some
// up: an attempt that is decided no longer waits.
func (e extent) spare() int { return e.plotted - e.browsers + len(e.steps())*batches*batchSize }

func (b *bench) sweep(ctx context.Context) (*sweep, error) {
	s := &sweep{
		bench:   b,
		memory:  panel{title: "Resident memory of the server", unit: "MB"},
		latency: panel{title: "Latency to the browser: p50, dashed p99", unit: "ms", logarithmic: true},
	}
	for _, of := range []struct{ design, name, class string }{
		{designNod, "Nod", "nod"}, {designUsual, "usual design", "usual"}, {designCentrifuge, "centrifuge", "other"},
	} {
		if err := s.memoryOf(ctx, of.design, of.name, of.class); err != nil {
			return nil, err
		}
	}
	for _, of := range []struct{ design, name, class string }{
		{designNod, "Nod, stored first", "nod"}, {designUsual, "usual, not stored", "usual"},
	} {
		if err := s.latencyOf(ctx, of.design, of.name, of.class); err != nil {
			return nil, err
		}
	}
	s.pollingOf()
	return s, nil
}

func (s *sweep) memoryOf(ctx context.Context, design, name, class string) error {
	s.logf("plot: memory of %s", design)
	c := curve{name: name, class: class}
	err := s.run(ctx, design, collected, func(srv *server, clients *load) error {
		if err := clients.do("Visit", srv.addr, &struct{}{}); err != nil {
			return err
		}
		open := 0
		for _, n := range s.steps() {
			if err := clients.open(srv, design, bySocket, n-open); err != nil {
				return err
			}
			open = n
			h, err := srv.held(ctx, s.readings)
			if err != nil {
				return err
			}
			c.points = append(c.points, point{float64(n), h.rss / 1e6})
		}
		return nil
	})
	s.memory.curves = append(s.memory.curves, c)
	return err
}

func (s *sweep) latencyOf(ctx context.Context, design, name, class string) error {
	s.logf("plot: latency of %s", design)
	p50, p99 := curve{name: name, class: class}, curve{class: class, dashed: true}
	raw := curve{name: "raw loopback", class: "floor"}
	err := s.run(ctx, design, nil, func(srv *server, clients *load) error {
		args := SendArgs{Addr: srv.addr, N: min(batchSize, s.steps()[0]), Rate: eventsPerSecond, Workers: 8, Timeout: sweepTimeout}
		if design == designNod {
			args.Callback = &Signing{Key: apiKey, URL: "http://" + srv.addr + "/authy/callback"}
		}
		open := 0
		for _, n := range s.steps() {
			gone := 0
			if design == designNod {
				gone = args.From // these are decided and no longer wait
			}
			if err := clients.open(srv, design, bySocket, n+gone-open); err != nil {
				return err
			}
			open = n + gone
			found := results{}
			for range batches {
				var floor, latencies Latencies
				if err := clients.do("Echo", EchoArgs{Addr: s.echo.addr, N: args.N, Rate: args.Rate, Conns: args.Workers}, &floor); err != nil {
					return err
				}
				if err := clients.do("SendEvents", args, &latencies); err != nil {
					return err
				}
				args.From += args.N
				found.add(publishP50, design, latencies.P50.Seconds()*1e3)
				found.add(publishP99, design, latencies.P99.Seconds()*1e3)
				found.add(publishP50, rawLoopback, floor.P50.Seconds()*1e3)
			}
			p50.mark(n, found, publishP50, design)
			p99.mark(n, found, publishP99, design)
			raw.mark(n, found, publishP50, rawLoopback)
		}
		return nil
	})
	s.latency.curves = append(s.latency.curves, p50, p99)
	if design == designUsual {
		s.latency.curves = append(s.latency.curves, raw)
	}
	return err
}

// mark adds the median at a number of browsers.
func (c *curve) mark(browsers int, found results, f figure, program string) {
	if middle, ok := found.summarise(f, program); ok {
		c.points = append(c.points, point{float64(browsers), middle.median})
	}
}

// pollingOf draws the result of the rounds: the latency of polling does not depend
// on the number of browsers while the server keeps up.
func (s *sweep) pollingOf() {
	found, ok := s.summarise(tapP50, designPolling)
	if !ok {
		return
	}
	c := curve{name: "polling every 2 s", class: "other"}
	for _, n := range s.steps() {
		c.points = append(c.points, point{float64(n), found.median * 1e3})
	}
	s.latency.curves = append(s.latency.curves, c)
}

func (s *sweep) writeFile(name string) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	caption := "Server and browsers on the same machine: " + machine() + "."
	if computed, ok := s.million(); ok {
		caption += "\n" + computed
	}
	return errors.Join(writePlot(f, caption, s.memory, s.latency), f.Close())
}

// million computes from what was measured what a million browsers would take of
// Nod: the kernel holds more for each socket than it shows here, see the decision
// about the watch.
func (s *sweep) million() (text string, ok bool) {
	const browsers, pingEvery = 1e6, 30.0 // seconds
	memory, measured := s.summarise(rss, designNod)
	cpu, pinged := s.summarise(ping, designNod)
	return fmt.Sprintf("Computed for a million browsers of Nod: %.1f GB, and %.1f processors for their pings.",
		memory.median*browsers/1e9, cpu.median*browsers/pingEvery), measured && pinged
}
