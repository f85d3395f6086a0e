package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// A proxy may set Referrer-Policy: no-referrer for all pages. The word of the
// page itself counts more, so its forms are sent with their origin.
func TestPagesSayHowFarTheyAreReferredTo(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	for _, path := range []string{"/", "/login", "/signup", "/nowhere"} {
		if !strings.Contains(b.get(path).Body, `<meta name="referrer" content="same-origin">`) {
			t.Errorf("%s does not", path)
		}
	}
}

func TestWhoBlocksCookiesIsToldSo(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	form := url.Values{"_csrf": {s.browser().formToken()}, "email": {ada.Email}, "password": {goodPassword}}
	for _, path := range []string{"/login", "/signup", "/confirm-login"} {
		got := s.browser().postForm(path, form)
		wantStatus(t, got, http.StatusForbidden)
		if !strings.Contains(got.Body, "Your browser sent no cookie") || !strings.Contains(got.Body, words("error.no_cookies.text")) {
			t.Errorf("%s: the page does not speak of cookies: %s", path, got.Body)
		}
	}
	// A cookie is here, and the form is of the session before.
	b := s.browser()
	old := b.formToken()
	b.signIn(ada)
	if got := b.postForm("/logout", url.Values{"_csrf": {old}}); !strings.Contains(got.Body, "This page is out of date") {
		t.Errorf("an old form got %s", got.Body)
	}
}
