package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// A soak lets browsers wait for long while others sign in, and looks at what the
// server holds. With soakMembers and soakPause nobody is asked so often that a limit
// is reached, for an hour at least.
const (
	soakMembers = 600
	soakPause   = 2 * time.Second
	soakSamples = 30
)

// sample is what the server holds at one moment.
type sample struct {
	rss, live                         float64 // bytes
	files, threads, goroutines, waits float64
}

// soak runs for a time and reports whether what the server holds has grown.
func (b *bench) soak(ctx context.Context, duration time.Duration, out io.Writer) error {
	return b.run(ctx, designNod, nil, func(s *server, clients *load) error {
		if err := clients.open(s, designNod, bySocket, b.browsers); err != nil {
			return err
		}
		signIns := make(chan error, 1)
		var done SignedIn
		go func() {
			signIns <- clients.do("SignIn", SignInArgs{Addr: s.addr, Members: b.fixture.members, Workers: 2, Pause: soakPause, For: duration}, &done)
		}()
		samples, err := s.watch(ctx, duration, out)
		if err = errors.Join(err, <-signIns); err != nil {
			return err
		}
		var pongs int64
		if err := clients.do("Pongs", struct{}{}, &pongs); err != nil {
			return err
		}
		fmt.Fprintf(out, "%d sign-ins, %d pings answered\n", done.N, pongs)
		return steady(samples, b.browsers)
	})
}

// watch takes samples, evenly spread over the duration, and prints each.
func (s *server) watch(ctx context.Context, duration time.Duration, out io.Writer) (all []sample, err error) {
	fmt.Fprintf(out, "%8s %8s %14s %12s %8s %11s %8s\n", "after", "RSS", "heap and stack", "descriptors", "threads", "goroutines", "waiting")
	tick := time.NewTicker(duration / soakSamples)
	defer tick.Stop()
	for start := time.Now(); len(all) < soakSamples; {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
		}
		now, err := s.sample(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, now)
		fmt.Fprintf(out, "%8s %8s %14s %12.0f %8.0f %11.0f %8.0f\n", time.Since(start).Round(time.Second),
			megabytes(now.rss), megabytes(now.live), now.files, now.threads, now.goroutines, now.waits)
	}
	return all, nil
}

func (s *server) sample(ctx context.Context) (now sample, err error) {
	process := fmt.Sprintf("/proc/%d/", s.cmd.Process.Pid)
	if now.files, err = entries(process + "fd"); err != nil {
		return now, err
	}
	if now.threads, err = entries(process + "task"); err != nil {
		return now, err
	}
	if now.rss, err = readRSS(s.cmd.Process.Pid); err != nil {
		return now, err
	}
	if now.live, err = readLive(ctx, s.memory); err != nil {
		return now, err
	}
	values, err := readMetrics(ctx, s.memory)
	now.goroutines, now.waits = values["go_goroutines"], values[`nod_waiting_browsers{transport="websocket"}`]
	return now, err
}

func entries(dir string) (float64, error) {
	all, err := os.ReadDir(dir)
	return float64(len(all)), err
}

// steady says what has grown from the first third of the samples to the last, and
// who no longer waits. The lowest of each third counts: what leaks stays.
func steady(all []sample, browsers int) error {
	third := len(all) / 3
	first, last := all[:third], all[len(all)-third:]
	var wrong []error
	for _, of := range []struct {
		what  string
		value func(sample) float64
		slack float64 // a share of the first third
		more  float64 // what comes and goes with the requests under way
	}{
		{"resident memory", func(s sample) float64 { return s.rss }, 0.1, 0},
		{"heap and stack", func(s sample) float64 { return s.live }, 0.1, 0},
		{"descriptors", func(s sample) float64 { return s.files }, 0, 10},
		{"threads", func(s sample) float64 { return s.threads }, 0, 5},
		{"goroutines", func(s sample) float64 { return s.goroutines }, 0, 10},
	} {
		before, after := lowest(first, of.value), lowest(last, of.value)
		if after > before*(1+of.slack)+of.more {
			wrong = append(wrong, fmt.Errorf("%s grew from %.0f to %.0f", of.what, before, after))
		}
	}
	for i, s := range all {
		if int(s.waits) != browsers {
			wrong = append(wrong, fmt.Errorf("sample %d: %.0f browsers wait, not %d", i+1, s.waits, browsers))
		}
	}
	return errors.Join(wrong...)
}

func lowest(all []sample, value func(sample) float64) float64 {
	low := value(all[0])
	for _, s := range all {
		low = min(low, value(s))
	}
	return low
}
