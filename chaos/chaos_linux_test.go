package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// hangLimit ends a run that hangs. It fails none that is slow.
const hangLimit = 20 * time.Minute

// folder holds what all tests share.
var folder string

// binary is Nod, built once for all tests.
var binary = sync.OnceValues(func() (string, error) { return build(context.Background(), folder) })

func TestMain(m *testing.M) {
	var err error
	if folder, err = os.MkdirTemp("", "nod-chaos-test-"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

// opened is a world of an extent, on whose binary nothing is left to do.
func opened(t *testing.T, e extent) *world {
	t.Helper()
	var err error
	if e.binary, err = binary(); err != nil {
		t.Fatal(err)
	}
	e.seed, e.limit = rand.Uint64N(1e6), hangLimit
	w := newWorld(t.TempDir(), e)
	t.Cleanup(func() {
		if err := w.site.close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// cuts is how many power cuts there can be: none where no disk can be mounted.
func cuts(t *testing.T, wanted int) int {
	t.Helper()
	d, err := newDisk(t.Context(), filepath.Join(t.TempDir(), "disk.img"))
	if err == nil {
		err = d.close()
	}
	switch {
	case err == nil:
		return wanted
	case os.Getenv("NOD_TEST_ALL") != "" && os.Getuid() == 0:
		t.Fatal(err)
	}
	t.Logf("without power cuts: %v", err)
	return 0
}

func TestAFewKillsLoseNothing(t *testing.T) {
	t.Parallel()
	w := opened(t, extent{kills: 2, terms: 1, cuts: cuts(t, 2), people: 10})
	loseNothing(t, w)
	if w.book.transfers == 0 {
		t.Error("nobody sent money")
	}
	promiseWhatIsNot(t, w)
}

func TestAFewKillsLoseNothingOnPostgreSQL(t *testing.T) {
	t.Parallel()
	loseNothing(t, opened(t, extent{database: "postgres", kills: 1, crashes: 1, cuts: cuts(t, 1), people: 6}))
}

func loseNothing(t *testing.T, w *world) {
	t.Helper()
	if err := w.run(t.Context()); err != nil {
		t.Error(err)
	}
	if n := w.book.losses(); n > 0 {
		t.Errorf("%d things were lost", n)
	}
	if got, want := w.book.restarts, w.kills+w.terms+w.crashes+w.cuts; got != want {
		t.Errorf("everything came back %d times, want %d", got, want)
	}
	if w.book.signIns == 0 || len(w.told.answers) == 0 {
		t.Errorf("%d sign-ins, %d people told: want some", w.book.signIns, len(w.told.answers))
	}
	for _, p := range w.site.processes {
		if t.Failed() {
			log, err := os.ReadFile(p.log())
			t.Logf("seed %d; the log of %s (%v):\n%s", w.seed, p.name, err, log)
		}
	}
	w.print(t.Output(), 0)
}

// A cut of the power drops what was written and not synced, and nothing else: else the
// cuts would show nothing.
func TestAPowerCutDropsWhatWasNotSynced(t *testing.T) {
	if cuts(t, 1) == 0 {
		t.Skip("there is no disk to try it on")
	}
	d, err := newDisk(t.Context(), filepath.Join(t.TempDir(), "disk.img"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.close(); err != nil {
			t.Error(err)
		}
	})
	for _, name := range []string{"kept", "lost"} {
		file, err := os.Create(d.file(name))
		if err != nil {
			t.Fatal(err)
		}
		_, err = file.WriteString("first ")
		if name == "kept" {
			err = errors.Join(err, file.Sync())
		}
		_, more := file.WriteString("second")
		if err := errors.Join(err, more, file.Close()); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(d.cut(), d.restore(t.Context())); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(d.file("kept")); string(got) != "first " || err != nil {
		t.Errorf("after the cut: %q, %v", got, err)
	}
	if got, err := os.ReadFile(d.file("lost")); len(got) > 0 {
		t.Errorf("what was not synced is there: %q, %v", got, err)
	}
}

// promiseWhatIsNot adds promises that nobody made: each must be missed.
func promiseWhatIsNot(t *testing.T, w *world) {
	t.Helper()
	w.book.account("nobody@example.com")
	w.book.tapTaken("00000000-0000-4000-8000-000000000000", "approve")
	w.book.execute("Nobody")
	for uuid, tap := range w.book.taps {
		if tap.taken && tap.verb == "approve" && tap.told == "approved" {
			tap.verb = "deny"
			t.Logf("%s was denied, by what is said now", uuid)
			break
		}
	}
	before := w.book.losses()
	if err := w.audit(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	// The tap that was no Approve is missed twice: as a Deny, and as an Approve.
	if got, want := w.book.losses()-before, 5; got != want {
		t.Errorf("%d of the false promises were noticed, want %d: %q", got, want, w.book.lost[before:])
	}
}

func TestASessionThatIsNotKeptIsNoticed(t *testing.T) {
	w := opened(t, extent{})
	if err := w.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	p := newPerson(w, 0)
	w.keepers = []*keeper{{p, w.newBrowser(net.IPv4(127, 0, 0, 1))}}
	w.checkKeepers(t.Context())
	if ok, err := p.inside(t.Context(), "without a sign-in"); ok || err != nil {
		t.Errorf("inside is %t, %v, want false", ok, err)
	}
	if got := w.book.losses(); got != 2 {
		t.Errorf("%d losses were noticed, want 2", got)
	}
}

func TestQuantiles(t *testing.T) {
	var all []time.Duration
	for ms := range 101 {
		all = append(all, time.Duration(100-ms)*time.Millisecond)
	}
	if got, want := quantiles(all), "p50 50ms, p99 99ms, max 100ms (101)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
