package signin_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"nod/signin"
	"nod/store"
)

// carrier is a notifier that keeps what it is given.
type carrier struct {
	broken bool
	told   []string // to whom, and what
}

func (c *carrier) Notify(_ context.Context, to store.User, n store.Notice) error {
	if c.broken {
		return errors.New("the post office is closed")
	}
	c.told = append(c.told, to.Email+" "+string(n.Kind))
	return nil
}

// deny is the phone's no to the visitor's sign-in.
func (w *world) deny(v signin.Visitor) {
	w.t.Helper()
	a, err := w.flow.Request(w.t.Context(), v.Session.ID)
	must(w.t, err)
	_, err = w.flow.Answered(w.t.Context(), signin.Answer{RequestID: a.UUID, ApprovalID: a.ID, Handle: a.Handle, Status: store.Denied})
	must(w.t, err)
}

// Other carriers get each notice once, after it is committed; what they could not
// carry they get again, as long as it is news. None of it asks the phone.
func TestANoticeIsCarriedOnce(t *testing.T) {
	w := newWorld(t)
	post := &carrier{broken: true}
	w.flow.Notifier = post
	ada := w.signUp("ada@example.com")
	w.signIn(ada)
	w.deny(w.begin(ada))
	sweep := func(want ...string) {
		t.Helper()
		must(t, w.flow.Sweep(t.Context()))
		if !slices.Equal(post.told, want) {
			t.Errorf("carried %q, want %q", post.told, want)
		}
	}
	sweep()
	post.broken = false
	sweep("ada@example.com denied")
	sweep("ada@example.com denied")
	before := w.requests(ada)
	w.advance(time.Minute)
	w.deny(w.begin(ada))
	sweep("ada@example.com denied", "ada@example.com denied", "ada@example.com paused")
	if asked := w.requests(ada) - before; asked != 1 {
		t.Errorf("the phone got %d requests, want the one that was denied", asked)
	}
	post.broken, post.told = true, nil
	w.advance(2 * time.Hour)
	w.deny(w.begin(ada))
	sweep()
	w.advance(25 * time.Hour)
	post.broken = false
	sweep()
}

// requests is how many requests the user's phone has been sent.
func (w *world) requests(u store.User) (n int) {
	w.t.Helper()
	events, err := w.store.Events(w.t.Context(), u.ID, 1000)
	must(w.t, err)
	for _, e := range events {
		if e.Kind == store.EventApprovalBegun {
			n++
		}
	}
	return n
}

// "Not me" withdraws what rings for another browser, which hears of it at once.
func TestNotMeTellsTheBrowserThatWaits(t *testing.T) {
	w := newWorld(t)
	ada := w.signUp("ada@example.com")
	hers, _ := w.signIn(ada)
	w.deny(w.begin(ada))
	newest, _, err := w.flow.Notices(t.Context(), hers)
	must(t, err)
	stranger := w.begin(ada)
	must(t, w.flow.AnswerNotice(t.Context(), hers, newest[0].ID, store.AnswerNotMe))
	if got := w.browsers.last(stranger.Session.ID); got.Status != signin.Status(store.Cancelled) || got.Reason != store.ReasonPushPaused {
		t.Errorf("the stranger's page was last told %+v", got)
	}
	got, err := w.flow.Pause(t.Context(), hers)
	must(t, err)
	if want := (signin.Pause{Until: w.clock().Add(time.Hour)}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
