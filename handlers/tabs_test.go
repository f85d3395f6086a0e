package handlers_test

import (
	"encoding/json"
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
	wantRedirect(t, b.post("/login/cancel"), "/login", "cancelled")
	asked := other.get("/authy/status")
	wantStatus(t, asked, http.StatusUnauthorized)
	wantBody(t, asked, `"status":"cancelled"`, `"reason":"by_user"`)
}

// A tab that polls hears of the sign-in that another tab has completed: it
// comes after what the tab has heard before.
func TestAPollingTabHearsThatAnotherSignedIn(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.passPassword(ada)
	read := func() (said told) {
		t.Helper()
		got := b.get("/authy/status")
		wantStatus(t, got, http.StatusOK)
		must(t, json.Unmarshal([]byte(got.Body), &said))
		return said
	}
	before := read()
	wantRedirect(t, b.post("/verify-token", "token", ada.phone.token()), "/protected")
	if after := read(); after.Status != "signed_in" || after.Revision <= before.Revision {
		t.Errorf("before %+v, after %+v", before, after)
	}
}
