package signin

import (
	"context"
	"errors"

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
	cancelled, applied, err := f.Store.CancelApproval(ctx, a.ID, reason)
	if applied {
		f.ended(ctx, cancelled)
	}
	return err
}
