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
	sent, err := provider.Send(t.Context(), handle, signin.Message{By: store.MethodSMS, Purpose: "sign-in"})
	must(t, err)
	if !sent {
		t.Error("a code that was sent is not on its way")
	}
	provider.API = silent{provider.API}
	sent, err = provider.Send(t.Context(), handle, signin.Message{By: store.MethodSMS, Purpose: "sign-in"})
	must(t, err)
	if sent {
		t.Error("a code that was ignored is on its way")
	}
}

// spoken remembers what was sent with the last code.
type spoken struct {
	providers.AuthyAPI
	with authy.SendOptions
}

func (s *spoken) StartCall(_ context.Context, _ int64, o authy.SendOptions) (authy.Sent, error) {
	s.with = o
	return authy.Sent{}, nil
}

// A code comes in the language of the account, and says which one it is for where
// several have the phone.
func TestWhatComesWithACode(t *testing.T) {
	call := &spoken{}
	provider := &providers.Authy{Words: words(t), API: call}
	for _, test := range []struct {
		m    signin.Message
		want authy.SendOptions
	}{
		{signin.Message{}, authy.SendOptions{ActionMessage: "Sign in to Nod.", Locale: "en"}},
		{signin.Message{Language: "de-CH"}, authy.SendOptions{ActionMessage: "Anmeldung bei Nod.", Locale: "de"}},
		{signin.Message{Email: "ada@example.com"}, authy.SendOptions{ActionMessage: "Sign in to Nod as ada@example.com.", Locale: "en"}},
	} {
		test.m.By, test.m.Purpose = store.MethodCall, "sign-in"
		test.want.Force, test.want.Action = true, "sign-in"
		sent, err := provider.Send(t.Context(), "1", test.m)
		must(t, err)
		if !sent || call.with != test.want {
			t.Errorf("%+v: got %+v, want %+v", test.m, call.with, test.want)
		}
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
