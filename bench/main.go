// Command bench compares what waiting browsers cost Nod and other designs, and
// prints one table: go run ./bench.
//
// Owns: building and starting the programs that are compared (the real nod binary;
// the other designs are a module of their own in bench/peers, which keeps their
// dependencies out of Nod's), the load generator with the browsers, and the table.
//
// Promises: every server runs in its own process on a copy of the same data. The
// browsers run in another process, each with its own source address. Programs that
// are compared are measured in the same round. The table gives the median, minimum
// and maximum of the rounds and says how each figure is measured. On an idle
// machine of two cores it takes some ten minutes, with -quick one or two,
// not counting the first build. When it ends it stops the processes it started and
// removes the files it wrote.
//
// Never: changes the product in order to measure it, leaves out a missed goal, or
// connects to anything outside 127.0.0.0/8 once the programs are built.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) > 1 {
		if part, ok := parts[os.Args[1]]; ok {
			exit(part(os.Args[2:]))
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	exit(run(ctx, os.Args[1:]))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	quickRun := flags.Bool("quick", false, "fewer browsers, one round: a minute or two, less precise")
	markdown := flags.Bool("markdown", false, "print the table as Markdown")
	soak := flags.Duration("soak", 0, "instead of the table: let browsers wait for this `duration` while users sign in, and fail if memory, descriptors or goroutines grow")
	picture := flags.String("plot", "", "plot memory and latency against the number of browsers to this SVG `file`")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if runtime.GOOS != "linux" {
		return errors.New("needs /proc, which only Linux has, to read memory and processor time")
	}
	b := &bench{extent: full, results: results{}, log: os.Stderr}
	if *quickRun {
		b.extent = quick
	}
	if *soak > 0 {
		b.members = soakMembers
		return b.inLab(ctx, 0, func(ctx context.Context) error { return b.soak(ctx, *soak, os.Stdout) })
	}
	var plot *sweep
	spare := 0
	if *picture != "" {
		spare = b.spare()
	}
	start, load := time.Now(), loadAverage()
	err := b.inLab(ctx, spare, func(ctx context.Context) (err error) {
		if err = b.rounds(ctx); err == nil && *picture != "" {
			plot, err = b.sweep(ctx)
		}
		return err
	})
	if err != nil {
		return err
	}
	if plot != nil {
		if err := plot.writeFile(*picture); err != nil {
			return err
		}
	}
	about := fmt.Sprintf("%s; %d waiting browsers; medians of %d rounds (minimum–maximum); took %s; load average %s at the start.",
		machine(), b.browsers, b.roundCount, time.Since(start).Round(time.Second), load)
	write := writeText
	if *markdown {
		write = writeMarkdown
	}
	write(os.Stdout, about, b.results, rows(b.extent))
	return nil
}
