package providers

import (
	"context"
	"net/http"
	"time"

	"nod/signin"
)

// None is the provider of a site whose people have phones of their own alone: it reaches
// nobody, and has signed nothing. It is a signin.Phones and a signin.Codes.
type None struct{}

// Register has no phone to register: signin.ErrNoDevice.
func (None) Register(context.Context, signin.Phone) (string, error) { return "", signin.ErrNoDevice }

// Forget has nothing to forget.
func (None) Forget(context.Context, string) error { return nil }

// Ask is signin.ErrNoDevice.
func (None) Ask(context.Context, string, signin.Question) (string, error) {
	return "", signin.ErrNoDevice
}

// Answer is signin.ErrUnavailable: nobody was asked.
func (None) Answer(context.Context, string) (signin.Answer, error) {
	return signin.Answer{}, signin.ErrUnavailable
}

// Send is signin.ErrNoDevice.
func (None) Send(context.Context, string, signin.Message) (bool, error) {
	return false, signin.ErrNoDevice
}

// Check takes no code: signin.ErrWrongCode.
func (None) Check(context.Context, string, string, string) error { return signin.ErrWrongCode }

// ReplaceSecret has none to replace.
func (None) ReplaceSecret(context.Context, string) error { return nil }

// Callback is signin.ErrForged, whatever it says.
func (None) Callback(string, string, http.Header, []byte) (signin.Answer, error) {
	return signin.Answer{}, signin.ErrForged
}

// Health is a word for that there is nobody to call.
func (None) Health() (state string, lastCall time.Time) { return "none", time.Time{} }
