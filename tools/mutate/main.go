// Command mutate breaks the product on purpose, one line at a time, and checks
// that a test notices.
//
// Owns: the table of mutations (rows_*.go), each with the test that must fail.
//
// Promises: a changed line reaches the compiler as an overlay, so that nothing
// in the tree is touched; a row whose text does not occur exactly once in its
// file, whose test does not pass on the unchanged code, or which does not
// compile, is reported as stale; the exit status is 1 if a mutation survives or
// a row is stale.
//
// Never: adds a switch to the product.
//
// Run it in the root of the module: go run ./tools/mutate [part of a line].
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"
)

// parallel is how many mutations are tried at once; each compiles and links a
// test program.
const parallel = 2

func main() {
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: go run ./tools/mutate [text]\n\nTries the mutations whose line contains the text; without one, all.")
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	began := time.Now()
	counts, err := run(ctx, chosen(strings.Join(flag.Args(), " ")))
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(2)
	}
	fmt.Printf("%d caught, %d survived, %d stale, in %s\n",
		counts[caught], counts[survived], counts[stale], time.Since(began).Round(time.Second))
	if counts[survived]+counts[stale] > 0 {
		os.Exit(1)
	}
}

// chosen are the rows whose line contains the text.
func chosen(text string) []row {
	all := slices.Concat(handlersRows, signinRows, storeRows, accountRows, auditRows, factorRows, ownRows, passwordRows, wireRows, hubRows, processRows, attackRows, stageRows, languageRows, recorderRows, pushRows, postgresRows)
	return slices.DeleteFunc(all, func(r row) bool { return !strings.Contains(r.String(), text) })
}
