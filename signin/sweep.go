package signin

import (
	"context"
	"time"

	"nod/store"
)

const (
	sweepEvery = time.Second // the maximum delay before an expiry is published
	// longestWay is how long an answer may be on its way to us at most, see onTheWay.
	longestWay = 5 * time.Second
)

// onTheWay is how long before its deadline here a request ends on a provider's phone: the
// callback of an answer that was given in the last moment may come late, or not at all.
// Within this time the provider, who takes no answer any more, is asked for it once.
func (f *Flow) onTheWay() time.Duration { return min(longestWay, f.ApprovalTTL/10) }

// lastLook is how near its deadline a request is looked up for the last time.
func (f *Flow) lastLook() time.Duration { return max(f.onTheWay(), 2*sweepEvery) }

// Run keeps deadlines until ctx ends: it catches up with what was answered
// before it began, expires what is due, and asks the provider about what is
// nearly due.
func (f *Flow) Run(ctx context.Context) {
	f.tasks.Go(func() {
		if err := f.CatchUp(ctx); err != nil && ctx.Err() == nil {
			f.Logger.Error("what was answered before the start could not be looked up", "error", err)
		}
	})
	sweep := time.NewTicker(sweepEvery)
	defer sweep.Stop()
	defer f.Close()
	for {
		select {
		case <-ctx.Done():
			return
		case <-sweep.C:
			if err := f.Sweep(ctx); err != nil && ctx.Err() == nil {
				f.Logger.Error("deadlines could not be kept", "error", err)
			}
		}
	}
}

// Close ends what goes on in the background, and waits for it. Run does so too.
func (f *Flow) Close() {
	f.stop()
	f.tasks.Wait()
}

// Sweep does what is due at this moment: requests near their deadline are
// reconciled with the provider, expired ones and overdue sessions are told to
// their browsers, phones of one's own have to sign again, what other processes have
// changed is told where nobody has heard of it, sign-ups that nobody has proved end, and
// notices go to whoever carries them.
func (f *Flow) Sweep(ctx context.Context) error {
	near, err := f.Store.ClaimReconcile(ctx, f.lastLook())
	if err != nil {
		return err
	}
	for _, a := range near {
		f.lookUpSoon(a.ID, true)
	}
	expired, err := f.Store.ExpireDue(ctx)
	if err != nil {
		return err
	}
	for _, a := range expired {
		f.ended(ctx, a)
	}
	overdue, err := f.Store.EndOverdue(ctx)
	if err != nil {
		return err
	}
	for _, sess := range overdue {
		f.notify(ctx, sess.ID)
		if sess.Level == store.SignedIn {
			f.notifyTransfers(ctx, sess.UserID)
		}
	}
	if f.Own != nil {
		f.Own.EndLapsed()
	}
	if err := f.heedTrail(ctx); err != nil {
		return err
	}
	if err := f.heedOperator(ctx); err != nil {
		return err
	}
	if err := f.endUnproved(ctx); err != nil {
		return err
	}
	if err := f.finishPhoneChanges(ctx); err != nil {
		return err
	}
	if err := f.carryNotices(ctx); err != nil {
		return err
	}
	f.asked.forget(f.Now(), time.Hour)
	f.told.forget(f.Now(), time.Hour)
	f.counted.forget(f.Now(), countFor)
	return nil
}
