package handlers_test

import (
	"bytes"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

const codesPage = "/account/recovery-codes"

var codeOnPage = regexp.MustCompile(`<li><code>([0-9a-z]{4}(?:-[0-9a-z]{4}){3})</code></li>`)

// recoveryCodes makes recovery codes and reads them off the page.
func (b *browser) recoveryCodes() (codes []string) {
	b.t.Helper()
	wantRedirect(b.t, b.post("/account/recovery-codes"), codesPage)
	shown := b.get(codesPage)
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

// Recovery codes are seen by the session that has made them, until it says that they are
// kept, and for some minutes: the page can be loaded again, the codes do not lie open in
// the file, and nobody else sees them.
func TestRecoveryCodesAreShownOnce(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b, other := s.browser(), s.browser()
	b.signIn(ada)
	other.signIn(ada)
	codes := b.recoveryCodes()
	wantBody(t, b.get(codesPage), codes...)
	for _, name := range []string{"nod.db", "nod.db-wal", "sessions.db", "sessions.db-wal"} {
		kept, err := os.ReadFile(filepath.Join(s.dir, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		for _, code := range codes {
			if bytes.Contains(kept, []byte(code)) || bytes.Contains(kept, []byte(strings.ReplaceAll(code, "-", ""))) {
				t.Errorf("a code lies open in %s", name)
			}
		}
	}
	wantRedirect(t, other.get(codesPage), "/protected#recovery", "codes-shown")

	kept := b.post("/account/recovery-codes/kept")
	wantRedirect(t, kept, "/protected")
	if got := kept.Header.Get("Clear-Site-Data"); got != `"cache"` {
		t.Errorf("the browser keeps the page for its back button: %q", got)
	}
	wantRedirect(t, b.get(codesPage), "/protected#recovery", "codes-shown")
	wantBody(t, b.get("/protected"), words("notice.codes_shown"), "10 of 10 left.")

	b.recoveryCodes()
	b.addApp() // the session goes on under another id
	wantStatus(t, b.get(codesPage), http.StatusOK)
	s.clock.Advance(10 * time.Minute)
	wantRedirect(t, b.get(codesPage), "/protected#recovery", "codes-shown")
}

// Codes that count no longer are not shown, and those of a closed account are gone.
func TestRemovedRecoveryCodesAreNotShown(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	b.signIn(s.account("ada@example.com"))
	first := b.recoveryCodes()
	second := b.recoveryCodes()
	got := b.get(codesPage)
	wantBody(t, got, second...)
	wantNoBody(t, got, first...)
	b.post("/account/recovery-codes/remove")
	wantRedirect(t, b.get(codesPage), "/protected#recovery", "codes-shown")
}

// Two clicks for one make one set of codes, which is shown.
func TestTwoClicksShowTheCodes(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	b.signIn(s.account("ada@example.com"))
	form := url.Values{"_csrf": {b.formToken()}}
	wantRedirect(t, b.lost(codesPage, form), codesPage)
	wantRedirect(t, b.postForm(codesPage, form), codesPage)
	wantStatus(t, b.get(codesPage), http.StatusOK)
	wantBody(t, b.get("/protected"), "10 of 10 left.")
}

// The address of a form, which stands in the browser beside its errors, leads to the page
// that has it.
func TestTheAddressOfAFormLeadsToItsPage(t *testing.T) {
	s := newSite(t)
	for _, r := range s.handlers.App().GetRoutes(true) {
		path := strings.ReplaceAll(r.Path, ":id", "7")
		if r.Method != http.MethodPost || strings.HasPrefix(path, "/authy/") {
			continue
		}
		if got := s.request(http.MethodGet, path); got.Status != http.StatusOK && got.Status != http.StatusSeeOther {
			t.Errorf("%s: got %d", path, got.Status)
		}
	}
	b := s.browser()
	b.signIn(s.account("ada@example.com"))
	for path, want := range map[string]string{
		"/account/password": "/protected", "/transfers": "/protected#transfers", "/transfers/7/execute": "/protected#transfers",
		"/account/phone/ask": "/account/phone", "/account/confirm/code": "/account/confirm", "/send-token": "/verify-token",
		"/login/resend": "/login/approval", "/login/cancel": "/login", "/logout": "/", "/notices/read": "/protected",
	} {
		wantRedirect(t, b.get(path), want)
	}
}
