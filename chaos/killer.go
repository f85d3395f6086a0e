package main

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"time"
)

// longestPeace is the longest time between a restart and the next kill.
const longestPeace = 3 * time.Second

// killLoop ends the process by both signals in a random order, at random moments,
// and starts it again at once.
func (w *world) killLoop(ctx context.Context) error {
	random := w.random(-1)
	signals := make([]syscall.Signal, 0, w.kills+w.terms)
	for i := range w.kills + w.terms {
		signals = append(signals, syscall.SIGTERM)
		if i < w.kills {
			signals[i] = syscall.SIGKILL
		}
	}
	random.Shuffle(len(signals), func(i, j int) { signals[i], signals[j] = signals[j], signals[i] })
	for n, signal := range signals {
		if err := pause(ctx, time.Duration(random.Int64N(int64(longestPeace)))); err != nil {
			return err
		}
		if err := w.round(ctx, signal); err != nil {
			return err
		}
		if (n+1)%25 == 0 {
			fmt.Fprintf(os.Stderr, "chaos: %d of %d\n", n+1, len(signals))
		}
	}
	return nil
}

// round is one end of the process and its return.
func (w *world) round(ctx context.Context, signal syscall.Signal) error {
	w.told.gone()
	ending := time.Now()
	if signal == syscall.SIGKILL {
		w.process.kill()
		w.book.add(&w.book.kills)
	} else {
		if err := w.process.stop(); err != nil {
			w.book.lose("%v", err)
		}
		w.book.took(&w.book.stops, time.Since(ending))
		w.book.add(&w.book.terms)
	}
	start := time.Now()
	if err := w.process.start(ctx); err != nil {
		return err
	}
	w.told.back()
	w.book.took(&w.book.starts, time.Since(start))
	w.book.add(&w.book.restarts)
	go w.checkKeepers(ctx)
	return nil
}

// pause waits, unless ctx ends first.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
