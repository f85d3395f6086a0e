// Command attack tries to get in where it should not, against a running demo:
// go run ./attack.
//
// Owns: the attacks, each with the id that docs/security.md names it by, and the
// people, browsers and phones that they need.
//
// Promises: each attack is tried from an address and with accounts of its own,
// a bounded number of times, within a bounded time; the exit status is 1 if one
// gets through. The tests of this package try the same ones, and those that need
// hours or the provider's key besides, against a process with a clock of its own.
//
// Never: is imported by the product; connects to anything outside 127.0.0.0/8.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"
)

// limit is for all attacks together.
const limit = 10 * time.Minute

func main() {
	url := flag.String("url", "http://localhost:3000", "the application, its PUBLIC_URL")
	phones := flag.String("phones", "http://localhost:3001", "its simulated phones")
	only := flag.String("only", "", "try those whose id or words contain this text")
	bench := flag.Bool("bench", false, "measure what attacks cost owners instead, in a process of its own")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if *bench {
		err = benchmark(ctx, os.Stdout)
	} else {
		err = run(ctx, os.Stdout, *url, *phones, *only)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "attack:", err)
		os.Exit(1)
	}
}

// run tries the attacks whose line contains only, and prints a line for each.
func run(ctx context.Context, out io.Writer, url, phones, only string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not done after %s", limit))
	defer cancel()
	s, err := newSite(ctx, url, phones)
	if err != nil {
		return err
	}
	through, broken, tried := 0, 0, 0
	for _, a := range catalogue() {
		if !strings.Contains(a.id+" "+a.words, only) {
			continue
		}
		tried++
		o := s.attempt(ctx, a)
		fmt.Fprintln(out, o.line(a))
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case o.through:
			through++
		case o.failed != "":
			broken++
		}
	}
	fmt.Fprintf(out, "%d attacks tried: %d got through, %d could not be tried\n", tried, through, broken)
	if through+broken > 0 {
		return fmt.Errorf("%d attacks got through, %d could not be tried", through, broken)
	}
	return nil
}
