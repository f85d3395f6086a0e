package signin

import (
	"context"
	"errors"

	"nod/store"
)

// knowsPassword checks the visitor's password once more. As Authenticate;
// store.ErrInvalidCredentials for a wrong one.
func (f *Flow) knowsPassword(ctx context.Context, v Visitor, password string, c store.Client) (store.User, error) {
	user, err := f.Authenticate(ctx, v.User.Email, password, c)
	if err == nil && user.ID != v.User.ID {
		err = store.ErrInvalidCredentials
	}
	return user, err
}

// NewPassword is a change of a password, as typed, and what goes with it.
type NewPassword struct {
	Current    string
	New        string
	Everywhere bool     // sign out all other browsers
	RemoveApps []string // ids of authenticator apps
	NewCodes   bool     // make the recovery codes anew

	RemovePhones []string // ids of phones of one's own
}

// LastWay is of a change after which nothing but the password would let its owner in.
const LastWay Problem = "last_way"

// ChangePassword changes the visitor's password, and with it the rest in one step. It
// returns the session under which they go on. The caller moves the browser to the session, then calls
// Renewed. Problems, store.ErrNotFresh, and as Authenticate.
func (f *Flow) ChangePassword(ctx context.Context, v Visitor, n NewPassword, c store.Client) (sess store.Session, err error) {
	if p := n.check(f.Site, v.User); len(p) > 0 {
		return store.Session{}, p
	}
	knows, err := f.knowsPassword(ctx, v, n.Current, c)
	if errors.Is(err, store.ErrInvalidCredentials) {
		return store.Session{}, Problems{FieldCurrent: PasswordWrong}
	}
	if err != nil {
		return store.Session{}, err
	}
	change := store.PasswordChange{Password: n.New, Knows: knows, Everywhere: n.Everywhere, RemoveApps: n.RemoveApps, RemovePhones: n.RemovePhones}
	if n.NewCodes {
		change.RecoveryCodes = store.NewRecoveryCodes()
	}
	sess, ended, err := f.Store.ChangePassword(ctx, v.Session.ID, change, c)
	if errors.Is(err, store.ErrInvalidCredentials) { // changed while this one was compared
		return sess, Problems{FieldCurrent: PasswordWrong}
	}
	if errors.Is(err, store.ErrLastFactor) {
		return store.Session{}, Problems{FieldForm: LastWay}
	}
	f.tellEnded(ctx, v.User.ID, ended...)
	if len(n.RemovePhones) > 0 {
		f.tellOwn(v.User.ID)
	}
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
