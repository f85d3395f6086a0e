package signin

import (
	"context"
	"errors"

	"nod/store"
)

// askBeside asks the phone with the number, too, where the user of a request wants that. It
// decides the same request; if it cannot be asked, the others are.
func (f *Flow) askBeside(ctx context.Context, a store.Approval, q Question, user store.User) error {
	if !f.HasNumber(user) {
		return nil
	}
	other, err := f.Store.Beside(ctx, a.UserID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	asked := a
	asked.FactorID, asked.Provider, asked.Handle = other.ID, other.Provider, other.Handle
	requestID, reason, _ := f.ask(ctx, asked, q, user)
	if reason != "" {
		return nil
	}
	known, err := f.Store.AttachUUID(ctx, a.ID, requestID)
	if errors.Is(err, store.ErrNotFound) { // one of the others has answered meanwhile
		if known, err = f.Store.Approval(ctx, a.ID); errors.Is(err, store.ErrNotFound) {
			return nil
		}
		known.UUID = requestID // the row has our own id in its place
	}
	if err != nil {
		return err
	}
	f.withdraw(known)
	return nil
}

// Beside says whether the phone with the number is asked beside the visitor's own.
func (f *Flow) Beside(ctx context.Context, v Visitor) (bool, error) {
	_, err := f.Store.Beside(ctx, v.User.ID)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// AskBeside turns that on or off. store.ErrNotFound where there are not both;
// store.ErrNotFresh.
func (f *Flow) AskBeside(ctx context.Context, v Visitor, on bool, c store.Client) error {
	return f.Store.AskBeside(ctx, v.Session.ID, on, c)
}
