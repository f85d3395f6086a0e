package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"
)

// longestPeace is the longest time between a restart and the next end.
const longestPeace = 3 * time.Second

// end is a way in which something ends.
type end int

const (
	kill  end = iota // SIGKILL for one process
	term             // SIGTERM for one process
	crash            // PostgreSQL ends in the middle of whatever it does
	cut              // the power goes: everything ends, and what was not synced is gone
)

// ends are all that there are to be, in a random order.
func (e extent) ends(random *rand.Rand) (all []end) {
	for how, times := range []int{kill: e.kills, term: e.terms, crash: e.crashes, cut: e.cuts} {
		for range times {
			all = append(all, end(how))
		}
	}
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// killLoop has everything end at random moments and start again at once, and compares
// what was promised with what is there after each time.
func (w *world) killLoop(ctx context.Context) error {
	random := w.random(-1)
	ends := w.ends(random)
	for n, how := range ends {
		if err := pause(ctx, time.Duration(random.Int64N(int64(longestPeace)))); err != nil {
			return err
		}
		if err := w.round(ctx, how, random); err != nil {
			return err
		}
		if err := w.audit(ctx, false); err != nil {
			return err
		}
		if (n+1)%25 == 0 {
			fmt.Fprintf(os.Stderr, "chaos: %d of %d\n", n+1, len(ends))
		}
	}
	return nil
}

// round is one end and the return. A page that waits hears of it only if its own
// process was gone or cut off: whether it was is known where that holds for all.
func (w *world) round(ctx context.Context, how end, random *rand.Rand) error {
	all := how == crash || how == cut || len(w.site.processes) == 1
	if all {
		w.told.gone()
	}
	victim := w.site.processes[random.IntN(len(w.site.processes))]
	if err := w.end(ctx, how, victim); err != nil {
		return err
	}
	start := time.Now()
	if err := w.site.start(ctx); err != nil {
		return err
	}
	if all {
		w.told.back()
	}
	w.book.took(&w.book.starts, time.Since(start))
	w.book.add(&w.book.restarts)
	go w.checkKeepers(ctx)
	return nil
}

func (w *world) end(ctx context.Context, how end, victim *process) error {
	switch how {
	case kill:
		victim.kill()
		w.book.add(&w.book.kills)
	case term:
		ending := time.Now()
		err := victim.stop()
		switch {
		case errors.Is(err, errGaveUp):
			w.book.add(&w.book.gaveUp)
		case err != nil:
			w.book.lose("%v", err)
		}
		w.book.took(&w.book.stops, time.Since(ending))
		w.book.add(&w.book.terms)
	case crash:
		w.book.add(&w.book.crashes)
		return w.site.cluster.Stop()
	case cut:
		w.book.add(&w.book.cuts)
		return w.site.cutPower(ctx)
	}
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
