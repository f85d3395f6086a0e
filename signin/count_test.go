package signin_test

import (
	"errors"
	"maps"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"nod/signin"
	"nod/store"
)

// counts is a signin.Counter that remembers.
type counts struct {
	mu sync.Mutex
	n  map[string]int
}

func (c *counts) add(parts ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = map[string]int{}
	}
	c.n[strings.TrimSpace(strings.Join(parts, " "))]++
}

func (c *counts) SignIn(outcome, method string)   { c.add("attempt", outcome, method) }
func (c *counts) Request(kind, outcome string)    { c.add("request", kind, outcome) }
func (c *counts) Password(outcome string)         { c.add("password", outcome) }
func (c *counts) CodeSent(method, outcome string) { c.add("sent", method, outcome) }
func (c *counts) CodeChecked(outcome string)      { c.add("code", outcome) }
func (c *counts) Tap(time.Duration)               { c.add("tap") }

// want says what was counted since the last call, and nothing else.
func (c *counts) want(t *testing.T, what string, want ...string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	all := map[string]int{}
	for _, w := range want {
		all[w]++
	}
	if !maps.Equal(c.n, all) && len(c.n)+len(all) > 0 {
		t.Errorf("%s: counted %v, want %v", what, c.n, all)
	}
	c.n = nil
}

// answer is what the visitor's phone says.
func (w *world) answer(v signin.Visitor, status store.ApprovalStatus) {
	w.t.Helper()
	a, err := w.flow.Request(w.t.Context(), v.Session.ID)
	must(w.t, err)
	_, err = w.flow.Answered(w.t.Context(), signin.Answer{RequestID: a.UUID, ApprovalID: a.ID, Handle: a.Handle, Status: status})
	must(w.t, err)
}

// appCode is what the app on the user's phone shows.
func (w *world) appCode(user store.User) string {
	w.t.Helper()
	phone, err := w.store.Factor(w.t.Context(), user.ID)
	must(w.t, err)
	id, err := strconv.ParseInt(phone.Handle, 10, 64)
	must(w.t, err)
	code, err := w.sim.Token(id)
	must(w.t, err)
	return code.Token
}

// One attempt has one outcome, and one request has one, whatever happens
// around it.
func TestEachAttemptIsCountedOnce(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	ada := w.signUp("ada@example.com")

	in, before := w.signIn(ada)
	w.flow.SignedIn(ctx, before, in.Session) // its reply was lost, and it was said again
	w.counts.want(t, "a tap", "request login approved", "attempt signed_in push", "tap", "tap")
	must(t, w.flow.End(ctx, in.Session.ID, store.ReasonSignedOut))
	w.counts.want(t, "signing out")

	v := w.begin(ada)
	w.answer(v, store.Denied)
	w.answer(v, store.Denied)
	again, err := w.flow.Begin(ctx, ada, v.Session.ID, client)
	must(t, err)
	w.counts.want(t, "denied, then begun again", "request login denied", "attempt denied push")

	_, err = w.flow.SecondStep(ctx, signin.Visitor{Session: again, User: ada})
	must(t, err)
	_, err = w.flow.Resend(ctx, signin.Visitor{Session: again, User: ada}, "")
	must(t, err)
	w.counts.want(t, "asked again", "request login superseded")
	must(t, w.flow.Cancel(ctx, again.ID))
	must(t, w.flow.End(ctx, again.ID, store.ReasonCancelled))
	w.counts.want(t, "cancelled", "request login by_user", "attempt cancelled")

	w.advance(10 * time.Minute) // until strangers may ask the phone again
	first, second := w.begin(ada), w.begin(ada)
	w.counts.want(t, "from two browsers", "request login superseded", "attempt superseded")
	w.advance(3 * time.Minute)
	must(t, w.flow.Sweep(ctx))
	w.counts.want(t, "no answer in time", "request login expired")
	w.advance(15 * time.Minute)
	must(t, w.flow.Sweep(ctx))
	w.counts.want(t, "both given up", "attempt expired")
	_, _ = first, second
}

// A code in the place of the tap: the request that it makes needless is
// counted as a request, not as an attempt.
func TestASignInByCodeIsCountedOnce(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	v := w.begin(w.signUp("ada@example.com"))
	not, err := w.flow.SendCode(ctx, v, store.MethodSMS)
	must(t, err)
	if not != nil {
		t.Fatalf("no code was sent: %s", not.Why)
	}
	w.counts.want(t, "a code is sent", "sent sms sent")
	_, err = w.flow.SendCode(ctx, v, store.MethodCall)
	if limit := (*store.RateError)(nil); !errors.As(err, &limit) {
		t.Errorf("another code at once: got %v", err)
	}
	w.counts.want(t, "and another at once", "sent call too_often")

	_, err = w.flow.CheckCode(ctx, v, "0000000", client)
	if refused := (*signin.CodeRefused)(nil); !errors.As(err, &refused) {
		t.Fatalf("a wrong code: got %v", err)
	}
	w.counts.want(t, "a wrong code", "code wrong")
	sess, err := w.flow.CheckCode(ctx, v, w.appCode(v.User), client)
	must(t, err)
	w.flow.SignedIn(ctx, v.Session.ID, sess)
	w.counts.want(t, "the right one", "code right", "request login other_method", "attempt signed_in app")
}

func TestPasswordsAreCounted(t *testing.T) {
	w := newWorld(t)
	ada := w.signUp("ada@example.com")
	for _, password := range []string{password, "wrong one", "wrong one", "wrong one", "wrong one", "wrong one", "wrong one"} {
		_, _ = w.flow.Authenticate(t.Context(), ada.Email, password, client)
	}
	w.counts.want(t, "passwords", "password right", "password wrong", "password wrong", "password wrong", "password wrong", "password wrong", "password throttled")
}
