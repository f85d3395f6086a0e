package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
)

// print writes what happened, with the times.
func (w *world) print(out io.Writer, took time.Duration) {
	b := w.book
	b.mu.Lock()
	defer b.mu.Unlock()
	row := func(what, format string, args ...any) {
		fmt.Fprintf(out, "%-42s %s\n", what, fmt.Sprintf(format, args...))
	}
	row("kill -9, SIGTERM of a process", "%d, %d", b.kills, b.terms)
	row("crashes of PostgreSQL, power cuts", "%d, %d", b.crashes, b.cuts)
	row("everything back, and checked", "%d times in %s", b.restarts, took.Round(time.Second))
	row("sign-ups, sign-ins, sign-outs", "%d, %d, %d", b.signUps, b.signIns, b.signOuts)
	row("sign-ups sent again, the reply was lost", "%d", b.signUpsAgain)
	row("sign-ups refused for now", "%d", b.refusals)
	row("last steps whose reply was lost", "%d sent again and in, %d too late", b.again, b.late)
	taken := 0
	for _, t := range b.taps {
		if t.taken {
			taken++
		}
	}
	row("taps", "%d, of these %d acknowledged; %d sign-ins denied", len(b.taps), taken, b.denials)
	row("phone not asked, sent again", "%d, %d", b.unasked, b.resends)
	row("attempts to get in without a tap", "%d", b.attempts)
	row("transfers executed", "%d", b.transfers)
	row("from SIGTERM to the end", "%s; %d gave up", quantiles(b.stops), b.gaveUp)
	row("from start to ready", "%s", quantiles(b.starts))
	w.told.mu.Lock()
	defer w.told.mu.Unlock()
	row("from ready to told, after all were gone", "%s", quantiles(w.told.told))
	row("from tap (or ready) to told", "%s", quantiles(w.told.answers))
	for _, answer := range slices.Sorted(maps.Keys(b.faults)) {
		row("answered "+answer, "%d", b.faults[answer])
	}
	errs := w.site.countErrors()
	for _, text := range slices.Sorted(maps.Keys(errs)) {
		row("in the log: "+text, "%d", errs[text])
	}
	row("lost", "%d", len(b.lost))
	for _, text := range b.lost {
		fmt.Fprintln(out, "  "+text)
	}
}

// quantiles says p50, p99 and the maximum.
func quantiles(all []time.Duration) string {
	if len(all) == 0 {
		return "none"
	}
	slices.Sort(all)
	at := func(q float64) time.Duration {
		return all[int(q*float64(len(all)-1)+0.5)].Round(time.Millisecond)
	}
	return fmt.Sprintf("p50 %s, p99 %s, max %s (%d)", at(0.5), at(0.99), at(1), len(all))
}
