package signin

import (
	"context"
	"errors"
	"time"

	"nod/store"
)

// sendPush asks the phone of the visitor to approve the sign-in. The reason
// says why no push is on its way, or that nobody knows whether one is, "" when one
// is; it is stored with the request. An error is what went wrong on this side, or
// *store.RateError when a further request must not be sent.
func (f *Flow) sendPush(ctx context.Context, v Visitor, replaces string) (store.Reason, error) {
	// The row comes first: an answer that overtakes the provider's reply
	// finds it by the id that travels with the request.
	a, replaced, err := f.Store.BeginLogin(ctx, v.Session.ID, replaces, f.ApprovalTTL)
	if err != nil {
		return "", err
	}
	for _, r := range replaced {
		f.over(r)
		// The session's own pages are told of the new request instead.
		if r.SessionID != v.Session.ID {
			f.changed(ctx, r)
		}
	}
	if a.Status == store.Cancelled {
		f.ended(ctx, a)
		return a.Reason, nil
	}
	q := f.question(a, v.User)
	q.Login = shown(a, v.Session)
	return f.push(ctx, a, q, v.User)
}

// shown is what the phone shows of a session that asks.
func shown(a store.Approval, s store.Session) Login {
	return Login{Number: a.Number, Browser: BrowserName(s.UserAgent), Address: s.IP, Place: s.Place, Resets: s.ResetsPassword}
}

func (f *Flow) question(a store.Approval, user store.User) Question {
	return Question{ApprovalID: a.ID, Kind: a.Kind, Email: user.Email, Language: user.Language, AskedAt: a.CreatedAt, ExpiresAt: a.ExpiresAt}
}

// push sends the question and tells the waiting pages of it, or cancels the
// request with the reason why it could not be sent. One that may have been sent
// stays, and its answer counts when it comes.
func (f *Flow) push(ctx context.Context, a store.Approval, q Question, user store.User) (store.Reason, error) {
	if a.Provider == store.Own {
		return f.pushOwn(ctx, a, q, user)
	}
	var err error
	if q.Notices, err = f.Store.NoticesToRing(ctx, a.UserID); err != nil {
		return "", err
	}
	if q.Shared, err = f.Store.ProvedByAnother(ctx, a.UserID, a.Handle); err != nil {
		return "", err
	}
	requestID, reason, wait := f.ask(ctx, a, q, user)
	switch {
	case reason == store.ReasonUnconfirmed:
		if err := f.Store.NoteUnconfirmed(ctx, a.ID); err != nil {
			return "", err
		}
	case reason != "":
		return reason, f.cancelUnasked(ctx, a, reason, wait)
	default:
		known, err := f.Store.AttachUUID(ctx, a.ID, requestID)
		if err != nil {
			return "", err
		}
		f.withdraw(known) // it may have been cancelled while the provider was asked
	}
	f.changed(ctx, a)
	return reason, f.rang(ctx, a, q.Notices)
}

// pushOwn is push for phones of one's own.
func (f *Flow) pushOwn(ctx context.Context, a store.Approval, q Question, user store.User) (store.Reason, error) {
	if reason := f.askOwn(ctx, a, q); reason != "" {
		return reason, f.cancelApproval(ctx, a, reason)
	}
	f.changed(ctx, a)
	return "", f.askBeside(ctx, a, q, user)
}

// ask has the provider ask the phone, or says why it has not, and how long it wants to be
// left alone.
func (f *Flow) ask(ctx context.Context, a store.Approval, q Question, user store.User) (requestID string, reason store.Reason, wait time.Duration) {
	ctx, cancel := f.askProvider(ctx)
	defer cancel()
	q.ExpiresAt = q.ExpiresAt.Add(-f.onTheWay())
	requestID, err := f.Phones.Ask(ctx, a.Handle, q)
	if errors.Is(err, ErrUnknownPhone) {
		requestID, err = f.askAnew(ctx, a, q, user)
	}
	switch {
	case errors.Is(err, ErrNoDevice):
		return "", store.ReasonNoDevice, 0
	case errors.Is(err, ErrNoAnswer):
		f.Logger.Warn("it is not known whether the phone was asked", "approval", a.ID, "error", err)
		return "", store.ReasonUnconfirmed, 0
	case errors.Is(err, ErrRateLimited):
		f.Logger.Warn("the phone could not be asked", "approval", a.ID, "error", err)
		return "", store.ReasonRateLimited, RetryIn(err)
	case err != nil:
		f.Logger.Warn("the phone could not be asked", "approval", a.ID, "error", err)
		return "", store.ReasonUnavailable, RetryIn(err)
	}
	return requestID, "", 0
}

// askAnew registers a phone again that the provider has forgotten: another
// account had the same one and was closed, or the provider lost it.
func (f *Flow) askAnew(ctx context.Context, a store.Approval, q Question, user store.User) (requestID string, err error) {
	handle, err := f.Phones.Register(ctx, phoneOf(user))
	if err != nil {
		return "", err
	}
	if err := f.Store.SetHandle(ctx, a.FactorID, handle); err != nil {
		return "", err
	}
	f.Logger.Info("a phone that the provider had forgotten was registered again", "user", user.ID)
	return f.Phones.Ask(ctx, handle, q)
}

// Resend replaces the request by a new one, as long as the attempt goes on.
// replaces is the id of the request that its page shows, "" if it does not say:
// when another tab has replaced that one already, no phone rings twice. sent says
// whether a push is known to be on its way; if not, State says why. *store.RateError
// leaves the request before as it is.
func (f *Flow) Resend(ctx context.Context, v Visitor, replaces string) (sent bool, err error) {
	open, err := f.AttemptOpen(ctx, v.Session.ID)
	if err != nil || !open {
		return false, err
	}
	reason, err := f.sendPush(ctx, v, replaces)
	if errors.Is(err, store.ErrReplaced) {
		return true, nil
	}
	return err == nil && reason == "", err
}

// PushAllowed says whether the phone may be asked for this sign-in. *store.RateError
// if not.
func (f *Flow) PushAllowed(ctx context.Context, sessionID string) error {
	return f.Store.PushAllowed(ctx, sessionID)
}

// Request is the newest request of a sign-in. store.ErrNotFound without one.
func (f *Flow) Request(ctx context.Context, sessionID string) (store.Approval, error) {
	return f.Store.LatestApproval(ctx, sessionID, store.KindLogin)
}

// AttemptOpen says whether the sign-in may still be completed, by another push
// or by a code.
func (f *Flow) AttemptOpen(ctx context.Context, sessionID string) (bool, error) {
	a, err := f.Request(ctx, sessionID)
	if errors.Is(err, store.ErrNotFound) {
		return true, nil
	}
	return err == nil && !AttemptOver(a), err
}

// AttemptOver reports whether the outcome of a request also ends the sign-in:
// a Deny does, and so does another sign-in that took over; a timeout, or a
// phone that could not be asked, does not.
func AttemptOver(a store.Approval) bool {
	switch a.Status {
	case store.Denied:
		return true
	case store.Cancelled:
		return a.Reason == store.ReasonByUser || a.Reason == store.ReasonSuperseded || a.Reason == store.ReasonSignedOut
	default:
		return false
	}
}
