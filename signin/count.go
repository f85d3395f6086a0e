package signin

import (
	"context"
	"errors"
	"time"

	"nod/store"
)

// Counter counts what happened. *metrics.Metrics is one. No argument says who.
type Counter interface {
	// SignIn counts an attempt that is over, each once. outcome is signed_in,
	// denied, superseded, or the reason its session ended for; method is "" where
	// none was used.
	SignIn(outcome, method string)
	// Request counts a request to a phone that is over: its status, or why it was
	// cancelled.
	Request(kind, outcome string)
	// Password counts a password given: right, wrong, throttled or busy.
	Password(outcome string)
	// CodeSent counts a code asked for: sent, unconfirmed, or why none was.
	CodeSent(method, outcome string)
	// CodeChecked counts a code given: right, wrong, used, throttled,
	// rate_limited, unconfirmed, unavailable or too_late.
	CodeChecked(outcome string)
	// Tap is the time from the decision to the door.
	Tap(d time.Duration)
}

type noCounter struct{}

func (noCounter) SignIn(string, string)   {}
func (noCounter) Request(string, string)  {}
func (noCounter) Password(string)         {}
func (noCounter) CodeSent(string, string) {}
func (noCounter) CodeChecked(string)      {}
func (noCounter) Tap(time.Duration)       {}

// countFor is how long it is remembered that something was counted: longer than
// an attempt may take.
const countFor = time.Hour

// countAttempt counts a sign-in that is over, whoever notices it first.
func (f *Flow) countAttempt(sessionID, outcome string, method store.Method) {
	if f.counted.due("attempt "+sessionID, f.Now(), countFor) {
		f.Counter.SignIn(outcome, string(method))
	}
}

// countRequest counts a request that has ended.
func (f *Flow) countRequest(a store.Approval) {
	outcome := string(a.Status)
	if a.Status == store.Cancelled {
		outcome = string(a.Reason)
	}
	if a.Status != store.Pending && f.counted.due("request "+a.ID, f.Now(), countFor) {
		f.Counter.Request(string(a.Kind), outcome)
	}
}

// countEnd counts the attempt of a session if it is over, and the requests that
// ended with the session. Its completion is counted by SignedIn, which knows the
// method.
func (f *Flow) countEnd(ctx context.Context, sessionID string, w store.Wait) {
	ended := !w.EndedAt.IsZero()
	if ended {
		f.endCascade(ctx, sessionID, w.EndedAt)
	}
	switch {
	case w.Level != store.PasswordPassed:
	case w.Request.Status == store.Denied:
		f.countAttempt(sessionID, string(store.Denied), store.MethodPush)
	case ended && w.EndReason == store.ReasonSignedIn:
	case ended:
		f.countAttempt(sessionID, string(w.EndReason), "")
	case w.Request.Status == store.Cancelled && w.Request.Reason == store.ReasonSuperseded:
		f.countAttempt(sessionID, string(store.ReasonSuperseded), "")
	}
}

// endCascade does what is left to do for the requests that a session took with it
// when it ended: nobody else is told of them.
func (f *Flow) endCascade(ctx context.Context, sessionID string, when time.Time) {
	for _, kind := range []store.Kind{store.KindLogin, store.KindTransfer, store.KindConfirm} {
		a, err := f.Store.LatestApproval(ctx, sessionID, kind)
		if err == nil && a.DecidedAt.Equal(when) {
			f.over(a)
		}
	}
}

// countPassword counts what became of a password.
func (f *Flow) countPassword(err error) {
	var throttled *store.RateError
	switch {
	case err == nil:
		f.Counter.Password("right")
	case errors.Is(err, store.ErrInvalidCredentials):
		f.Counter.Password("wrong")
	case errors.Is(err, store.ErrBusy):
		f.Counter.Password("busy")
	case errors.As(err, &throttled):
		f.Counter.Password("throttled")
	}
}

// countCode counts what became of a code that was given.
func (f *Flow) countCode(err error) {
	var limit *store.RateError
	if errors.As(err, &limit) {
		err = store.ErrNoTriesLeft
	}
	for _, c := range []struct {
		err     error
		outcome string
	}{
		{nil, "right"},
		{ErrWrongCode, "wrong"},
		{store.ErrCodeUsed, "used"},
		{store.ErrNoTriesLeft, "throttled"},
		{ErrRateLimited, "rate_limited"},
		{ErrNoAnswer, "unconfirmed"},
		{ErrUnavailable, "unavailable"},
		{store.ErrNotApproved, "too_late"},
	} {
		if errors.Is(err, c.err) {
			f.Counter.CodeChecked(c.outcome)
			return
		}
	}
}
