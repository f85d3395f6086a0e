package signin

import (
	"fmt"
	"testing"
)

// However many requests wait to be looked up, a few workers serve them, and what is
// nearly due comes first.
func TestLookupsWaitForTheirTurn(t *testing.T) {
	var l lookups
	workers := 0
	add := func(id string, urgent bool) {
		if l.add(id, urgent) {
			workers++
		}
	}
	for i := range 100 {
		add(fmt.Sprint("other-", i), false)
	}
	add("urgent", true)
	if workers != maxLookups {
		t.Errorf("got %d workers, want %d", workers, maxLookups)
	}
	for _, want := range []string{"urgent", "other-0", "other-1"} {
		if id, ok := l.next(); id != want || !ok {
			t.Errorf("got %q, %v, want %q", id, ok, want)
		}
	}
	served := 3
	for ended := 0; ended < maxLookups; {
		if _, ok := l.next(); ok {
			served++
		} else {
			ended++
		}
	}
	if served != 101 {
		t.Errorf("%d were served, want 101", served)
	}
	if !l.add("later", false) {
		t.Error("nobody begins to serve what comes after all workers have ended")
	}
}
