package handlers_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

var codeOnPage = regexp.MustCompile(`<li><code>([0-9a-z]{4}(?:-[0-9a-z]{4}){3})</code></li>`)

// recoveryCodes makes recovery codes and reads them off the page.
func (b *browser) recoveryCodes() (codes []string) {
	b.t.Helper()
	shown := b.post("/account/recovery-codes")
	wantStatus(b.t, shown, http.StatusOK)
	for _, found := range codeOnPage.FindAllStringSubmatch(shown.Body, -1) {
		codes = append(codes, found[1])
	}
	if len(codes) != 10 {
		b.t.Fatalf("the page shows %d codes:\n%s", len(codes), shown.Body)
	}
	if got := shown.Header.Get("Cache-Control"); got != "no-store" {
		b.t.Errorf("the page is kept: %q", got)
	}
	return codes
}

// Who signs in for the first time is offered recovery codes, once.
func TestRecoveryCodesAreOffered(t *testing.T) {
	s := newSite(t)
	const offer = "Be ready to sign in without your phone"
	ada, bob := s.account("ada@example.com"), s.account("bob@example.com")
	b, other := s.browser(), s.browser()
	b.signIn(ada)
	wantBody(t, b.get("/protected"), offer)
	wantRedirect(t, b.post("/account/recovery-codes/decline"), "/protected")
	wantNoBody(t, b.get("/protected"), offer)
	wantBody(t, b.get("/protected"), "Make recovery codes") // below, at any time

	other.signIn(bob)
	other.recoveryCodes()
	page := other.get("/protected")
	wantNoBody(t, page, offer)
	wantBody(t, page, "10 of 10 left.", "Recovery codes made")
}

// Without the phone a recovery code signs in, in either field and however it is
// written, and each once.
func TestSignInByARecoveryCode(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	before := b.cookie("nod_session")
	codes := b.recoveryCodes()
	if b.cookie("nod_session") == before {
		t.Error("the session goes on under the id from before")
	}
	for field, typed := range map[string]string{
		"recovery": codes[0],
		"token":    strings.ToUpper(strings.ReplaceAll(codes[1], "-", " ")) + " ",
	} {
		b.post("/logout")
		b.passPassword(ada)
		wantRedirect(t, b.post("/verify-token", field, typed), "/protected")
		wantBody(t, b.get("/protected"), "a recovery code")
	}
	wantBody(t, b.get("/protected"), "8 of 10 left.", "Recovery code used")

	b.post("/logout")
	b.passPassword(ada)
	used := b.post("/verify-token", "recovery", codes[0])
	wantStatus(t, used, http.StatusUnprocessableEntity)
	wantBody(t, used, words("problem.recovery.wrong"), `id="recovery-error"`, `aria-describedby="recovery-hint recovery-error"`)
	short := b.post("/verify-token", "recovery", "k3d9")
	wantStatus(t, short, http.StatusUnprocessableEntity)
	wantBody(t, short, "A recovery code has 16 letters and digits")

	s.tapped(ada.phone.deny, ada.phone.pending())
	wantRedirect(t, b.post("/verify-token", "recovery", codes[2]), "/login/approval")
	b.wantOutside()
}

// Guesses are few, and those of a stranger do not shut out the owner.
func TestGuessingRecoveryCodes(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b, stranger := s.browser(), s.browser()
	b.signIn(ada)
	codes := b.recoveryCodes()
	b.post("/logout")
	stranger.passPassword(ada)
	var got page
	for range 11 {
		got = stranger.post("/verify-token", "recovery", "0000-0000-0000-0000")
	}
	wantStatus(t, got, http.StatusTooManyRequests)
	wantBody(t, got, "Too many wrong recovery codes from here.", "10 seconds")
	if got.Header.Get("Retry-After") != "10" {
		t.Errorf("got Retry-After %q, want 10", got.Header.Get("Retry-After"))
	}
	stranger.post("/login/cancel")
	b.passPassword(ada) // a browser that the account knows, at the same address
	wantRedirect(t, b.post("/verify-token", "recovery", codes[0]), "/protected")
}

func TestRecoveryCodesAreRemoved(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	codes := b.recoveryCodes()
	wantRedirect(t, b.post("/account/recovery-codes/remove"), "/protected", "recovery-removed")
	b.post("/logout")
	b.passPassword(ada)
	wantStatus(t, b.post("/verify-token", "recovery", codes[0]), http.StatusUnprocessableEntity)
}

// The page that has shown them cannot be loaded again, and says why.
func TestRecoveryCodesAreShownOnce(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	form := url.Values{"_csrf": {b.formToken()}}
	wantStatus(t, b.postForm("/account/recovery-codes", form), http.StatusOK)
	again := b.postForm("/account/recovery-codes", form)
	wantStatus(t, again, http.StatusForbidden)
	wantBody(t, again, words("error.codes_shown.title"), `href="/protected#recovery"`)
	wantBody(t, b.get("/protected"), "10 of 10 left.")
}
