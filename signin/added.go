package signin

import (
	"context"
	"errors"
	"time"

	"nod/store"
)

// addedWithin is how far back an owner who keeps everybody else out looks for what a
// stranger may have added.
const addedWithin = 30 * 24 * time.Hour

// AddedLately is what signs in to an account and is new, or was used, lately. The zero
// values are none.
type AddedLately struct {
	Codes store.RecoveryCodes
	Apps  []store.Authenticator
	Phone store.Factor // in the place of another one
	Own   []store.OwnPhone
}

// AddedLately says what of the visitor's is newer than a month, or than what they have
// disputed: the notice with this id, 0 for none.
func (f *Flow) AddedLately(ctx context.Context, v Visitor, disputed int64) (added AddedLately, err error) {
	since, err := f.disputedSince(ctx, v, disputed)
	if err != nil {
		return AddedLately{}, err
	}
	apps, err := f.Store.Authenticators(ctx, v.User.ID)
	if err != nil {
		return AddedLately{}, err
	}
	for _, app := range apps {
		if !app.CreatedAt.Before(since) {
			added.Apps = append(added.Apps, app)
		}
	}
	own, err := f.Store.OwnPhones(ctx, v.User.ID)
	if err != nil {
		return AddedLately{}, err
	}
	for _, phone := range own {
		if phone.Counts() && !phone.CreatedAt.Before(since) {
			added.Own = append(added.Own, phone)
		}
	}
	codes, err := f.Store.RecoveryCodesOf(ctx, v.User.ID)
	if err != nil {
		return AddedLately{}, err
	}
	if codes.Of > 0 && (!codes.MadeAt.Before(since) || !codes.UsedAt.Before(since)) {
		added.Codes = codes
	}
	if !f.HasNumber(v.User) {
		return added, nil
	}
	phone, err := f.Store.Factor(ctx, v.User.ID)
	if phone.CreatedAt.After(v.User.CreatedAt) && !phone.CreatedAt.Before(since) {
		added.Phone = phone
	}
	return added, err
}

func (f *Flow) disputedSince(ctx context.Context, v Visitor, disputed int64) (time.Time, error) {
	since := f.Now().Add(-addedWithin)
	n, err := f.Store.NoticeOf(ctx, v.User.ID, disputed)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return since, nil
	case err == nil && n.At.Before(since):
		since = n.At
	}
	return since, err
}
