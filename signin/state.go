package signin

import (
	"context"
	"errors"
	"time"

	"nod/store"
)

// Status is how a sign-in stands: the status of its request, or one of the two
// below.
type Status string

// The ends of a session; the others are those of store.ApprovalStatus.
const (
	StatusPending          = Status(store.Pending)
	StatusSignedIn  Status = "signed_in"
	StatusSignedOut Status = "signed_out"
)

// State is what a waiting browser is told, whichever way it hears.
type State struct {
	Status    Status
	Reason    store.Reason
	Number    string    // to compare with the phone's, "" without a request
	ExpiresAt time.Time // of the request, zero without one
	RetryAt   time.Time // of a request that its provider has not taken; zero if it has not said
	Revision  int64     // orders states of one session
	Last      bool      // nothing follows until the browser asks again
	Ended     bool      // the session has ended

	request store.Approval // the part of it that store.Wait reads
}

// RequestID is the provider's id of the request, "" without one.
func (s State) RequestID() string { return s.request.UUID }

// ErrNobodyWaits: there is no such sign-in.
var ErrNobodyWaits = errors.New("no sign-in is waiting")

// State reads how the sign-in of a session stands. counts is false when the
// session is good for nothing any more; the state may still say why.
// ErrNobodyWaits for an unknown session.
func (f *Flow) State(ctx context.Context, sessionID string) (s State, counts bool, err error) {
	w, err := f.Store.Wait(ctx, sessionID)
	if errors.Is(err, store.ErrNotFound) {
		return State{}, false, ErrNobodyWaits
	}
	if err != nil {
		return State{}, false, err
	}
	return stateOf(w), w.Counts, nil
}

func stateOf(w store.Wait) State {
	if ended := !w.EndedAt.IsZero(); ended || w.Level == store.SignedIn {
		status, reason := endOf(w)
		return State{Status: status, Reason: reason, Revision: w.Revision, Last: true, Ended: ended}
	}
	if w.Request.Status == "" {
		return State{Status: StatusPending, Revision: w.Revision}
	}
	return State{
		Status: Status(w.Request.Status), Reason: w.Request.Reason, Number: w.Request.Number,
		ExpiresAt: w.Request.ExpiresAt, RetryAt: w.Request.RetryAt, Revision: w.Revision, Last: w.Request.Status != store.Pending,
		request: w.Request,
	}
}

// endOf says how the wait of a session ended. A cancelled sign-in reads the
// same before and after its session has ended.
func endOf(w store.Wait) (Status, store.Reason) {
	switch {
	case w.Level == store.SignedIn || w.EndReason == store.ReasonSignedIn:
		return StatusSignedIn, w.EndReason
	case w.EndReason == store.ReasonCancelled:
		return Status(store.Cancelled), store.ReasonByUser
	default:
		return StatusSignedOut, w.EndReason
	}
}

// notify tells the browsers of a session how it stands, and counts an attempt
// that is over. It comes after the commit; losing it costs a moment, for every
// way to hear begins with the stored state.
func (f *Flow) notify(ctx context.Context, sessionID string) {
	w, err := f.Store.Wait(ctx, sessionID)
	if err != nil {
		f.Logger.Error("a waiting browser could not be told", "session", sessionID, "error", err)
		f.Browsers.Reconnect(sessionID) // it reads the stored state, as soon as that can be had
		f.tellPeers(aboutSignIn, sessionID)
		return
	}
	f.countEnd(ctx, sessionID, w)
	f.Browsers.TellState(sessionID, stateOf(w))
	f.tellPeers(aboutSignIn, sessionID)
}

// changed tells the browsers that a request concerns.
func (f *Flow) changed(ctx context.Context, a store.Approval) {
	switch a.Kind {
	case store.KindTransfer:
		f.notifyTransfers(ctx, a.UserID)
	case store.KindConfirm:
		f.notifyChange(ctx, a)
	default:
		f.notify(ctx, a.SessionID)
	}
}

// ended does what is left to do for a request that has ended, and tells of it.
func (f *Flow) ended(ctx context.Context, a store.Approval) {
	f.over(a)
	f.changed(ctx, a)
}
