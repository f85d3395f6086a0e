package main

import (
	"context"
	"errors"
	"os"
	"time"
)

// sweep measures at several numbers of waiting browsers, for the plot.
type sweep struct {
	*bench
	memory, latency panel
}

// At each number of browsers there are some volleys of events, and the middle
// one counts.
const (
	volleys       = 3
	volley        = 150
	sweepPatience = 2 * time.Second
)

// steps are the numbers of browsers.
func (e extent) steps() []int {
	return []int{e.browsers / 10, e.browsers / 4, e.browsers / 2, e.browsers}
}

// spare is how many seats a sweep uses up: who has been told waits no more.
func (e extent) spare() int { return len(e.steps()) * volleys * volley }

func (b *bench) sweep(ctx context.Context) (*sweep, error) {
	s := &sweep{
		bench:   b,
		memory:  panel{title: "Resident memory of the server", unit: "MB"},
		latency: panel{title: "Until the browser knows: p50, dashed p99", unit: "ms", logarithmic: true},
	}
	for _, of := range []struct{ design, name, class string }{
		{designNod, "Nod", "nod"}, {designUsual, "usual design", "usual"}, {designCentrifuge, "centrifuge", "other"},
	} {
		if err := s.memoryOf(ctx, of.design, of.name, of.class); err != nil {
			return nil, err
		}
	}
	for _, of := range []struct{ design, name, class string }{
		{designNod, "Nod, on disk first", "nod"}, {designUsual, "usual, not stored", "usual"},
	} {
		if err := s.latencyOf(ctx, of.design, of.name, of.class); err != nil {
			return nil, err
		}
	}
	s.pollingOf()
	return s, nil
}

func (s *sweep) memoryOf(ctx context.Context, design, name, class string) error {
	s.say("plot: memory of %s", design)
	c := curve{name: name, class: class}
	err := s.run(ctx, design, collected, func(srv *server, crowd *load) error {
		if err := crowd.do("Visit", srv.addr, &struct{}{}); err != nil {
			return err
		}
		open := 0
		for _, n := range s.steps() {
			if err := crowd.open(srv, design, bySocket, n-open); err != nil {
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
	s.say("plot: latency of %s", design)
	p50, p99 := curve{name: name, class: class}, curve{class: class, dashed: true}
	raw := curve{name: "raw loopback", class: "floor"}
	err := s.run(ctx, design, nil, func(srv *server, crowd *load) error {
		shots := Shots{Addr: srv.addr, N: min(volley, s.steps()[0]), Rate: tellsPerSecond, Workers: 8, Patience: sweepPatience}
		if design == designNod {
			shots.Callback = &Signing{Key: apiKey, URL: "http://" + srv.addr + "/authy/callback"}
		}
		open := 0
		for _, n := range s.steps() {
			gone := 0
			if design == designNod {
				gone = shots.From // who has been told waits no more
			}
			if err := crowd.open(srv, design, bySocket, n+gone-open); err != nil {
				return err
			}
			open = n + gone
			found := results{}
			for range volleys {
				var floor, heard Heard
				if err := crowd.do("Echo", Echoes{Addr: s.echo.addr, N: shots.N, Rate: shots.Rate, Conns: shots.Workers}, &floor); err != nil {
					return err
				}
				if err := crowd.do("Shoot", shots, &heard); err != nil {
					return err
				}
				shots.From += shots.N
				found.add(tellP50, design, heard.P50.Seconds()*1e3)
				found.add(tellP99, design, heard.P99.Seconds()*1e3)
				found.add(tellP50, rawLoopback, floor.P50.Seconds()*1e3)
			}
			p50.mark(n, found, tellP50, design)
			p99.mark(n, found, tellP99, design)
			raw.mark(n, found, tellP50, rawLoopback)
		}
		return nil
	})
	s.latency.curves = append(s.latency.curves, p50, p99)
	if design == designUsual {
		s.latency.curves = append(s.latency.curves, raw)
	}
	return err
}

// mark adds the middle of what was found at a number of browsers.
func (c *curve) mark(browsers int, found results, f figure, who string) {
	if middle, ok := found.of(f, who); ok {
		c.points = append(c.points, point{float64(browsers), middle.median})
	}
}

// pollingOf draws what the rounds have found: it does not depend on how many
// they are, as long as the server keeps up.
func (s *sweep) pollingOf() {
	found, ok := s.of(tapP50, designPolling)
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
	below := "Server and browsers on one machine: " + machine()
	return errors.Join(writePlot(f, below, s.memory, s.latency), f.Close())
}
