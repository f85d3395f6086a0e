package handlers_test

import (
	"net/http"
	"strings"
	"testing"

	"nod/store"
)

// knows says which browsers an account knows.
func (s *site) knows(p person) []store.Device {
	s.t.Helper()
	user, err := s.store.Authenticate(s.t.Context(), p.Email, goodPassword)
	must(s.t, err)
	all, err := s.store.Devices(s.t.Context(), user.ID)
	must(s.t, err)
	return all
}

// setCookie is a cookie that an answer sets, by its name without the port.
func setCookie(p page, name string) *http.Cookie {
	for _, c := range (&http.Response{Header: p.Header}).Cookies() {
		if strings.HasPrefix(c.Name, name+"_") || c.Name == name {
			return c
		}
	}
	return nil
}

// Both steps bring the cookie, and a sign-out leaves it.
func TestABrowserIsKnownByItsCookie(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.passPassword(ada)
	if b.cookie("nod_device") != "" {
		t.Fatal("a password alone makes the browser known")
	}
	ada.phone.approve(ada.phone.pending())
	in := b.post("/confirm-login")
	wantRedirect(t, in, "/protected")
	got := setCookie(in, "nod_device")
	if got == nil || !got.HttpOnly || got.SameSite != http.SameSiteLaxMode || got.Path != "/" || got.MaxAge != 400*24*60*60 {
		t.Fatalf("got the cookie %v, want HttpOnly, SameSite=Lax, Path=/ and 400 days", got)
	}
	wantRedirect(t, b.post("/logout"), "/", "signed-out")
	first := b.cookie("nod_device")
	if first == "" {
		t.Fatal("the sign-out took the cookie")
	}
	b.passPassword(ada)
	wantRedirect(t, b.post("/verify-token", "token", ada.phone.token()), "/protected")
	if got := b.cookie("nod_device"); got != first {
		t.Errorf("the next sign-in changed the cookie from %q to %q", first, got)
	}
	if all := s.knows(ada); len(all) != 1 {
		t.Errorf("the account knows %d browsers, want this one", len(all))
	}
}

// The file does not hold what the cookie holds, and a made-up one is none.
func TestAForgedDeviceCookieIsNone(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	known := s.knows(ada)[0]
	token, mac, _ := strings.Cut(b.cookie("nod_device"), ".")
	if strings.Contains(known.Device, token) {
		t.Error("the file holds what the cookie holds")
	}
	for what, forged := range map[string]string{
		"no MAC": token, "an empty MAC": token + ".", "another MAC": token + "." + strings.ToLower(mac),
		"the MAC of another": token + "x." + mac, "what the file holds": known.Device + "." + mac, "nothing but a dot": ".",
	} {
		thief := s.browser()
		thief.withCookie("nod_device", forged)
		thief.passPassword(ada)
		if got := s.newestSession(ada).Device; got != "" {
			t.Errorf("%s: taken for the browser %q", what, got)
		}
		thief.post("/login/cancel")
	}
	b.passPassword(ada)
	if got := s.newestSession(ada).Device; got != known.Device {
		t.Errorf("the genuine cookie is taken for the browser %q, want %q", got, known.Device)
	}
}

// newestSession is the session that a person's last password began.
func (s *site) newestSession(p person) store.Session {
	s.t.Helper()
	user, err := s.store.Authenticate(s.t.Context(), p.Email, goodPassword)
	must(s.t, err)
	events, err := s.store.Events(s.t.Context(), user.ID, 20)
	must(s.t, err)
	for _, e := range events {
		if e.Kind == store.EventSessionStarted {
			sess, _, err := s.store.Session(s.t.Context(), e.SessionID)
			must(s.t, err)
			return sess
		}
	}
	s.t.Fatal("no session has begun")
	return store.Session{}
}

// What a sign-out leaves in the browser is what it is known by, and closing the last
// account that knows it takes that too.
func TestASignOutTakesEverythingButTheDevice(t *testing.T) {
	s := newSite(t)
	ada, bob := s.account("ada@example.com"), s.account("bob@example.com")
	b := s.browser()
	for _, test := range []struct {
		who  person
		path string
		keep bool
	}{{ada, "/logout", true}, {bob, "/account/close", true}, {ada, "/account/close", false}} {
		b.signIn(test.who)
		got := b.post(test.path, "password", goodPassword)
		if got.Status != http.StatusSeeOther || got.Header.Get("Clear-Site-Data") != `"cache"` {
			t.Errorf("%s: got %d and Clear-Site-Data %q", test.path, got.Status, got.Header.Get("Clear-Site-Data"))
		}
		for name, left := range map[string]bool{"nod_session": false, "nod_csrf": false, "nod_device": test.keep} {
			if got := b.cookie(name) != ""; got != left {
				t.Errorf("%s: %s is left: %t, want %t", test.path, name, got, left)
			}
		}
	}
}
