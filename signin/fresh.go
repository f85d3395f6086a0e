package signin

import (
	"context"
	"errors"

	"nod/store"
)

// Fresh says whether the visitor may change the account: a sign-in, a tap or a
// code is not older than store.FreshFor.
func (f *Flow) Fresh(v Visitor) bool {
	return v.Level() == store.SignedIn && f.Now().Before(v.Session.FreshUntil)
}

// AskChange asks the visitor's phone whether it is they who change the account.
// subject names the change, and the phone shows it in words. replaces is the request in
// whose place it comes, as of store.BeginLogin. The reason is as for a sign-in.
// *store.RateError; store.ErrNotApproved after a Deny in this session;
// store.ErrReplaced.
func (f *Flow) AskChange(ctx context.Context, v Visitor, subject, words, replaces string) (store.Reason, error) {
	a, replaced, err := f.Store.BeginConfirm(ctx, v.Session.ID, subject, replaces, f.ApprovalTTL)
	if err != nil {
		return "", err
	}
	for _, r := range replaced {
		f.ended(ctx, r)
	}
	q := f.question(a, v.User)
	q.Login = shown(a, v.Session)
	q.Change = words
	return f.push(ctx, a, q, v.User)
}

// ChangeRequest is the newest request of a session to confirm a change, after the
// provider was asked about it if that is due. store.ErrNotFound without one.
func (f *Flow) ChangeRequest(ctx context.Context, sessionID string) (store.Approval, error) {
	a, err := f.Store.LatestApproval(ctx, sessionID, store.KindConfirm)
	if err != nil {
		return a, err
	}
	return f.reconcile(ctx, a, pollThrottled), nil
}

// ConfirmChange uses the approval of a change and returns the session under which
// the visitor goes on. *NotApproved. The caller moves the browser to it, then calls
// Renewed.
func (f *Flow) ConfirmChange(ctx context.Context, v Visitor, subject string, c store.Client) (store.Session, error) {
	sess, err := f.Store.ConfirmChange(ctx, v.Session.ID, subject, c)
	if !errors.Is(err, store.ErrNotApproved) {
		return sess, err
	}
	a, err := f.Store.LatestApproval(ctx, v.Session.ID, store.KindConfirm)
	if err != nil {
		return store.Session{}, err
	}
	if a = f.reconcile(ctx, a, userAsked); a.Status == store.Approved {
		sess, err = f.Store.ConfirmChange(ctx, v.Session.ID, subject, c)
		if !errors.Is(err, store.ErrNotApproved) {
			return sess, err
		}
	}
	return store.Session{}, &NotApproved{a}
}

// ConfirmChangeByCode is ConfirmChange by a code. Its errors are those of
// CheckCode.
func (f *Flow) ConfirmChangeByCode(ctx context.Context, v Visitor, code string, c store.Client) (store.Session, error) {
	return f.useCode(ctx, v, code, codeUse{
		own: func() (store.Session, error) {
			return f.Store.ConfirmChangeByAuthenticator(ctx, v.Session.ID, code, c)
		},
		accepted: func(method store.Method, hash string) (store.Session, error) {
			return f.Store.ConfirmChangeByCode(ctx, v.Session.ID, method, hash, c)
		},
	})
}

// Renew lets the visitor's session go on under another id after a change of what
// signs in. The caller moves the browser to it, then calls Renewed.
func (f *Flow) Renew(ctx context.Context, v Visitor, c store.Client) (store.Session, error) {
	return f.Store.RenewSession(ctx, v.Session.ID, c)
}

// Renewed counts what ended with the id that a session had before, and has the other
// tabs of the browser connect again, with the new cookie.
func (f *Flow) Renewed(ctx context.Context, before string) {
	f.Browsers.Reconnect(before)
	f.tellPeers(aboutRenewed, before)
	if w, err := f.Store.Wait(ctx, before); err == nil {
		f.countEnd(ctx, before, w)
	}
}

// notifyChange tells the pages of a session how its request about a change stands.
func (f *Flow) notifyChange(ctx context.Context, a store.Approval) {
	now, err := f.Store.Approval(ctx, a.ID)
	if err != nil {
		f.Logger.Error("a page could not be told of its request", "approval", a.ID, "error", err)
		f.Browsers.Reconnect(a.SessionID) // it reads the stored state, as soon as that can be had
	} else {
		f.Browsers.TellState(a.SessionID, ChangeState(now))
	}
	f.tellPeers(aboutChange, a.SessionID)
}

// ChangeState is what a page is told of a request about a change.
func ChangeState(a store.Approval) State {
	return State{Status: Status(a.Status), Reason: a.Reason, Number: a.Number, ExpiresAt: a.ExpiresAt}
}
