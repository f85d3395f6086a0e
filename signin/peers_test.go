package signin_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"nod/signin"
	"nod/store"
)

// ownPhones says whose phones were told.
type ownPhones struct {
	signin.OwnPhones
	told []int64
}

func (o *ownPhones) Tell(_ context.Context, userID int64) { o.told = append(o.told, userID) }

// What another process says of a user's phones reaches those whose pages wait here.
func TestPhonesHearOfWhatAnotherProcessHasChanged(t *testing.T) {
	own := &ownPhones{}
	f := &signin.Flow{Config: signin.Config{Own: own}}
	f.Heard(t.Context(), "phones:7")
	f.Heard(t.Context(), "phones:nobody")
	if len(own.told) != 1 || own.told[0] != 7 {
		t.Errorf("told the phones of %v, want those of 7", own.told)
	}
}

// peers keep what they were told, and pass it to nobody.
type peers struct{ told []string }

func (p *peers) Tell(word string) { p.told = append(p.told, word) }

// waiting are browsers of which all wait here.
type waiting struct {
	browsers
	told int
}

func (*waiting) Waits(string) bool { return true }

func (b *waiting) TellState(sessionID string, s signin.State) {
	b.told++
	b.browsers.TellState(sessionID, s)
}

// another is a second process on the same database.
func (w *world) another() (*signin.Flow, *waiting) {
	w.t.Helper()
	pages, c := &waiting{}, w.flow.Config
	c.Browsers, c.Peers = pages, &peers{}
	f, err := signin.New(w.t.Context(), c)
	must(w.t, err)
	must(w.t, f.Sweep(w.t.Context()))
	return f, pages
}

// Other processes are told of an answer, once it is there.
func TestPeersAreToldOfAnAnswer(t *testing.T) {
	w := newWorld(t)
	there := &peers{}
	w.flow.Peers = there
	v := w.begin(w.signUp("ada@example.com"))
	there.told = nil
	w.approve(v)
	if want := []string{"sign-in:" + v.Session.ID}; !slices.Equal(there.told, want) {
		t.Errorf("they were told %v, want %v", there.told, want)
	}
}

// Other processes are told that a phone may be nobody's any more.
func TestPeersAreToldOfAClosedAccount(t *testing.T) {
	w := newWorld(t)
	v, _ := w.signIn(w.signUp("ada@example.com"))
	there := &peers{}
	w.flow.Peers = there
	must(t, w.flow.CloseAccount(t.Context(), v, password, store.Client{}))
	if want := fmt.Sprint("phones:", v.User.ID); !slices.Contains(there.told, want) {
		t.Errorf("they were told %v, want %s among it", there.told, want)
	}
}

// An answer that another process has taken, and has told nobody, is told within seconds, once,
// and to nobody whom it does not concern.
func TestWhatNobodyToldIsMadeGood(t *testing.T) {
	w := newWorld(t)
	here, pages := w.another()
	ada, bob := w.begin(w.signUp("ada@example.com")), w.begin(w.signUp("bob@example.com"))
	w.approve(ada)
	must(t, here.Sweep(t.Context()))
	if pages.told > 0 {
		t.Error("the pages are told what may still be on its way")
	}
	w.advance(6 * time.Second)
	for range 2 {
		must(t, here.Sweep(t.Context()))
	}
	if got := pages.last(ada.Session.ID); got.Status != signin.Status(store.Approved) || pages.told != 1 {
		t.Errorf("the page was told %+v; all pages %d times, want approved, and once", got, pages.told)
	}
	if got := pages.last(bob.Session.ID); got.Status != "" {
		t.Errorf("the page of somebody else was told %+v", got)
	}
}

// One process alone reads no lines.
func TestWhoIsAloneReadsNoLines(t *testing.T) {
	w := newWorld(t)
	here, pages := w.another()
	here.Peers = nil
	w.approve(w.begin(w.signUp("ada@example.com")))
	w.advance(6 * time.Second)
	must(t, here.Sweep(t.Context()))
	if pages.told > 0 {
		t.Errorf("pages were told %d times", pages.told)
	}
}
