package handlers_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// The page lists the browsers that have signed in and takes back what they are known
// by. Somebody at a page that was left open cannot.
func TestKnownBrowsersAreListedAndRemoved(t *testing.T) {
	s := newSite(t)
	ada, bob := s.account("ada@example.com"), s.account("bob@example.com")
	his := s.browser()
	his.signIn(bob)
	hers, other := s.browser(), s.browser()
	other.signIn(ada)
	s.clock.Advance(time.Minute)
	hers.signIn(ada)
	hers.wantKnown(2)
	all := s.knows(ada)
	wantBody(t, hers.get("/protected"), fmt.Sprintf(`value="%d"`, all[0].ID), fmt.Sprintf(`value="%d"`, all[1].ID))

	for _, wrong := range []string{"", "x", "99999999999999999999"} {
		wantStatus(t, hers.post("/account/browsers/remove", "browser", wrong), http.StatusNotFound)
	}
	of := fmt.Sprint(s.knows(bob)[0].ID)
	hers.post("/account/browsers/remove", "browser", of)
	if len(s.knows(bob)) != 1 {
		t.Error("a browser of another account was removed")
	}
	s.clock.Advance(11 * time.Minute)
	id := fmt.Sprint(all[1].ID)
	wantRedirect(t, hers.post("/account/browsers/remove", "browser", id), "/account/confirm?browser="+id+"&to=%2Faccount%2Fbrowsers%2Fremove")
	wantRedirect(t, hers.post("/account/browsers/remove-all"), "/account/confirm?to=%2Faccount%2Fbrowsers%2Fremove-all")
	if len(s.knows(ada)) != 2 {
		t.Fatal("a page that was left open removes a browser")
	}
	hers.signIn(ada)
	wantRedirect(t, hers.post("/account/browsers/remove", "browser", id), "/protected", "browser-removed")
	wantBody(t, hers.get("/protected"), "no longer knows that browser", "Known browser removed")
	if left := s.knows(ada); len(left) != 1 || left[0].ID != all[0].ID {
		t.Errorf("left are %+v", left)
	}
	wantStatus(t, other.get("/protected"), http.StatusOK) // it stays signed in
	wantRedirect(t, hers.post("/account/browsers/remove-all"), "/protected", "browsers-removed")
	wantBody(t, hers.get("/protected"), "No browser is known yet. This one will be after its next sign-in.")
}

// wantKnown wants so many browsers on the account page, and this one among them.
func (b *browser) wantKnown(n int) {
	b.t.Helper()
	_, section, _ := strings.Cut(b.get("/protected").Body, `id="browsers"`)
	section, _, _ = strings.Cut(section, "</section>")
	if got := strings.Count(section, `name="browser"`); got != n {
		b.t.Errorf("the page lists %d known browsers, want %d", got, n)
	}
	if got := strings.Count(section, ">this browser<"); got != 1 {
		b.t.Errorf("the page marks %d browsers as this one", got)
	}
}
