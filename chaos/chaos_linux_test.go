package main

import (
	"math/rand/v2"
	"net"
	"os"
	"testing"
	"time"
)

// hangLimit ends a run that hangs. It fails none that is slow.
const hangLimit = 20 * time.Minute

func TestAFewKillsLoseNothing(t *testing.T) {
	e := extent{kills: 3, terms: 2, people: 10, seed: rand.Uint64N(1e6), limit: hangLimit}
	w := newWorld(t.TempDir(), e)
	if err := w.run(t.Context()); err != nil {
		t.Error(err)
	}
	if n := w.book.losses(); n > 0 {
		t.Errorf("%d things were lost", n)
	}
	if got := w.book.restarts; got != 5 {
		t.Errorf("the process came back %d times, want 5", got)
	}
	if w.book.signIns == 0 || len(w.told.answers) == 0 {
		t.Errorf("%d sign-ins, %d people told: want some", w.book.signIns, len(w.told.answers))
	}
	if t.Failed() {
		log, err := os.ReadFile(w.process.file("nod.log"))
		t.Logf("seed %d; the log (%v):\n%s", e.seed, err, log)
	}
	w.print(t.Output(), 0)
	promiseWhatIsNot(t, w)
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
	if err := w.audit(t.Context()); err != nil {
		t.Fatal(err)
	}
	// The tap that was no Approve is missed twice: as a Deny, and as an Approve.
	if got, want := w.book.losses()-before, 5; got != want {
		t.Errorf("%d of the false promises were noticed, want %d: %q", got, want, w.book.lost[before:])
	}
}

func TestASessionThatIsNotKeptIsNoticed(t *testing.T) {
	w := newWorld(t.TempDir(), extent{limit: hangLimit})
	if err := w.process.build(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.process.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer w.process.kill()
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
