package signin

import (
	"context"

	"nod/store"
)

// Withdrawals tell phones that nobody waits for their answer any more. Not every
// provider can.
type Withdrawals interface {
	Withdraw(ctx context.Context, requestID string, why store.Reason) error
}

// over does what is left to do for a request that has ended: it is counted, and
// taken back from its phone.
func (f *Flow) over(a store.Approval) {
	f.countRequest(a)
	if a.Provider == store.Own {
		f.tellOwn(a.UserID)
	}
	f.withdraw(a)
}

// withdrawAtOnce is how many phones are told at the same time: a crowd of sign-ins may
// end together, and the provider has others to serve.
const withdrawAtOnce = 8

// withdraw tells the phone of a cancelled request, and of one that a phone of one's own has
// answered, in the background. It is a
// courtesy: an answer that comes all the same changes nothing.
func (f *Flow) withdraw(a store.Approval) {
	if a.DecidedVia == store.ViaOwnPhone {
		a.Status, a.Reason = store.Cancelled, store.ReasonOtherMethod
	}
	if f.Withdrawals == nil || a.Status != store.Cancelled || a.UUID == "" || a.UUID == a.ID {
		return
	}
	f.tasks.Go(func() {
		select {
		case f.withdrawing <- struct{}{}:
			defer func() { <-f.withdrawing }()
		case <-f.background.Done():
			return
		}
		ctx, cancel := f.askProvider(f.background)
		defer cancel()
		if err := f.Withdrawals.Withdraw(ctx, a.UUID, a.Reason); err != nil {
			f.Logger.Debug("the phone could not be told that nobody waits", "approval", a.ID, "error", err)
		}
	})
}
