package signin

import (
	"context"
	"errors"
	"time"

	"nod/store"
)

// Cancel ends the attempt: its request no longer counts, and the password has
// to be given again.
func (f *Flow) Cancel(ctx context.Context, sessionID string) error {
	a, err := f.Request(ctx, sessionID)
	if err == nil {
		err = f.cancelApproval(ctx, a, store.ReasonByUser)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return f.End(ctx, sessionID, store.ReasonCancelled)
}

func (f *Flow) cancelApproval(ctx context.Context, a store.Approval, reason store.Reason) error {
	return f.cancelUnasked(ctx, a, reason, 0)
}

// cancelUnasked is cancelApproval for a request that its provider has not taken, and how
// long that wants to be left alone; 0 if it has not said.
func (f *Flow) cancelUnasked(ctx context.Context, a store.Approval, reason store.Reason, wait time.Duration) error {
	var retryAt time.Time
	if wait > 0 {
		retryAt = f.Now().Add(wait)
	}
	cancelled, applied, err := f.Store.CancelUnasked(ctx, a.ID, reason, retryAt)
	if applied {
		f.ended(ctx, cancelled)
	}
	return err
}
