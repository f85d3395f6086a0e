package handlers_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// registered says whether the simulator knows a phone with a national number.
func (s *site) registered(number string) bool {
	s.t.Helper()
	var list []struct {
		PhoneNumber string `json:"phone_number"`
		Deleted     bool   `json:"deleted"`
	}
	getJSON(s.t, s.simURL+"/phones", &list)
	for _, p := range list {
		if p.PhoneNumber == number && !p.Deleted {
			return true
		}
	}
	return false
}

// Who mistyped the number at sign-up puts it right on the way, and the
// stranger is left alone.
func TestAMistypedNumberIsNoDeadEnd(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	wantRedirect(t, b.post("/signup", "name", "Ada", "email", "ada@example.com", "password", goodPassword,
		"country_code", "CA", "phone_number", "204-555-0132"), "/login/approval")
	stranger := s.phoneOf("ada@example.com")
	asked := stranger.pending()
	if !s.registered("2045550132") {
		t.Error("the mistyped number is not registered")
	}
	events := b.events()
	events.want("pending")
	wantBody(t, b.get("/login/approval"), `href="/login/number"`)

	form := b.get("/login/number")
	wantBody(t, form, `data-region="CA" selected`, "+1\u00a0••••••••32")
	wrong := b.post("/login/number", "country_code", "CA", "phone_number", "204-555-0132")
	wantStatus(t, wrong, http.StatusUnprocessableEntity)
	wantBody(t, wrong, words("problem.phone.same"), `value="204-555-0132"`)
	wantBody(t, b.post("/login/number", "country_code", "", "phone_number", "1"), words("problem.country.missing"))

	wantRedirect(t, b.post("/login/number", "country_code", "CA", "phone_number", "204-555-0123"), "/login/approval")
	if m := events.want("signed_out"); m.Reason != "replaced" {
		t.Errorf("the page was told %+v", m)
	}
	if s.registered("2045550132") {
		t.Error("the stranger's phone is still registered")
	}
	stranger.answer(asked, "approve")
	wantStatus(t, b.post("/confirm-login"), http.StatusConflict)

	mine := s.phoneOf("ada@example.com")
	again := b.events()
	again.want("pending")
	mine.approve(mine.pending())
	again.want("approved")
	wantRedirect(t, b.post("/confirm-login"), "/protected")
	wantBody(t, b.get("/protected"), "+1\u00a0204-555-0123", "Phone number corrected")

	// A number that was proved is not corrected with a password alone.
	thief := s.browser()
	thief.passPassword(person{Email: "ada@example.com"})
	wantRedirect(t, thief.get("/login/number"), "/login/approval")
	wantRedirect(t, thief.post("/login/number", "country_code", "US", "phone_number", "2015550199"), "/login/approval")
	if got := thief.get("/login/approval"); strings.Contains(got.Body, "/login/number") {
		t.Error("the waiting page offers to correct a number that was proved")
	}
}

// The stranger denies, as they should: the way to the number is still there.
func TestADeniedRequestMayBeOfAWrongNumber(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	ada := s.signUp(b, "ada@example.com")
	events := b.events()
	events.want("pending")
	ada.phone.deny(ada.phone.pending())
	events.want("denied")
	wantBody(t, b.get("/login/approval"), `href="/login/number"`)
	wantRedirect(t, b.post("/login/number", "country_code", "1", "phone_number", "2015550199"), "/login/approval")
	wantBody(t, b.get("/login/approval"), `data-status="pending"`)
}

// A phone without the app was sent a code: the page for it has the way too.
func TestACodeMayHaveGoneToAWrongNumber(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	ada.phone.set(t, `{"app_installed":false}`)
	b := s.browser()
	wantRedirect(t, b.post("/login", "email", ada.Email, "password", goodPassword), "/verify-token")
	wantBody(t, b.get("/verify-token"), `href="/login/number"`)
}

func TestNumbersAreCorrectedAFewTimesADay(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	s.signUp(b, "ada@example.com")
	for _, number := range []string{"2015550191", "2015550192", "2015550193"} {
		wantRedirect(t, b.post("/login/number", "country_code", "1", "phone_number", number), "/login/approval")
	}
	got := b.post("/login/number", "country_code", "1", "phone_number", "2015550194")
	wantRefused(t, got, 24*time.Hour, words("limit.correction"))
	if s.registered("2015550194") {
		t.Error("the provider was told of one more number")
	}
	if !regexp.MustCompile(`class="summary-title"`).MatchString(got.Body) {
		t.Error("the page does not say so above the form")
	}
}
