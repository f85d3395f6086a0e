package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/alexedwards/argon2id"
	"golang.org/x/text/unicode/norm"

	"nod/store"
)

// Whoever changes or resets the password ends all sign-ins by the one before, and so those
// that it was right for a moment ago: they waited for their turn to be compared.
func TestAPasswordThatWasChangedMeanwhile(t *testing.T) {
	for name, change := range map[string]func(ctx context.Context, w *world, ada store.User){
		"changed": func(ctx context.Context, w *world, ada store.User) {
			_, _, err := w.store.ChangePassword(ctx, w.fresh(ada), store.PasswordChange{Password: "another password"}, browser)
			must(t, err)
		},
		"reset": func(ctx context.Context, w *world, ada store.User) {
			half, _, err := w.store.StartReset(ctx, ada.Email, w.recoveryCodes(ada)[0], "", browser)
			must(t, err)
			w.approve(w.begin(half))
			in, err := w.store.ConfirmLogin(ctx, half.ID, browser)
			must(t, err)
			_, _, err = w.store.ResetPassword(ctx, in.ID, "another password", browser)
			must(t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			ctx := t.Context()
			ada := w.user("ada@example.com")
			in := w.signIn(ada)
			found, err := w.store.Authenticate(ctx, ada.Email, password)
			must(t, err)
			change(ctx, w, ada)
			begun := w.number(`SELECT COUNT(*) FROM sessions`)
			_, err = w.store.BeginSession(ctx, found, "", browser)
			wantErr(t, "a sign-in by the password before", err, store.ErrInvalidCredentials)
			if got := w.number(`SELECT COUNT(*) FROM sessions`); got != begun {
				t.Error("it has begun")
			}
			if events := w.events(ada); !slices.Contains(events, "password_refused") {
				t.Errorf("the trail says %q", events)
			}
			_, _, err = w.store.ChangePassword(ctx, in.ID, store.PasswordChange{Password: password, Knows: found}, browser)
			if !errors.Is(err, store.ErrInvalidCredentials) && name == "changed" {
				t.Errorf("a change by the password before: %v", err)
			}
			found, err = w.store.Authenticate(ctx, ada.Email, "another password")
			must(t, err)
			_, err = w.store.BeginSession(ctx, found, "", browser)
			must(t, err)
		})
	}
}

// The hash of an old spelling is replaced at a sign-in, perhaps by two at once, and both
// begin.
func TestASignInWhoseHashIsReplacedBegins(t *testing.T) {
	const secret = "Zauberfl\u00f6te \u00fcber K\u00f6ln"
	w := newWorld(t)
	ctx := t.Context()
	ada := w.user("ada@example.com")
	old, err := argon2id.CreateHash(norm.NFD.String(secret), cheap)
	must(t, err)
	w.change(`UPDATE users SET password_hash = ? WHERE id = ?`, old, ada.ID)
	one, err := w.store.Authenticate(ctx, ada.Email, secret)
	must(t, err)
	w.change(`UPDATE users SET password_hash = ? WHERE id = ?`, old, ada.ID)
	_, err = w.store.BeginSession(ctx, one, "", browser)
	must(t, err)
	two, err := w.store.Authenticate(ctx, ada.Email, secret)
	must(t, err)
	for _, found := range []store.User{one, two} {
		_, err = w.store.BeginSession(ctx, found, "", browser)
		must(t, err)
	}
}
