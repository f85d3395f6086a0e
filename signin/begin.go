package signin

import (
	"context"
	"errors"

	"nod/store"
)

// Visitor is who a request comes from. The zero value is a stranger.
type Visitor struct {
	Session store.Session
	User    store.User
}

// Level is how far the visitor's sign-in has come.
func (v Visitor) Level() store.Level { return v.Session.Level }

// Visitor finds out who a session belongs to. A session that no longer counts
// is a stranger's, not an error.
func (f *Flow) Visitor(ctx context.Context, sessionID string) (Visitor, error) {
	return visitorOf(f.Store.Session(ctx, sessionID))
}

// Listener is the Visitor behind a page that is only open, which is no use of the
// session.
func (f *Flow) Listener(ctx context.Context, sessionID string) (Visitor, error) {
	return visitorOf(f.Store.ListeningSession(ctx, sessionID))
}

func visitorOf(sess store.Session, user store.User, err error) (Visitor, error) {
	if errors.Is(err, store.ErrNotFound) {
		return Visitor{}, nil
	}
	return Visitor{sess, user}, err
}

// Authenticate finds the user by e-mail and password, and by the code of one's own
// that may come along: then nobody is told which of them was wrong. The try is counted before the
// password is checked, so that concurrent requests cannot exceed the limits, and
// taken back if it was right or could not be checked. store.ErrInvalidCredentials,
// store.ErrBusy, *store.RateError.
func (f *Flow) Authenticate(ctx context.Context, email, password string, c store.Client) (store.User, error) {
	user, err := f.authenticate(ctx, email, password, c)
	f.countPassword(err)
	return user, err
}

func (f *Flow) authenticate(ctx context.Context, email, password string, c store.Client) (store.User, error) {
	try, err := f.Store.SpendPasswordTry(ctx, email, c)
	if err != nil {
		return store.User{}, err
	}
	user, err := f.Store.Authenticate(try.InTurn(ctx), email, password)
	if err == nil {
		err = f.Store.CheckProof(ctx, try, user)
	}
	switch {
	case err == nil && user.Unproved:
		// No more than its own: who has signed up with an e-mail must not get back the
		// tries at the password of its account.
		err = f.Store.ReturnPasswordTry(ctx, try)
	case err == nil:
		err = f.Store.ForgivePassword(ctx, try)
	case !errors.Is(err, store.ErrInvalidCredentials):
		err = errors.Join(err, f.Store.ReturnPasswordTry(context.WithoutCancel(ctx), try))
	}
	return user, err
}

// Refused counts what was refused to somebody unknown, for the audit trail. detail
// is a word of ours.
func (f *Flow) Refused(kind store.EventKind, detail, ip string) { f.Store.Refuse(kind, detail, ip) }

// Begin starts a session that has passed the password. The session that this
// browser had before, "" for none, ends with it, and its pages are told.
// *store.RateError; store.ErrInvalidCredentials where the password has changed since
// Authenticate.
func (f *Flow) Begin(ctx context.Context, user store.User, before string, c store.Client) (store.Session, error) {
	sess, err := f.Store.BeginSession(ctx, user, before, c)
	if err == nil && before != "" {
		f.notify(ctx, before)
	}
	return sess, err
}

// NextStep is how a sign-in goes on after the password.
type NextStep int

// The phone is asked, a code takes the place of the tap, or a sign-up adds its phone.
const (
	WaitForTap NextStep = iota
	EnterCode
	AddPhone
)

// SecondStep asks the phone, once, or sends a code to a phone without the app. What
// became of either is in the store for the next page.
func (f *Flow) SecondStep(ctx context.Context, v Visitor) (NextStep, error) {
	if f.AddsPhone(v) {
		if has, err := f.HasPhone(ctx, v); err != nil || !has {
			return AddPhone, err
		}
	}
	reason, err := f.sendPush(ctx, v, store.NoRequest)
	if errors.Is(err, store.ErrReplaced) {
		return f.stepUnderWay(ctx, v)
	}
	if errors.Is(err, store.ErrNotFound) { // no phone is left to ask
		return EnterCode, nil
	}
	if err != nil || reason != store.ReasonNoDevice {
		return WaitForTap, err
	}
	_, err = f.SendCode(ctx, v, store.MethodSMS)
	var limit *store.RateError
	if errors.As(err, &limit) {
		return EnterCode, nil // the page says when the next one may be sent
	}
	return EnterCode, err
}

// HasPhone says whether there is a phone to ask a visitor on. Whoever has none left gives
// a code, and adds another one inside.
func (f *Flow) HasPhone(ctx context.Context, v Visitor) (bool, error) {
	return f.Store.HasPhone(ctx, v.User.ID)
}

// HasNumber says whether a user has a phone with a number that is of use here.
func (f *Flow) HasNumber(u store.User) bool { return !f.OwnOnly && u.PhoneNumber != "" }

// AddsPhone says whether a visitor may add a phone with the password alone: in a sign-up
// without a number, until one of its phones has answered.
func (f *Flow) AddsPhone(v Visitor) bool {
	return f.OwnOnly && v.Level() == store.PasswordPassed && v.User.Unproved
}

// stepUnderWay is how a sign-in goes on whose form was sent twice: the first one has
// asked the phone.
func (f *Flow) stepUnderWay(ctx context.Context, v Visitor) (NextStep, error) {
	a, err := f.Request(ctx, v.Session.ID)
	if a.Reason == store.ReasonNoDevice {
		return EnterCode, err
	}
	return WaitForTap, err
}

// End ends a session and tells the browsers that wait on it.
func (f *Flow) End(ctx context.Context, sessionID string, reason store.Reason) error {
	if err := f.Store.EndSession(ctx, sessionID, reason); err != nil {
		return err
	}
	f.notify(ctx, sessionID)
	if w, err := f.Store.Wait(ctx, sessionID); err == nil && w.Level == store.SignedIn {
		f.notifyTransfers(ctx, w.UserID) // what waited in this session is withdrawn
	}
	return nil
}

// ResetLimits forgets all that the limits have counted: for demonstrations.
func (f *Flow) ResetLimits(ctx context.Context) error { return f.Store.ResetLimits(ctx) }

// PhoneOf is the phone with a number that a user is asked on. store.ErrNotFound without one.
func (f *Flow) PhoneOf(ctx context.Context, userID int64) (store.Factor, error) {
	return f.Store.Factor(ctx, userID)
}

// Ready says whether the database answers and can be written.
func (f *Flow) Ready(ctx context.Context) error { return f.Store.Ready(ctx) }
