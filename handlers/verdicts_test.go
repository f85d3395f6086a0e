package handlers_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"nod/signin"
	"nod/store"
)

// says is the answer to the phone's newest request, as a callback carries it.
func (p *phone) says(status store.ApprovalStatus) signin.Answer {
	p.t.Helper()
	return signin.Answer{RequestID: p.pending(), Handle: fmt.Sprint(p.authyID()), Status: status}
}

// The first answer to a request counts; later ones, and answers to no request,
// change nothing and are no error.
func TestOnlyTheFirstAnswerIsApplied(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.passPassword(ada)
	answer := ada.phone.says(store.Approved)
	says := func(a signin.Answer, want signin.Verdict) {
		t.Helper()
		if got, err := s.flow.Answered(t.Context(), a); got != want || err != nil {
			t.Errorf("%+v: got %q, %v, want %q", a, got, err, want)
		}
	}
	for _, unknown := range []signin.Answer{
		{RequestID: "no-such-request", Handle: answer.Handle, Status: store.Approved},
		{RequestID: "no-such-request", ApprovalID: "no-such-approval", Handle: answer.Handle, Status: store.Approved},
		{RequestID: answer.RequestID, Handle: "of-another-phone", Status: store.Approved},
	} {
		says(unknown, signin.VerdictUnknown)
	}
	wantBody(t, b.get("/authy/status"), `"status":"pending"`)
	says(answer, signin.VerdictApplied)
	says(answer, signin.VerdictRepeated)
	denied := answer
	denied.Status = store.Denied
	says(denied, signin.VerdictRepeated)
	wantBody(t, b.get("/authy/status"), `"status":"approved"`)
	wantRedirect(t, b.post("/confirm-login"), "/protected")
	says(answer, signin.VerdictRepeated)
	wantStatus(t, b.get("/protected"), http.StatusOK)
}

// A process that ends between its commit and its word to the page has told nobody. Who
// sent the answer got no reply and sends it again; then the page learns of it.
func TestAnAnswerThatComesAgainIsTold(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.passPassword(ada)
	events := b.events()
	events.want("pending")
	answer := ada.phone.says(store.Approved)
	_, applied, err := s.store.Decide(t.Context(), store.Decision{
		ApprovalID: answer.ApprovalID, UUID: answer.RequestID, Handle: answer.Handle, Status: answer.Status, Via: store.ViaCallback,
	})
	if must(t, err); !applied {
		t.Fatal("the answer was not applied")
	}
	if got, err := s.flow.Answered(t.Context(), answer); got != signin.VerdictRepeated || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	events.want("approved")
	wantRedirect(t, b.post("/confirm-login"), "/protected")
}

func TestAnAnswerAfterTheDeadlineIsNotApplied(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.passPassword(ada)
	late := ada.phone.says(store.Approved)
	s.clock.Advance(2*time.Minute + time.Second)
	if got, err := s.flow.Answered(t.Context(), late); got != signin.VerdictLate || err != nil {
		t.Errorf("got %q, %v, want %q", got, err, signin.VerdictLate)
	}
	b.wantOutside()
}

// A code has let somebody in before the phone said no: the owner is asked about it, in
// the browser that was there before, and nobody else.
func TestADenialAfterACodeIsShown(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	hers, theirs := s.browser(), s.browser()
	hers.signIn(ada)
	theirs.passPassword(ada)
	denied := ada.phone.says(store.Denied)
	wantRedirect(t, theirs.post("/verify-token", "token", ada.phone.token()), "/protected")
	for range 2 {
		if got, err := s.flow.Answered(t.Context(), denied); got != signin.VerdictRepeated || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
	}
	wantBody(t, hers.get("/protected"), "was denied", "Was this you?")
	page := theirs.get("/protected")
	wantStatus(t, page, http.StatusOK)
	wantBody(t, page, "was denied")
	if strings.Contains(page.Body, "Yes, it was me") {
		t.Error("whoever is in may answer for themselves")
	}
}

// revision is that of the state which a script would be told now.
func (b *browser) revision() int64 {
	b.t.Helper()
	var now told
	must(b.t, json.Unmarshal([]byte(b.get("/authy/status").Body), &now))
	return now.Revision
}

// Each state that a socket hears of has a higher revision than the one before,
// and a script that asks is told the same number.
func TestTheRevisionGrowsWithEachState(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.passPassword(ada)
	events := b.events()
	var last int64
	hears := func(status string) {
		t.Helper()
		got := events.want(status)
		if got.Revision <= last {
			t.Errorf("%s has revision %d, the state before it %d", status, got.Revision, last)
		}
		if asked := b.revision(); asked != got.Revision {
			t.Errorf("%s: the socket was told revision %d, a script %d", status, got.Revision, asked)
		}
		last = got.Revision
	}
	hears("pending")
	b.post("/login/resend")
	hears("pending")
	s.clock.Advance(2*time.Minute + time.Second)
	must(t, s.flow.Sweep(t.Context()))
	hears("expired")

	must(t, s.store.ResetLimits(t.Context()))
	b.post("/login/resend")
	events = b.events()
	hears("pending")
	ada.phone.approve(ada.phone.pending())
	hears("approved")

	// Whoever opens another socket is told the same state again.
	if again := b.events().want("approved"); again.Revision != last {
		t.Errorf("another socket was told revision %d, want %d", again.Revision, last)
	}
}

// loseFactor takes the phone of an account away, as no page does yet.
func (s *site) loseFactor(email string) {
	s.t.Helper()
	result, err := s.open("nod.db").ExecContext(s.t.Context(), `
		UPDATE factors SET revoked_at = 1
		WHERE user_id = (SELECT id FROM users WHERE email = ?)`, email)
	must(s.t, err)
	if n, err := result.RowsAffected(); n != 1 || err != nil {
		s.t.Fatalf("%d factors were revoked, %v", n, err)
	}
}

// A password alone lets nobody in: without a factor there is no second step.
func TestAUserWithoutAFactorStaysOutside(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	before := len(ada.phone.requests())
	s.loseFactor(ada.Email)
	b := s.browser()
	b.post("/login", "email", ada.Email, "password", goodPassword)
	for _, path := range []string{"/login/resend", "/send-token", "/verify-token", "/confirm-login"} {
		if got := b.post(path, "via", "sms", "token", ada.phone.token()); got.Location() == "/protected" {
			t.Errorf("%s let somebody in without a factor", path)
		}
		wantRedirect(t, b.get("/protected"), "/login/approval")
	}
	if got := len(ada.phone.requests()); got != before {
		t.Errorf("the phone was asked %d times, want %d", got, before)
	}
}
