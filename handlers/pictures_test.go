package handlers_test

import "testing"

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
