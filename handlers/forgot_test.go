package handlers_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

const anotherPassword = "quiet harbour lantern moss"

// forgets begins a new password by a recovery code. The phone rings.
func (b *browser) forgets(p person, code string) {
	b.t.Helper()
	wantRedirect(b.t, b.post("/forgot", "email", p.Email, "recovery", code), "/login/approval")
}

// A recovery code and a tap make a new password, and end all other sign-ins.
func TestAForgottenPassword(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b, lost := s.browser(), s.browser()
	b.signIn(ada)
	codes := b.recoveryCodes()
	wantBody(t, lost.get("/login"), `href="/forgot"`)

	lost.forgets(ada, strings.ToUpper(codes[0]))
	wantRedirect(t, lost.get("/forgot/password"), "/login/approval") // the phone has not answered
	wantBody(t, lost.get("/login/approval"), `data-done-url="/forgot/password"`)
	wantBody(t, lost.get("/verify-token"), `data-done-url="/forgot/password"`)
	if got := ada.phone.requests()[0].Message; got != "Choose a new password for Nod?" {
		t.Errorf("the phone asks %q", got)
	}
	ada.phone.approve(ada.phone.pending())
	wantRedirect(t, lost.post("/confirm-login"), "/forgot/password")
	wantBody(t, lost.get("/forgot/password"), "Choose a new password", `value="ada@example.com"`)
	weak := lost.post("/forgot/password", "password", "password")
	wantStatus(t, weak, http.StatusUnprocessableEntity)
	wantBody(t, weak, `id="password-error"`)
	wantRedirect(t, lost.post("/forgot/password", "password", anotherPassword), "/protected", "password-changed")
	wantBody(t, lost.get("/protected"), "Password changed", "9 of 10 left.")
	wantRedirect(t, b.get("/protected"), "/login", "start")

	// Once: the session has it no more.
	wantRedirect(t, lost.get("/forgot/password"), "/protected")
	wantRedirect(t, lost.post("/forgot/password", "password", goodPassword), "/protected")
	wantStatus(t, b.post("/login", "email", ada.Email, "password", goodPassword), http.StatusUnprocessableEntity)
	wantRedirect(t, b.post("/login", "email", ada.Email, "password", anotherPassword), "/login/approval")
}

// What is said does not depend on whether the e-mail has an account.
func TestAForgottenPasswordSaysNothing(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	b.recoveryCodes()
	b.post("/logout")
	var answers []string
	for _, email := range []string{"ada@example.com", "nobody@example.com"} {
		got := b.post("/forgot", "email", email, "recovery", "0000-0000-0000-0000")
		wantStatus(t, got, http.StatusUnprocessableEntity)
		wantBody(t, got, words("forgot.wrong"))
		answers = append(answers, csrfField.ReplaceAllString(strings.ReplaceAll(got.Body, email, ""), ""))
	}
	if answers[0] != answers[1] {
		t.Errorf("one answer is\n%s\nthe other\n%s", answers[0], answers[1])
	}
	stranger := s.browser()
	for _, email := range []string{"ada@example.com", "nobody@example.com"} {
		var got page
		for range 11 {
			got = stranger.post("/forgot", "email", email, "recovery", "0000-0000-0000-0000")
		}
		wantStatus(t, got, http.StatusTooManyRequests)
		wantBody(t, got, "Too many wrong recovery codes from here.")
	}
}

// Beside a recovery code only the phone itself counts: not a second one, nor an app of
// one's own, which may be kept in the same place.
func TestAForgottenPasswordNeedsThePhone(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b, lost := s.browser(), s.browser()
	b.signIn(ada)
	codes, a := b.recoveryCodes(), b.addApp()
	lost.forgets(ada, codes[0])
	wantBody(t, lost.get("/verify-token"), "only your phone", `name="token"`)
	for _, page := range []string{"/verify-token", "/login/approval"} {
		wantNoBody(t, lost.get(page), `name="recovery"`, `href="/verify-token#recovery"`)
	}
	for _, field := range []string{"recovery", "token"} {
		got := lost.post("/verify-token", field, codes[1])
		wantStatus(t, got, http.StatusUnprocessableEntity)
		wantBody(t, got, words("recovery.not_here"), `id="token-error"`)
		wantNoBody(t, got, words("problem.recovery.wrong"))
	}
	got := lost.post("/verify-token", "token", a.code())
	wantStatus(t, got, http.StatusUnprocessableEntity)
	wantBody(t, got, words("code_refused.not_of_phone"))
	lost.wantOutside()
	s.tapped(ada.phone.deny, ada.phone.pending())
	wantRedirect(t, lost.post("/verify-token", "token", ada.phone.token()), "/login/approval")
	lost.wantOutside()

	again := s.browser()
	again.forgets(ada, codes[1]) // was not used up
	wantRedirect(t, again.post("/verify-token", "token", ada.phone.token()), "/forgot/password")
}

// An ordinary sign-in sets no password without the old one, and the right to do so
// does not last.
func TestOnlyAForgottenPasswordIsReset(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	codes := b.recoveryCodes()
	wantRedirect(t, b.post("/forgot/password", "password", anotherPassword), "/protected")
	b.forgets(ada, codes[0])
	ada.phone.approve(ada.phone.pending())
	wantRedirect(t, b.post("/confirm-login"), "/forgot/password")
	s.clock.Advance(11 * time.Minute)
	wantRedirect(t, b.post("/forgot/password", "password", anotherPassword), "/account/confirm?to=%2Fforgot%2Fpassword")
	b.post("/logout")
	b.signIn(ada)
}
