package handlers_test

import (
	"net/http"
	"net/url"
	"testing"

	"nod/authy"
)

// The provider has forgotten a phone: another account with the same one was
// closed at the same moment, or somebody removed it there. It is registered
// again and rings.
func TestAForgottenPhoneIsRegisteredAgain(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	forget := func() {
		t.Helper()
		must(t, authy.NewClient(s.simURL, testKey).RemoveUser(t.Context(), ada.phone.authyID()))
	}
	forget()
	b := s.browser()
	b.passPassword(ada)
	ada.phone = s.phoneOf("ada@example.com")
	events := b.events()
	events.want("pending")
	ada.phone.approve(ada.phone.pending())
	events.want("approved")
	wantRedirect(t, b.post("/confirm-login"), "/protected")

	forget()
	wantRedirect(t, b.post("/transfers", carol...), "/protected#transfers")
	ada.phone.approve(ada.phone.pending())
	id := nextLedger(t, b.transferEvents(), "approved")
	wantRedirect(t, b.execute(id), "/protected#transfers")
}

// Codes are limited by phone: neither correcting a number nor another account
// forgets what was sent to it.
func TestACorrectedNumberForgetsNoCode(t *testing.T) {
	s := newSite(t)
	number := "2015559001"
	signUp := func(email string) *browser {
		b := s.browser()
		wantRedirect(t, b.post("/signup", "name", "Ada", "email", email, "password", goodPassword,
			"country_code", "1", "phone_number", number), "/login/approval")
		return b
	}
	first := signUp("ada@example.com")
	wantRedirect(t, first.post("/send-token", "via", "sms"), "/verify-token")
	first.post("/login/number", "country_code", "1", "phone_number", "2015559002")
	second := signUp("eve@example.com")
	wantStatus(t, second.post("/send-token", "via", "sms"), http.StatusTooManyRequests)
}

// However many ask at once, a phone rings as often as the limit allows.
func TestParallelResendsMeetTheLimit(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.passPassword(ada)
	b.atOnce(40, "/login/resend", url.Values{}, func(*http.Response) {})
	if got := len(ada.phone.requests()); got != 3 { // that of the sign-up among them
		t.Errorf("the phone was asked %d times, want 3", got)
	}
}
