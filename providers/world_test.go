package providers_test

import (
	"context"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"nod/authy"
	"nod/locales"
	"nod/providers"
	"nod/signin"
	"nod/simulator"
)

const (
	testKey     = "an-application-key-for-tests-only"
	callbackURL = "https://nod.example/authy/callback"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// simulated is a provider that reaches a simulator over HTTP, and the handle of
// one phone with the app.
func simulated(t *testing.T) (provider *providers.Authy, handle string) {
	t.Helper()
	sim, err := simulator.New(simulator.Config{APIKey: testKey, Path: filepath.Join(t.TempDir(), "simulator.db")})
	must(t, err)
	server := httptest.NewServer(sim.Handler())
	t.Cleanup(func() {
		server.Close()
		must(t, sim.Close(context.WithoutCancel(t.Context())))
	})
	provider = &providers.Authy{
		Words: words(t),
		API:   authy.NewClient(server.URL, testKey), APIKey: testKey, CallbackURL: callbackURL,
		LogoURL: "https://nod.example/static/logo.svg",
	}
	handle, err = provider.Register(t.Context(), signin.Phone{Email: "ada@example.com", CountryCode: 1, Number: "2015550101"})
	must(t, err)
	return provider, handle
}

// words are the sentences that a phone shows.
func words(t *testing.T) *locales.Catalogue {
	t.Helper()
	words, err := locales.New()
	must(t, err)
	return words
}

// question is a login of somebody with this e-mail.
func question(email string) signin.Question {
	asked := time.Date(2026, time.November, 24, 19, 0, 0, 0, time.UTC)
	return signin.Question{
		ApprovalID: "APPROVAL", Kind: "login", Email: email, AskedAt: asked, ExpiresAt: asked.Add(2 * time.Minute),
		Login: signin.Login{Number: "42", Browser: "Firefox on Linux", Address: "192.0.2.7"},
	}
}
