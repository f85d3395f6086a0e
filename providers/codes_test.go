package providers_test

import (
	"context"
	"errors"
	"testing"

	"nod/authy"
	"nod/providers"
	"nod/signin"
	"nod/store"
)

// silent is an Authy that takes the order for a code and sends none, as it does
// for a phone with the app where it is not forced.
type silent struct{ providers.AuthyAPI }

func (silent) SendSMS(context.Context, int64, authy.SendOptions) (authy.Sent, error) {
	return authy.Sent{Ignored: true}, nil
}

func TestACodeThatIsNotSentIsNotOnItsWay(t *testing.T) {
	provider, handle := simulated(t)
	sent, err := provider.Send(t.Context(), handle, store.MethodSMS, "sign-in")
	must(t, err)
	if !sent {
		t.Error("a code that was sent is not on its way")
	}
	provider.API = silent{provider.API}
	sent, err = provider.Send(t.Context(), handle, store.MethodSMS, "sign-in")
	must(t, err)
	if sent {
		t.Error("a code that was ignored is on its way")
	}
}

// appless is an Authy that says that no app is there, and takes requests for it.
type appless struct{ providers.AuthyAPI }

func (appless) UserStatus(context.Context, int64) (authy.UserStatus, error) {
	return authy.UserStatus{}, nil
}

func TestAPhoneWithoutTheAppIsNotAsked(t *testing.T) {
	provider, handle := simulated(t)
	provider.API = appless{provider.API}
	if id, err := provider.Ask(t.Context(), handle, question("ada@example.com")); !errors.Is(err, signin.ErrNoDevice) {
		t.Errorf("got request %q, %v, want ErrNoDevice", id, err)
	}
}
