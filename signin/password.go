package signin

import (
	"context"
	"errors"

	"nod/store"
)

// knowsPassword checks the visitor's password once more. As Authenticate;
// store.ErrInvalidCredentials for a wrong one.
func (f *Flow) knowsPassword(ctx context.Context, v Visitor, password string, c store.Client) error {
	user, err := f.Authenticate(ctx, v.User.Email, password, c)
	if err == nil && user.ID != v.User.ID {
		return store.ErrInvalidCredentials
	}
	return err
}

// NewPassword is a change of a password, as typed.
type NewPassword struct {
	Current    string
	New        string
	Everywhere bool // sign out all other browsers
}

// ChangePassword changes the visitor's password and returns the session under
// which they go on. The caller moves the browser to it, then calls Renewed.
// Problems, store.ErrNotFresh, and as Authenticate.
func (f *Flow) ChangePassword(ctx context.Context, v Visitor, n NewPassword, c store.Client) (store.Session, error) {
	if p := n.check(f.Site, v.User); len(p) > 0 {
		return store.Session{}, p
	}
	err := f.knowsPassword(ctx, v, n.Current, c)
	if errors.Is(err, store.ErrInvalidCredentials) {
		return store.Session{}, Problems{FieldCurrent: PasswordWrong}
	}
	if err != nil {
		return store.Session{}, err
	}
	sess, ended, err := f.Store.ChangePassword(ctx, v.Session.ID, n.New, n.Everywhere, c)
	f.tellEnded(ctx, v.User.ID, ended...)
	return sess, err
}

// check finds what is wrong before a password is hashed; site is as for
// NewAccount.
func (n NewPassword) check(site string, user store.User) Problems {
	p := Problems{}
	if n.Current == "" {
		p[FieldCurrent] = CurrentMissing
	}
	p.note(FieldPassword, passwordProblem(store.Password(n.New), site, user.Name, user.Email, user.PhoneNumber))
	if len(p) == 0 && store.Password(n.New) == store.Password(n.Current) {
		p[FieldPassword] = PasswordSame
	}
	return p
}
