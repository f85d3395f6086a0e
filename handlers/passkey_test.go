package handlers_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"nod/phone/phonetest"
)

var shownChallenge = regexp.MustCompile(`name="challenge" value="([^"]+)"`)

// challenge is what the login page has a passkey sign.
func (b *browser) challenge() string {
	b.t.Helper()
	found := shownChallenge.FindStringSubmatch(b.get("/login").Body)
	if found == nil {
		b.t.Fatal("the login page asks for no passkey")
	}
	return found[1]
}

// byPasskey signs in by the passkey of a phone.
func (b *browser) byPasskey(h hand) page {
	b.t.Helper()
	challenge := b.challenge()
	return b.post("/login/passkey", "challenge", challenge, "passkey", string(h.keys.Approve([]byte(challenge))))
}

func wantPasskeyRefused(t *testing.T, got page, key string) {
	t.Helper()
	wantStatus(t, got, http.StatusUnprocessableEntity)
	wantBody(t, got, words(key))
}

func TestSignInByPasskeyAlone(t *testing.T) {
	s := newSiteAt(t, "localhost", t.TempDir(), newClock(), counted)
	ada, in := s.account("ada@example.com"), s.browser()
	in.signIn(ada)
	h := in.addsPhone("Pixel")
	b := s.browser()
	wantRedirect(t, b.byPasskey(h), "/protected")
	account := b.get("/protected")
	wantBody(t, account, ada.Email)
	wantBody(t, account, words("method.passkey"))
	if lines := s.lines(ada); lines[len(lines)-1] != "signed_in done passkey" {
		t.Errorf("the trail ends with %q", lines[len(lines)-1])
	}
	answer := httptest.NewRecorder()
	s.metrics.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if want := `nod_sign_ins_total{method="passkey",outcome="signed_in"} 1`; !strings.Contains(answer.Body.String(), want) {
		t.Errorf("the metrics lack %s", want)
	}
	if len(h.requests()) != 0 {
		t.Error("the phone was asked, too")
	}
	// The owner is told of a browser that was never used before.
	in.notice("new_browser")
	// The same browser, once more, is another session.
	id := b.cookie("nod_session")
	wantRedirect(t, b.post("/logout"), "/", "signed-out")
	wantRedirect(t, b.byPasskey(h), "/protected")
	if b.cookie("nod_session") == id {
		t.Error("the session before goes on")
	}
}

// Whoever waits for the second step in this browser, or is signed in, no longer does.
func TestAPasskeyTakesThePlaceOfTheSignInBefore(t *testing.T) {
	s, ada, _, h := withOwnPhone(t)
	b := s.browser()
	challenge := b.challenge()
	waits := b.waits(ada)
	if got := b.post("/login/passkey", "challenge", challenge, "passkey", string(h.keys.Approve([]byte(challenge)))); got.Status != http.StatusUnprocessableEntity {
		t.Errorf("a challenge of the session before: got %d", got.Status)
	}
	h.answers(h.pending(), "denied", "")
	waits.want("denied")
	challenge = b.challenge()
	wantRedirect(t, b.post("/login/passkey", "challenge", challenge, "passkey", string(h.keys.Approve([]byte(challenge)))), "/protected")
	wantBody(t, b.get("/protected"), words("method.passkey"))
}

