package signin

import (
	"context"
	"errors"

	"nod/store"
)

// SignUp takes a sign-up, the provider first: what it refuses never becomes a
// user here, and registering the same phone twice is no error there. It signs
// nobody in: the phone proves itself as in every sign-in, and only then the e-mail
// is the user's. Until then nobody learns whether it has an account: it is not even
// asked. Problems; store.ErrBusy; *store.RateError.
func (f *Flow) SignUp(ctx context.Context, n NewAccount, c store.Client) (store.User, error) {
	problems := n.check(f.Site)
	var number phoneNumber
	if !f.OwnOnly {
		number = n.Phone.parse(problems)
	}
	if len(problems) > 0 {
		return store.User{}, problems
	}
	n.Name, _ = readable(n.Name)
	n.Email = store.CleanEmail(n.Email)
	if err := f.Store.SpendSignUp(ctx, number.e164, c); err != nil {
		return store.User{}, err
	}
	handle, err := f.register(ctx, number, n.Email)
	if err != nil {
		return store.User{}, explain(err)
	}
	return f.Store.CreateUser(ctx, store.NewUser{
		Name: n.Name, Email: n.Email, Password: n.Password, PhoneNumber: number.e164, CountryCode: number.countryCode,
		Language: n.Language, Handle: handle,
	})
}

// register makes the phone of a sign-up known to the provider. The handle is "" where
// there is none, and the phone is added next.
func (f *Flow) register(ctx context.Context, n phoneNumber, email string) (handle string, err error) {
	if f.OwnOnly {
		return "", nil
	}
	return f.Phones.Register(ctx, n.of(email))
}

// endUnproved ends the sign-ups that nobody has proved in time. The provider is
// told in the background: no deadline waits for it.
func (f *Flow) endUnproved(ctx context.Context) error {
	closed, err := f.Store.EndUnproved(ctx)
	if len(closed) > 0 {
		f.tasks.Go(func() { f.signUpsEnded(f.background, closed) })
	}
	return err
}

// taken tells of a sign-up that ended because its e-mail has an account. It
// returns err.
func (f *Flow) taken(ctx context.Context, err error) error {
	var taken *store.TakenError
	if errors.As(err, &taken) {
		f.signUpsEnded(ctx, []store.Closed{taken.Closed})
	}
	return err
}

// signUpsEnded tells the browsers, and then the provider, which may forget the
// phones.
func (f *Flow) signUpsEnded(ctx context.Context, closed []store.Closed) {
	for _, c := range closed {
		for _, sess := range c.Sessions {
			f.notify(ctx, sess.ID)
		}
		if f.OwnOnly { // or a sign-up has added none
			f.tellOwn(c.UserID)
		}
	}
	for _, c := range closed {
		if c.Phone.ID == 0 {
			continue
		}
		if err := f.forget(ctx, c.Phone); err != nil {
			f.Logger.Warn("the provider could not be told to forget the phone of a sign-up", "error", err)
		}
	}
}
