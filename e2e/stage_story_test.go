package e2e

import (
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
)

// The story that took 69 s, 182 keys and four windows: a sign-in, a replay and a Deny,
// in one window and in fewer than 12 keys. What it took is printed.
func TestTheStoryOfAPresenter(t *testing.T) {
	story(t)
	started := time.Now()
	s := startDemo(t).stage()
	keys := 0
	press := func(key string) {
		s.press(key)
		keys++
	}
	signIn := func() {
		press("s")
		s.enter()
		keys++
		s.told("Authy shows the request on Ada’s phone")
	}
	begun := time.Now()
	signIn()
	press("a")
	s.told("Nod lets this browser in: a new session")
	t.Logf("from the start of the command to the first tap: %v", time.Since(started).Round(time.Millisecond))
	press("r")
	s.is(`document.getElementById("trick-title").textContent === "Replayed: 200 OK"`)
	press(kb.Escape)
	press("x")
	s.is(atTheStart)
	signIn()
	press("d")
	s.told("Nod tells the browser: denied")
	t.Logf("the story: %v, %d keys, one window", time.Since(begun).Round(time.Millisecond), keys)
	if keys >= 12 {
		t.Errorf("it takes %d keys", keys)
	}

	took := make([]time.Duration, 10)
	for i := range took {
		eval[bool](s.tab, `(document.getElementById("said").textContent = "") === ""`)
		begun := time.Now()
		s.press("x")
		s.is(atTheStart)
		took[i] = time.Since(begun)
	}
	slices.Sort(took)
	t.Logf("a reset, as the presenter sees it: median of ten %v, from %v to %v", took[len(took)/2], took[0], took[len(took)-1])
}

const atTheStart = `document.getElementById("said").textContent === "As at the start."`
