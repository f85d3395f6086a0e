package e2e

import (
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
)

func TestTheStoryOfAPresenter(t *testing.T) {
	story(t)
	present(t, binary)
}

// The same with a binary as people have it, for the times that it prints: the race
// detector makes a reset ten times as long.
func TestFiguresOfTheStage(t *testing.T) {
	story(t)
	plain := filepath.Join(t.TempDir(), "nod")
	out, err := exec.Command("go", "build", "-o", plain, "nod").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	present(t, plain)
}

// present tells the story that took 69 s, 182 keys and four windows: a sign-in, a
// replay and a Deny, in one window and in fewer than 12 keys. What it took is printed.
func present(t *testing.T, file string) {
	started := time.Now()
	s := startBinary(t, file, []string{"demo", "--no-browser"}).stage()
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

	took := make([]time.Duration, 10) // resets
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
