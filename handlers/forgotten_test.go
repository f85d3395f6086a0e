package handlers_test

import (
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
