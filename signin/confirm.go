package signin

import (
	"context"
	"errors"

	"nod/store"
)

// NotApproved says that the second step is not passed, and how it stands.
type NotApproved struct{ Request store.Approval }

func (e *NotApproved) Error() string { return "not approved: " + string(e.Request.Status) }

// Confirm consumes the approval of this very session and returns a new one
// that is signed in. If callers race for it, exactly one succeeds.
// store.ErrEmailTaken for a sign-up whose e-mail has an account: it has ended.
// *NotApproved; the callback may have been lost, so the provider is asked
// before that is said. The caller moves the browser to the new session, then
// calls SignedIn.
func (f *Flow) Confirm(ctx context.Context, v Visitor, c store.Client) (store.Session, error) {
	sess, err := f.Store.ConfirmLogin(ctx, v.Session.ID, c)
	if !errors.Is(err, store.ErrNotApproved) {
		return sess, f.taken(ctx, err)
	}
	a, err := f.Request(ctx, v.Session.ID)
	if err != nil {
		return store.Session{}, err
	}
	a = f.reconcile(ctx, a, userAsked)
	if a.Status == store.Approved {
		sess, err := f.Store.ConfirmLogin(ctx, v.Session.ID, c)
		if !errors.Is(err, store.ErrNotApproved) {
			return sess, f.taken(ctx, err)
		}
	}
	if f.endedAsTaken(ctx, v.Session.ID) {
		return store.Session{}, store.ErrEmailTaken
	}
	return store.Session{}, &NotApproved{a}
}

// Repeat answers the last step of a sign-in again, for a browser that has lost
// the reply to it: c.Form is the form that it sent then. The session before is
// worthless from then on. store.ErrNotFound when there is nothing to repeat,
// store.ErrEmailTaken again where that was the answer.
func (f *Flow) Repeat(ctx context.Context, before string, c store.Client) (store.Session, error) {
	if before == "" {
		return store.Session{}, store.ErrNotFound
	}
	sess, err := f.Store.RepeatSignIn(ctx, before, c)
	if errors.Is(err, store.ErrNotFound) && f.endedAsTaken(ctx, before) {
		err = store.ErrEmailTaken
	}
	return sess, err
}

// endedAsTaken says whether a sign-up has ended since its e-mail has an account: in
// another tab, or with a reply that was lost.
func (f *Flow) endedAsTaken(ctx context.Context, sessionID string) bool {
	w, err := f.Store.Wait(ctx, sessionID)
	return err == nil && w.EndReason == store.ReasonEmailTaken
}

// SignedIn counts a completed sign-in and tells the other tabs of the browser,
// which still wait on the session before it.
func (f *Flow) SignedIn(ctx context.Context, before string, sess store.Session) {
	f.countAttempt(before, string(StatusSignedIn), sess.Method)
	if sess.Method == store.MethodPush && sess.Latency >= 0 {
		f.Counter.Tap(sess.Latency)
	}
	f.notify(ctx, before)
}
