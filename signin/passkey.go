package signin

import (
	"context"
	"errors"

	"nod/store"
)

// SignInByPasskey signs in by the passkey of a phone of one's own alone: an assertion as
// the browser makes it, over a challenge that the caller has made and whose age it keeps.
// The session that this browser had before, "" for none, ends with it, and its pages are
// told. Errors as of OwnPhones.PasskeyID and CheckPasskey, store.SpendPasskeyTry and
// store.SignInByPasskey; store.ErrEmailTaken as of Confirm.
func (f *Flow) SignInByPasskey(ctx context.Context, challenge string, assertion []byte, before string, c store.Client) (store.Session, error) {
	credential, err := f.Own.PasskeyID(assertion)
	if err != nil {
		return store.Session{}, err
	}
	try, err := f.Store.SpendPasskeyTry(ctx, credential, challenge, c)
	if errors.Is(err, store.ErrNotFound) {
		f.Refused(store.EventPasskeyRefused, "", c.IP)
	}
	if err != nil {
		return store.Session{}, err
	}
	count, err := f.Own.CheckPasskey(try.Phone, challenge, assertion)
	if err != nil {
		return store.Session{}, errors.Join(err, f.Store.RefusePasskey(ctx, try))
	}
	sess, err := f.Store.SignInByPasskey(ctx, try, count, before, c)
	if err != nil {
		return store.Session{}, f.taken(ctx, err)
	}
	f.countAttempt(sess.ID, string(StatusSignedIn), sess.Method)
	if before != "" {
		f.notify(ctx, before)
	}
	return sess, nil
}
