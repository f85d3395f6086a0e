package signin

import (
	"context"

	"nod/store"
)

// Sessions are where the visitor is signed in, the last used first.
func (f *Flow) Sessions(ctx context.Context, v Visitor) ([]store.Session, error) {
	return f.Store.Sessions(ctx, v.User.ID)
}

// EndOther ends another session of the visitor. store.ErrNotFound, store.ErrNotFresh.
func (f *Flow) EndOther(ctx context.Context, v Visitor, sessionID string, c store.Client) error {
	ended, err := f.Store.EndOther(ctx, v.Session.ID, sessionID, c)
	if err == nil {
		f.tellEnded(ctx, v.User.ID, ended)
	}
	return err
}

// EndOthers ends all sessions of the visitor but this one. store.ErrNotFresh.
func (f *Flow) EndOthers(ctx context.Context, v Visitor, c store.Client) error {
	ended, err := f.Store.EndOthers(ctx, v.Session.ID, c)
	f.tellEnded(ctx, v.User.ID, ended...)
	return err
}

// tellEnded tells the pages of sessions that have ended, and those that show what
// was withdrawn with them.
func (f *Flow) tellEnded(ctx context.Context, userID int64, ended ...store.Session) {
	for _, sess := range ended {
		f.notify(ctx, sess.ID)
	}
	if len(ended) > 0 {
		f.notifyTransfers(ctx, userID)
	}
}
