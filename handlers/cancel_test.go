package handlers_test

import (
	"net/http"
	"testing"
)

// However late another tab asks, a cancelled sign-in is told as cancelled.
func TestACancelledSignInReadsTheSameAfterwards(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.passPassword(ada)
	other := s.browser()
	other.withSession(b.cookie("nod_session"))
	wantRedirect(t, b.post("/login/cancel"), "/login?notice=cancelled")
	asked := other.get("/authy/status")
	wantStatus(t, asked, http.StatusUnauthorized)
	wantBody(t, asked, `"status":"cancelled"`, `"reason":"by_user"`)
}
