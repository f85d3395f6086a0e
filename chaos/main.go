// Command chaos kills Nod again and again while people sign in, and checks that
// nothing acknowledged is lost: go run ./chaos.
//
// Owns: building and starting the real binary, a PostgreSQL and a disk of its own,
// the people with their browsers and phones, the killing, and what was promised to
// whom.
//
// Promises: 30 people sign up, sign in with a tap, send money and sign out over
// HTTP, WebSocket, event stream and polling, as the pages' scripts would, while
// at random moments processes are killed (100 times) and told to stop (50), the
// power is cut (20: what was not synced is gone) and PostgreSQL crashes (20, with
// -database postgres, where two processes serve the same people). What was answered
// to a browser or a phone must hold in the databases after each of these, and at the
// end. The order and the choices of people follow from the seed that is printed; the
// moments also depend on the machine. It fails if something was lost, never because
// something was slow: times are printed.
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
	kills, terms, crashes, cuts, people int
	seed                                uint64
	limit                               time.Duration
	port                                int
	database                            string
	binary                              string // of Nod
}

func (e extent) onPostgres() bool { return e.database == "postgres" }

// check says what cannot be done.
func (e extent) check() error {
	switch {
	case runtime.GOOS != "linux":
		return errors.New("needs Linux, where a process may use all of 127.0.0.0/8")
	case e.database != "sqlite" && !e.onPostgres():
		return fmt.Errorf("-database %q: want sqlite or postgres", e.database)
	case e.crashes > 0 && !e.onPostgres():
		return errors.New("-crashes is for PostgreSQL: SQLite is part of the process")
	}
	return nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	e := readExtent()
	err := e.check()
	if err == nil {
		err = run(ctx, e)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

func readExtent() extent {
	var e extent
	var minutes int
	flag.IntVar(&e.kills, "kills", 100, "how often to kill with SIGKILL")
	flag.IntVar(&e.terms, "terms", 50, "how often to stop with SIGTERM")
	flag.IntVar(&e.cuts, "cuts", 20, "how often to cut the power; needs root")
	flag.IntVar(&e.crashes, "crashes", 0, "how often to crash PostgreSQL")
	flag.StringVar(&e.database, "database", "sqlite", "sqlite or postgres")
	flag.IntVar(&e.people, "people", 30, "how many people at once")
	flag.Uint64Var(&e.seed, "seed", rand.Uint64N(1e6), "repeats the choices of another run")
	flag.IntVar(&minutes, "minutes", 30, "give up after this time")
	flag.IntVar(&e.port, "port", 0, "the first of two ports on 127.0.0.1, three for PostgreSQL; 0: any")
	flag.Parse()
	e.limit = time.Duration(minutes) * time.Minute
	return e
}

// run leaves the files and the log behind if something is wrong with them.
func run(ctx context.Context, e extent) error {
	fmt.Printf("chaos: seed %d, %s, %d people, %d × SIGKILL, %d × SIGTERM, %d crashes, %d power cuts\n",
		e.seed, e.database, e.people, e.kills, e.terms, e.crashes, e.cuts)
	dir, err := os.MkdirTemp("", "nod-chaos-")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, e.limit, fmt.Errorf("not done after %s", e.limit))
	defer cancel()
	start := time.Now()
	if e.binary, err = build(ctx, dir); err != nil {
		return err
	}
	w := newWorld(dir, e)
	err = errors.Join(w.run(ctx), w.site.close())
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
	site    *site
	book    *book
	told    *board
	closing chan struct{} // closed when nobody begins anything new

	mu      sync.Mutex
	keepers []*keeper
	phones  int // numbers given out
}

func newWorld(dir string, e extent) *world {
	return &world{
		extent: e, site: newSite(dir, e), book: newBook(), told: newBoard(), closing: make(chan struct{}),
	}
}

func (w *world) run(ctx context.Context) error {
	if err := w.open(ctx); err != nil {
		return err
	}
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
	select { // on a busy machine the last kill may come before anybody has sent money
	case <-w.book.paid:
	case <-ctx.Done():
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
	if err := w.site.stop(); err != nil {
		return err
	}
	return w.audit(ctx, true)
}

// open starts everything.
func (w *world) open(ctx context.Context) error {
	if err := w.site.prepare(ctx, w.extent); err != nil {
		return err
	}
	if err := w.site.start(ctx); err != nil {
		return err
	}
	if w.site.cluster == nil {
		return nil
	}
	return w.site.cluster.Do(ctx, "nod", "CREATE EXTENSION amcheck")
}

// random is a source of its own for each person, so that their choices do not
// depend on who is faster.
func (w *world) random(n int) *rand.Rand { return rand.New(rand.NewPCG(w.seed, uint64(n))) }