func TestAPasskeyIsRefused(t *testing.T) {
	s, _, in, h := withOwnPhone(t)
	eve := s.browser()
	eve.signIn(s.account("eve@example.com"))
	others := eve.addsPhone("iPhone")
	waiting := in.enrols("Not confirmed")
	b := s.browser()
	refused := func(what string, key string, change func(h *hand, challenge string) (signed, sent string)) {
		t.Helper()
		keys := *h.keys
		with := hand{h.browser, &keys}
		challenge := b.challenge()
		signed, sent := change(&with, challenge)
		got := b.post("/login/passkey", "challenge", sent, "passkey", string(with.keys.Approve([]byte(signed))))
		if got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, words(key)) {
			t.Errorf("%s: got %d", what, got.Status)
		}
		wantRedirect(t, b.get("/protected"), "/login", "start")
	}
	const no, late = "passkey.refused", "passkey.late"
	refused("a page of another site", no, func(h *hand, c string) (string, string) { h.keys.Origin = "https://evil.example"; return c, c })
	refused("a passkey of another site", no, func(h *hand, c string) (string, string) { h.keys.Site = "evil.example"; return c, c })
	refused("the user was not verified", no, func(h *hand, c string) (string, string) { h.keys.Unverified = true; return c, c })
	refused("another's passkey under this name", no, func(h *hand, c string) (string, string) {
		h.keys.Owner = others.keys.Owner
		return c, c
	})
	refused("a phone that nobody has confirmed", no, func(h *hand, c string) (string, string) { *h.keys = *waiting.keys; return c, c })
	refused("another challenge than is sent", no, func(_ *hand, c string) (string, string) { return b.challenge(), c })
	refused("a challenge that was made up", late, func(_ *hand, c string) (string, string) { return c + "x", c + "x" })
	refused("a challenge of another browser", late, func(*hand, string) (string, string) { c := s.browser().challenge(); return c, c })
	refused("a challenge that is old", late, func(_ *hand, c string) (string, string) { s.clock.Advance(time.Hour); return c, c })
	wantPasskeyRefused(t, b.post("/login/passkey", "challenge", b.challenge(), "passkey", "{}"), no)

	// The owner sees it in the history.
	in = s.browser()
	wantRedirect(t, in.byPasskey(h), "/protected")
	wantBody(t, in.get("/account/history"), words("event.passkey_refused"))

	id := phoneID.FindStringSubmatch(in.get("/protected").Body)[1]
	wantRedirect(t, in.post("/account/phones/remove", "id", id), "/protected", "own-phone-removed")
	wantPasskeyRefused(t, b.byPasskey(h), no)
}

// What was signed once signs nobody in again, in whatever browser has all that the first
// one had; the counter never goes back.
func TestWhatAPasskeyHasSignedIsGoodOnce(t *testing.T) {
	s, _, _, h := withOwnPhone(t)
	b := s.browser()
	challenge := b.challenge()
	signed := string(h.keys.Approve([]byte(challenge)))
	twin := s.browser()
	twin.withCookie("nod_csrf", b.cookie("nod_csrf"))
	wantRedirect(t, b.post("/login/passkey", "challenge", challenge, "passkey", signed), "/protected")
	wantPasskeyRefused(t, twin.post("/login/passkey", "challenge", challenge, "passkey", signed), "passkey.late")

	h.keys.Counter = 5
	wantRedirect(t, s.browser().byPasskey(h), "/protected")
	h.keys.Counter = 5
	wantPasskeyRefused(t, s.browser().byPasskey(h), "passkey.refused")
}

func TestPasskeysMayLeaveNoDeviceWhereNoneMay(t *testing.T) {
	s := newOwnSite(t)
	in := s.browser()
	in.signIn(s.account("ada@example.com"))
	h := s.phoneBy(in.phoneCode(), "Synced", func(p *phonetest.Phone) { p.Synced = true })
	wantRedirect(t, in.confirms("Synced"), "/protected", "own-phone-first")
	wantRedirect(t, s.browser().byPasskey(h), "/protected")
	s.handlers.Phone.Bound = true
	wantPasskeyRefused(t, s.browser().byPasskey(h), "passkey.synced")
}

// Tries are limited by where they come from; a browser that the account knows is not
// held up by strangers.
func TestWrongPasskeysAreLimited(t *testing.T) {
	s, _, in, h := withOwnPhone(t)
	other := s.phoneBy(in.phoneCode(), "Not confirmed")
	b := s.browser()
	for range 50 {
		wantPasskeyRefused(t, b.byPasskey(other), "passkey.refused")
	}
	wantStatus(t, b.byPasskey(other), http.StatusTooManyRequests)
	wantStatus(t, s.browser().byPasskey(h), http.StatusTooManyRequests)
	wantRedirect(t, in.post("/logout"), "/", "signed-out")
	wantRedirect(t, in.byPasskey(h), "/protected")
}

// Where browsers make no passkeys, none is asked for.
func TestWhereThereAreNoPasskeys(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	if strings.Contains(b.get("/login").Body, "passkey") {
		t.Error("the login page speaks of passkeys")
	}
	wantStatus(t, b.post("/login/passkey"), http.StatusNotFound)
}
