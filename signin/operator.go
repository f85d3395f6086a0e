package signin

import (
	"context"
	"time"

	"nod/store"
)

// lookBack is how far back a sweep looks for what an operator has done: further
// than any transaction of the command takes.
const lookBack = time.Minute

// heedOperator learns of what the command "user" has done to accounts, in another
// process: open pages are told that their session has ended, phones of one's own that
// they may be nobody's any more, and the provider to forget the phones of closed accounts.
func (f *Flow) heedOperator(ctx context.Context) error {
	ended, err := f.Store.EndedElsewhere(ctx, lookBack)
	if err != nil {
		return err
	}
	for _, sess := range ended {
		if !f.told.due(sess.ID, f.Now(), time.Hour) {
			continue
		}
		f.notify(ctx, sess.ID)
		f.tellOwnHere(sess.UserID)
		if sess.Level == store.SignedIn {
			f.notifyTransfers(ctx, sess.UserID)
		}
	}
	phones, err := f.Store.ClaimPhonesToForget(ctx, time.Minute)
	if err != nil {
		return err
	}
	for _, phone := range phones {
		f.tasks.Go(func() { f.forgetSoon(phone) })
	}
	return nil
}

// forgetSoon tells the provider; a later sweep tries again.
func (f *Flow) forgetSoon(phone store.Factor) {
	err := f.forget(f.background, phone)
	if err == nil {
		err = f.Store.PhoneForgotten(f.background, phone.ID)
	}
	if err != nil && f.background.Err() == nil {
		f.Logger.Warn("the phone of a closed account could not be forgotten yet", "error", err)
	}
}
