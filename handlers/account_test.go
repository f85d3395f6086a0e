package handlers_test

import (
	"context"
	"net/http"
	"testing"

	"nod/authy"
	"nod/providers"
)

func TestAnAccountIsClosed(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b, waiting := s.browser(), s.browser()
	b.signIn(ada)
	events := waiting.waits(ada)

	wrong := b.post("/account/close", "password", "not the password")
	wantStatus(t, wrong, http.StatusUnprocessableEntity)
	wantBody(t, wrong, words("close.wrong_password"), `id="close_password-error"`)
	wantStatus(t, b.get("/protected"), http.StatusOK)

	wantRedirect(t, b.post("/account/close", "password", goodPassword), "/", "account-closed")
	if got := events.want("signed_out"); got.Reason != "account_closed" {
		t.Errorf("the waiting browser was told %+v", got)
	}
	wantRedirect(t, b.get("/protected"), "/login", "start")
	asked := waiting.get("/authy/status")
	wantStatus(t, asked, http.StatusUnauthorized)
	wantBody(t, asked, `"status":"signed_out"`, `"reason":"account_closed"`)
	wantRedirect(t, waiting.get("/login/approval"), "/login", "ended")
	wantStatus(t, b.post("/login", "email", ada.Email, "password", goodPassword), http.StatusUnprocessableEntity)
	var phones []any
	if getJSON(t, s.simURL+"/phones", &phones); len(phones) != 0 {
		t.Errorf("the provider still knows %v", phones)
	}
	// The address is free again.
	wantRedirect(t, b.post("/signup", "name", "Ada", "email", ada.Email, "password", goodPassword,
		"country_code", "1", "phone_number", "2015550199"), "/login/approval")
}

func TestAnAccountIsNotClosedByHalves(t *testing.T) {
	fail := &brokenRemoval{err: authy.ErrUnavailable}
	s := newSite(t, func(c *config) { fail.AuthyAPI = c.Authy; c.Authy = fail })
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	got := b.post("/account/close", "password", goodPassword)
	wantStatus(t, got, http.StatusServiceUnavailable)
	wantBody(t, got, words("close.stuck"))
	wantStatus(t, b.get("/protected"), http.StatusOK)
	fail.err = authy.ErrUserNotFound // it went through after all
	wantRedirect(t, b.post("/account/close", "password", goodPassword), "/", "account-closed")
}

type brokenRemoval struct {
	providers.AuthyAPI
	err error
}

func (b *brokenRemoval) RemoveUser(context.Context, int64) error { return b.err }

// One phone may belong to two accounts: closing one leaves it to the other.
func TestClosingOneAccountLeavesThePhoneToTheOther(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b, other := s.browser(), s.browser()
	wantRedirect(t, other.post("/signup", "name", "Ada at work", "email", "work@example.com", "password", goodPassword,
		"country_code", "1", "phone_number", "2015550001"), "/login/approval")
	wantRedirect(t, other.post("/login/cancel"), "/login", "cancelled")
	b.signIn(ada)
	wantRedirect(t, b.post("/account/close", "password", goodPassword), "/", "account-closed")
	other.signIn(person{"work@example.com", ada.phone})
}

// Nor does a second account double the codes that may be sent to a phone.
func TestCodesAreLimitedByPhone(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b, other := s.browser(), s.browser()
	wantRedirect(t, other.post("/signup", "name", "Ada at work", "email", "work@example.com", "password", goodPassword,
		"country_code", "1", "phone_number", "2015550001"), "/login/approval")
	wantRedirect(t, other.post("/send-token", "via", "sms"), "/verify-token")
	b.passPassword(ada)
	wantStatus(t, b.post("/send-token", "via", "sms"), http.StatusTooManyRequests)
}
