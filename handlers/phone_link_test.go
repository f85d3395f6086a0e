package handlers_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// Where phones are simulated, the waiting page leads to its request on the very
// phone that was asked, and no other page does.
func TestTheWaitingPageLeadsToItsPhone(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	ada := s.signUp(b, "ada@example.com")
	uuid := ada.phone.pending()
	wantBody(t, b.get("/login/approval"), `href="`+s.simURL+"/phones/"+strconv.FormatInt(ada.phone.authyID(), 10)+"#"+uuid+`"`)
	ada.phone.approve(uuid)
	wantRedirect(t, b.post("/confirm-login"), "/protected")
	in := b.get("/protected")
	wantStatus(t, in, http.StatusOK)
	if strings.Contains(in.Body, "/phones/") {
		t.Error("a page without a request leads to a phone")
	}
}
