package handlers_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"nod/authy"
	"nod/store"
)

// The phone with the number is asked beside one's own for whoever wants that: the first
// answer decides.
func TestTheNumberIsAskedBesideAnOwnPhone(t *testing.T) {
	s, ada, in, h := withOwnPhone(t)
	before := len(ada.phone.requests())
	wantBody(t, in.get("/protected"), words("ownphones.beside_weaker"))
	s.clock.Advance(10 * time.Minute)
	if got := in.post("/account/phones/beside", "on", "1").Location(); got != "/account/confirm?on=1&to=%2Faccount%2Fphones%2Fbeside" {
		t.Errorf("a sign-in that is not fresh leads to %q", got)
	}
	in = s.browser()
	in.passPassword(ada)
	h.approves(in)
	if len(ada.phone.requests()) != before {
		t.Fatal("it is asked already")
	}
	wantRedirect(t, in.post("/account/phones/beside", "on", "1"), "/protected", "beside-on")
	wantBody(t, in.get("/protected"), words("ownphones.ask_own"))

	b := s.browser()
	waits := b.waits(ada)
	shown := ada.phone.requests()[0]
	if number := b.numberShown(); len(number) != 6 || h.pending().ID == "" || !hasValue(shown.Details, number) {
		t.Errorf("the browser shows %s, the phone with the number %v", number, shown.Details)
	}
	ada.phone.approve(ada.phone.pending())
	waits.want("approved")
	wantRedirect(t, b.post("/confirm-login"), "/protected")
	if got := h.requests()[0].Status; got != "approved" {
		t.Errorf("the own phone shows %q", got)
	}

	other := s.browser()
	other.passPassword(ada)
	h.approves(other)
	wantStatus(t, other.get("/protected"), http.StatusOK)

	wantRedirect(t, in.post("/account/phones/beside"), "/protected", "beside-off")
	before = len(ada.phone.requests())
	c := s.browser()
	c.passPassword(ada)
	h.approves(c)
	if len(ada.phone.requests()) != before {
		t.Error("it is asked still")
	}
}

// withdrawn are the requests whose phones are told that nobody waits.
type withdrawn chan string

func (w withdrawn) Withdraw(_ context.Context, requestID string, why store.Reason) error {
	w <- requestID + " " + string(why)
	return nil
}

// An own phone that answers before the provider has said which request the other shows
// takes that back all the same.
func TestAnOwnPhoneAnswersBeforeTheNumberIsKnownToBeAsked(t *testing.T) {
	meanwhile, told := func() {}, make(withdrawn, 1)
	s := newSiteAt(t, "localhost", t.TempDir(), newClock(), func(c *config) {
		c.Authy = slowAuthy{c.Authy, func(string, authy.ApprovalRequest) { meanwhile() }}
	})
	ada := s.account("ada@example.com")
	in := s.browser()
	in.signIn(ada)
	h := in.addsPhone("Pixel")
	wantRedirect(t, in.post("/account/phones/beside", "on", "1"), "/protected", "beside-on")

	s.flow.Withdrawals = told
	meanwhile = func() {
		if status, said := h.answers(h.pending(), "denied", ""); status != http.StatusOK || !said.Applied {
			t.Errorf("got %d %+v", status, said)
		}
	}
	s.browser().passPassword(ada)
	select {
	case got := <-told:
		if want := ada.phone.pending() + " other_method"; got != want {
			t.Errorf("withdrawn is %q, want %q", got, want)
		}
	case <-time.After(hung):
		t.Error("nothing is withdrawn")
	}
}

func hasValue(details map[string]string, value string) bool {
	for _, v := range details {
		if v == value {
			return true
		}
	}
	return false
}
