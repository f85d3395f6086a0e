// Command chaos kills Nod again and again while people sign in, and checks that
// nothing acknowledged is lost: go run ./chaos.
//
// Owns: building and starting the real binary, the people with their browsers
// and phones, the killing, and what was promised to whom.
//
// Promises: 30 people sign up, sign in with a tap, send money and sign out over
// HTTP, WebSocket, event stream and polling, as the pages' scripts would, while
// the process is killed 100 times and told to stop 50 times at random moments.
// What was answered to a browser or a phone must hold after each restart and in
// the files at the end. The order of kills and the choices of people follow from
// the seed that is printed; the moments also depend on the machine. It fails if
// something was lost, never because something was slow: times are printed.
//
// Never: changes the product in order to test it, writes to its files, or connects
// to anything outside 127.0.0.0/8 once the binary is built.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// extent is how much of it.
type extent struct {
	kills, terms, people int
	seed                 uint64
	limit                time.Duration
	port                 int
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, readExtent()); err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

func readExtent() extent {
	var e extent
	var minutes int
	flag.IntVar(&e.kills, "kills", 100, "how often to kill with SIGKILL")
	flag.IntVar(&e.terms, "terms", 50, "how often to stop with SIGTERM")
	flag.IntVar(&e.people, "people", 30, "how many people at once")
	flag.Uint64Var(&e.seed, "seed", rand.Uint64N(1e6), "repeats the choices of another run")
	flag.IntVar(&minutes, "minutes", 30, "give up after this time")
	flag.IntVar(&e.port, "port", 0, "the first of two ports on 127.0.0.1; 0: any")
	flag.Parse()
	e.limit = time.Duration(minutes) * time.Minute
	return e
}

// run leaves the files and the log behind if something is wrong with them.
func run(ctx context.Context, e extent) error {
	if runtime.GOOS != "linux" {
		return errors.New("needs Linux, where a process may use all of 127.0.0.0/8")
	}
	fmt.Printf("chaos: seed %d, %d people, %d × SIGKILL, %d × SIGTERM\n", e.seed, e.people, e.kills, e.terms)
	dir, err := os.MkdirTemp("", "nod-chaos-")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, e.limit, fmt.Errorf("not done after %s", e.limit))
	defer cancel()
	start := time.Now()
	w := newWorld(dir, e)
	err = w.run(ctx)
	w.print(os.Stdout, time.Since(start))
	if lost := w.book.losses(); lost > 0 {
		err = errors.Join(err, fmt.Errorf("%d things were lost", lost))
	}
	if err != nil {
		return fmt.Errorf("%w; seed %d; files and log: %s", err, e.seed, dir)
	}
	return os.RemoveAll(dir)
}

// world is one run.
type world struct {
	extent
	process *process
	book    *book
	told    *board
	closing chan struct{} // closed when nobody begins anything new

	mu      sync.Mutex
	keepers []*keeper
	phones  int // numbers given out
}

func newWorld(dir string, e extent) *world {
	return &world{
		extent: e, process: newProcess(dir, e.port), book: newBook(), told: newBoard(), closing: make(chan struct{}),
	}
}

func (w *world) run(ctx context.Context) error {
	if err := w.process.build(ctx); err != nil {
		return err
	}
	if err := w.process.start(ctx); err != nil {
		return err
	}
	defer w.process.kill()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var people sync.WaitGroup
	for n := range w.people {
		p := newPerson(w, n)
		people.Go(func() { p.live(ctx) })
	}
	if err := w.killLoop(ctx); err != nil {
		cancel(err)
	}
	close(w.closing)
	people.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	w.checkKeepers(ctx)
	if err := w.checkPasswords(ctx); err != nil {
		return err
	}
	if err := w.process.stop(); err != nil {
		return err
	}
	return w.audit(ctx)
}

// random is a source of its own for each person, so that their choices do not
// depend on who is faster.
func (w *world) random(n int) *rand.Rand { return rand.New(rand.NewPCG(w.seed, uint64(n))) }
