package signin_test

import (
	"testing"
	"time"

	"nod/signin"
)

// poll is a page that asks how its sign-in stands; the provider must have been
// asked this often by then.
func (w *world) poll(v signin.Visitor, asked int64) {
	w.t.Helper()
	_, err := w.flow.Polled(w.t.Context(), v.Session.ID)
	must(w.t, err)
	if got := w.phones.asked.Load(); got != asked {
		w.t.Fatalf("the provider was asked %d times, want %d", got, asked)
	}
}

// However often pages ask, the provider is asked about a request every ten
// seconds at most, and not while its callback is under way.
func TestPollingAsksTheProviderNowAndThen(t *testing.T) {
	w := newWorld(t)
	v := w.begin(w.signUp("ada@example.com"))
	w.poll(v, 0)
	w.advance(3 * time.Second)
	w.poll(v, 1)
	for range 9 {
		w.advance(time.Second)
		w.poll(v, 1)
	}
	w.advance(time.Second)
	w.poll(v, 2)
	w.poll(v, 2)
}

func TestAClockSetBackHoldsNoQuestionUp(t *testing.T) {
	w := newWorld(t)
	v := w.begin(w.signUp("ada@example.com"))
	w.advance(3 * time.Second)
	w.poll(v, 1)
	w.advance(-time.Minute)
	w.poll(v, 2)
}

func TestWhatWasAskedIsForgotten(t *testing.T) {
	w := newWorld(t)
	v := w.begin(w.signUp("ada@example.com"))
	w.advance(3 * time.Second)
	w.poll(v, 1)
	must(t, w.flow.Sweep(t.Context()))
	if got := w.flow.Asked(); got != 1 {
		t.Fatalf("%d requests are remembered, want 1", got)
	}
	for range 2 {
		w.advance(time.Hour + time.Second)
		must(t, w.flow.Sweep(t.Context()))
	}
	if got := w.flow.Asked(); got != 0 {
		t.Errorf("%d requests are remembered after two hours, want none", got)
	}
}

// Near the deadline the provider is asked once, and not before it takes no answer any more:
// what it is asked earlier it may yet be told.
func TestTheProviderIsAskedOnceItTakesNoAnswer(t *testing.T) {
	w := newWorld(t)
	w.begin(w.signUp("ada@example.com"))
	for _, step := range []struct {
		pass  time.Duration
		asked int64
	}{{114 * time.Second, 0}, {time.Second, 1}, {time.Second, 1}, {3 * time.Second, 1}} {
		w.advance(step.pass)
		must(t, w.flow.Sweep(t.Context()))
		w.flow.Settle()
		if got := w.phones.asked.Load(); got != step.asked {
			t.Errorf("after %v more the provider was asked %d times, want %d", step.pass, got, step.asked)
		}
	}
}
