package handlers_test

import (
	"context"
	"strings"
	"testing"

	"nod/authy"
	"nod/providers"
)

// The provider's app shows the logo from an origin of its own; nothing else may
// be shown elsewhere.
func TestOtherOriginsMayShowTheLogoAlone(t *testing.T) {
	s := newSite(t)
	for path, want := range map[string]string{
		"/static/logo.svg":    "cross-origin",
		"/static/favicon.svg": "same-origin",
		"/static/approval.js": "same-origin",
		"/login":              "same-origin",
	} {
		if got := s.browser().get(path).Header.Get("Cross-Origin-Resource-Policy"); got != want {
			t.Errorf("%s: got Cross-Origin-Resource-Policy %q, want %q", path, got, want)
		}
	}
}

// forgedPicture is a provider whose pictures are anywhere.
type forgedPicture struct {
	providers.AuthyAPI
	url string
}

func (p forgedPicture) AuthenticatorQR(context.Context, int64, string, int) (authy.QRCode, error) {
	return authy.QRCode{URL: p.url}, nil
}

// The address of a picture comes from outside: nothing of it but a plain host
// gets into the policy of the page.
func TestAPictureCannotChangeThePolicy(t *testing.T) {
	for address, want := range map[string]string{
		"https://pictures.example:8443/qr?x=;y": "img-src 'self' https://pictures.example:8443;",
		"https://a;script-src/qr":               "img-src 'self';",
		"https://*/qr":                          "img-src 'self';",
		"javascript://pictures.example/qr":      "img-src 'self';",
	} {
		s := newSite(t, func(c *config) { c.Authy = forgedPicture{c.Authy, address} })
		ada := s.account("ada@example.com")
		b := s.browser()
		b.signIn(ada)
		if got := b.post("/authenticator").Header.Get("Content-Security-Policy"); !strings.Contains(got, want) {
			t.Errorf("a picture at %s: got the policy %q, want %q in it", address, got, want)
		}
	}
}
