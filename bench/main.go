// Command bench measures what waiting browsers cost Nod, beside the usual
// design, in one table: go run ./bench.
//
// Owns: the programs that are compared (the real binary, built as anybody would;
// the others in the module of bench/peers, so that Nod's dependencies stay
// Nod's), the browsers that load them, and the table.
//
// Promises: every server is a process of its own, on a copy of the same
// database, and so are the browsers, each with an address of its own; what is
// compared is measured in the same round, round after round, and the table says
// the medians, how far they scatter, and how each was measured. Under ten
// minutes; with -quick under one, after the first build. It ends what it
// started and removes what it wrote.
//
// Never: changes the product to be measured, leaves out a goal that was missed,
// or speaks to anything outside 127.0.0.0/8.
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
	short := flags.Bool("quick", false, "fewer browsers, one round: under a minute, and only roughly right")
	markdown := flags.Bool("markdown", false, "print the table as Markdown")
	picture := flags.String("plot", "", "write memory and latency against the number of browsers to this `file`, as SVG")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if runtime.GOOS != "linux" {
		return errors.New("it reads memory and processor time from /proc, which only Linux has")
	}
	b := &bench{extent: full, results: results{}, log: os.Stderr}
	if *short {
		b.extent = quick
	}
	var plot *sweep
	spare := 0
	if *picture != "" {
		spare = b.spare()
	}
	begin, load := time.Now(), loadAverage()
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
	about := fmt.Sprintf("%s; %d waiting browsers, medians of %d rounds with their least and most; %s in all; load average %s before.",
		machine(), b.browsers, b.times, time.Since(begin).Round(time.Second), load)
	write := writeText
	if *markdown {
		write = writeMarkdown
	}
	write(os.Stdout, about, b.results, rows(b.extent))
	return nil
}
