package signin

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"nod/store"
)

// Peers are the other processes that serve the same database. Pages that wait there
// are told by them, what the store says then.
type Peers interface {
	// Tell tells all of them a word; it waits for none. They pass it to Heard.
	Tell(word string)
}

// What peers are told of: a word and the id of a session follow each other. Who knows
// such an id can do nothing with it.
const (
	aboutSignIn    = "sign-in"
	aboutChange    = "change"
	aboutTransfers = "transfers"
	aboutRenewed   = "renewed"
	aboutPhones    = "phones" // before the id of a user
)

func (f *Flow) tellPeers(about, sessionID string) {
	if f.Peers != nil {
		f.Peers.Tell(about + ":" + sessionID)
	}
}

func (f *Flow) tellPeersOfPhones(userID int64) {
	f.tellPeers(aboutPhones, strconv.FormatInt(userID, 10))
}

// Heard tells the pages here of what another process has changed.
func (f *Flow) Heard(ctx context.Context, word string) {
	about, sessionID, _ := strings.Cut(word, ":")
	if about == aboutPhones {
		f.heardOfPhones(ctx, sessionID)
	} else if f.Browsers.Waits(sessionID) {
		f.reread(ctx, about, sessionID)
	}
}

func (f *Flow) heardOfPhones(ctx context.Context, user string) {
	if id, err := strconv.ParseInt(user, 10, 64); err == nil && f.Own != nil {
		f.Own.Tell(ctx, id)
	}
}

// Missed tells all pages that wait here how things stand: other processes may have
// changed something and not been heard.
func (f *Flow) Missed(ctx context.Context) {
	for _, id := range f.Browsers.Waiting() {
		f.retell(ctx, id)
	}
}

// retell tells the pages of a session how everything stands that they may show.
func (f *Flow) retell(ctx context.Context, id string) {
	w, err := f.Store.Wait(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound): // a phone's page, or one that checks the way here
		f.Browsers.Reconnect(id)
	case err == nil && w.EndReason == store.ReasonRekeyed:
		f.reread(ctx, aboutRenewed, id)
	case err == nil && w.Level == store.SignedIn && w.EndedAt.IsZero():
		f.reread(ctx, aboutChange, id)
		f.reread(ctx, aboutTransfers, id)
	default:
		f.reread(ctx, aboutSignIn, id)
	}
}

// heedTrail makes good what was never heard: another process may end after it has
// committed something and before it tells of it. The audit trail has that all the same, and
// is read on with each sweep.
func (f *Flow) heedTrail(ctx context.Context) error {
	if f.Peers == nil {
		return nil
	}
	changes, err := f.Store.ChangesAfter(ctx, f.heeded.Load())
	if err != nil {
		return err
	}
	f.heeded.Store(changes.Line)
	for _, id := range changes.Sessions {
		if f.Browsers.Waits(id) {
			f.retell(ctx, id)
		}
	}
	for _, user := range changes.Users {
		if f.Own != nil {
			f.Own.Tell(ctx, user)
		}
	}
	return nil
}

// reread tells the pages of a session here what the store says.
func (f *Flow) reread(ctx context.Context, about, sessionID string) {
	err := f.tellStored(ctx, about, sessionID)
	if err != nil && !errors.Is(err, store.ErrNotFound) && ctx.Err() == nil {
		f.Logger.Error("a page could not be told what another process has changed", "session", sessionID, "error", err)
		f.Browsers.Reconnect(sessionID) // it reads the stored state, as soon as that can be had
	}
}

func (f *Flow) tellStored(ctx context.Context, about, sessionID string) error {
	switch about {
	case aboutSignIn:
		w, err := f.Store.Wait(ctx, sessionID)
		if err == nil {
			f.Browsers.TellState(sessionID, stateOf(w))
		}
		return err
	case aboutChange:
		a, err := f.Store.LatestApproval(ctx, sessionID, store.KindConfirm)
		if err == nil {
			f.Browsers.TellState(sessionID, ChangeState(a))
		}
		return err
	case aboutTransfers:
		t, err := f.Transfers(ctx, sessionID)
		if err == nil {
			f.Browsers.TellTransfers(sessionID, t)
		}
		return err
	case aboutRenewed:
		f.Browsers.Reconnect(sessionID)
	}
	return nil
}
