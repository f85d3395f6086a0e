package signin

import (
	"context"
	"strings"

	"nod/store"
)

// Forgotten password: a recovery code takes the place of the password, the phone
// says yes as in every sign-in, and then there is a new password.

// BeginReset begins the sign-in of who has forgotten the password. before is as of
// Begin. store.ErrInvalidCredentials, whether or not the e-mail has an account;
// *store.RateError.
func (f *Flow) BeginReset(ctx context.Context, email, code, before string, c store.Client) (Visitor, error) {
	sess, user, err := f.Store.StartReset(ctx, strings.TrimSpace(email), code, before, c)
	if err == nil && before != "" {
		f.notify(ctx, before)
	}
	return Visitor{Session: sess, User: user}, err
}

// ResetPassword gives the visitor a new password, and returns the session under
// which they go on; all others end. The caller moves the browser to it, then calls
// Renewed. Problems; store.ErrNotFound for a session that did not begin with
// BeginReset, store.ErrNotFresh.
func (f *Flow) ResetPassword(ctx context.Context, v Visitor, password string, c store.Client) (store.Session, error) {
	problem := passwordProblem(store.Password(password), f.Site, v.User.Name, v.User.Email, v.User.PhoneNumber)
	if problem != "" {
		return store.Session{}, Problems{FieldPassword: problem}
	}
	sess, ended, err := f.Store.ResetPassword(ctx, v.Session.ID, password, c)
	f.tellEnded(ctx, v.User.ID, ended...)
	return sess, err
}
