package handlers_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
)

// The story that everything here is for.
func TestSignInWithATap(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.passPassword(ada)
	wantRedirect(t, b.get("/protected"), "/login/approval")
	waiting := b.get("/login/approval")
	wantStatus(t, waiting, http.StatusOK)
	wantBody(t, waiting, "ada@<wbr>example<wbr>.com", `data-status="pending"`)

	events := b.events()
	first := events.want("pending")
	request := ada.phone.requests()[0]
	if got, want := request.Details["Number"], first.Number; got != want || len(want) != 2 {
		t.Errorf("the phone shows number %q, the browser %q", got, want)
	}
	if got, want := request.Details["Email"], "ada@example.com"; got != want {
		t.Errorf("the phone shows e-mail %q, want %q", got, want)
	}

	before := b.cookie("nod_session")
	ada.phone.approve(request.UUID)
	events.want("approved")
	events.wantClosed(1000)
	wantRedirect(t, b.post("/confirm-login"), "/protected")
	if after := b.cookie("nod_session"); after == before {
		t.Error("the session id did not change when the level rose")
	}
	in := b.get("/protected")
	wantStatus(t, in, http.StatusOK)
	wantBody(t, in, "Ada", "ada@example.com", "+1\u00a0201-555-0001", "a tap on your phone")
}

func TestSignUpLeadsToTheSecondStepAndSignsNobodyIn(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	ada := s.signUp(b, "ada@example.com")
	wantRedirect(t, b.get("/protected"), "/login/approval")
	events := b.events()
	events.want("pending")
	ada.phone.approve(ada.phone.pending())
	events.want("approved")
	wantRedirect(t, b.post("/confirm-login"), "/protected")
	wantStatus(t, b.get("/protected"), http.StatusOK)
}

func TestDenyEndsTheAttempt(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	events := b.waits(ada)
	uuid := ada.phone.pending()
	ada.phone.deny(uuid)
	events.want("denied")
	events.wantClosed(1000)
	wantStatus(t, b.post("/confirm-login"), http.StatusConflict)
	wantBody(t, b.get("/login/approval"), `data-status="denied"`)
	// Not another ring for the same password: sending again is over, too.
	wantRedirect(t, b.post("/login/resend"), "/login/approval")
	if got := ada.phone.requests()[0].UUID; got != uuid {
		t.Error("a denied attempt rang the phone again")
	}
	// The way on: the password again.
	b.signIn(ada)
}

func TestExpiryIsToldAndLetsNobodyIn(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	events := b.waits(ada)
	uuid := ada.phone.pending()
	s.clock.Advance(2*time.Minute + time.Second)
	must(t, s.flow.Sweep(t.Context()))
	events.want("expired")
	if got := ada.phone.answer(uuid, "approve"); got != http.StatusConflict {
		t.Errorf("approving an expired request: got %d, want 409", got)
	}
	wantStatus(t, b.post("/confirm-login"), http.StatusConflict)
	wantBody(t, b.get("/login/approval"), `data-status="expired"`)
	wantRedirect(t, b.get("/protected"), "/login/approval")
}

func TestCancelEndsTheAttempt(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	events := b.waits(ada)
	uuid := ada.phone.pending()
	wantRedirect(t, b.post("/login/cancel"), "/login", "cancelled")
	if m := events.want("cancelled"); m.Reason != "by_user" {
		t.Errorf("got reason %q, want by_user", m.Reason)
	}
	ada.phone.approve(uuid) // the phone cannot know; it must not matter
	wantRedirect(t, b.get("/login/approval"), "/login", "start")
	wantRedirect(t, b.post("/confirm-login"), "/login", "start")
}

// One tap lets in exactly the browser it was for.
func TestTwoBrowsersAtOnce(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	first, second := s.browser(), s.browser()
	firstEvents := first.waits(ada)
	old := ada.phone.pending()

	second.passPassword(ada)
	if m := firstEvents.want("cancelled"); m.Reason != "superseded" {
		t.Errorf("the first browser was told reason %q, want superseded", m.Reason)
	}
	secondEvents := second.events()
	secondEvents.want("pending")

	ada.phone.approve(old) // the old request counts for nobody
	wantStatus(t, first.post("/confirm-login"), http.StatusConflict)
	wantStatus(t, second.post("/confirm-login"), http.StatusConflict)

	ada.phone.approve(ada.phone.pending())
	secondEvents.want("approved")
	wantStatus(t, first.post("/confirm-login"), http.StatusConflict)
	wantRedirect(t, second.post("/confirm-login"), "/protected")
	wantRedirect(t, first.get("/protected"), "/login/approval")
}

func TestResendReplacesTheRequest(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	events := b.waits(ada)
	old := ada.phone.pending()
	wantRedirect(t, b.post("/login/resend"), "/login/approval", "sent-again")
	events.want("pending") // the same wait goes on with the new request
	fresh := ada.phone.pending()
	if fresh == old {
		t.Fatal("no new request was made")
	}
	ada.phone.approve(old)
	wantStatus(t, b.post("/confirm-login"), http.StatusConflict)
	ada.phone.approve(fresh)
	events.want("approved")
	wantRedirect(t, b.post("/confirm-login"), "/protected")
}

// Signed in as A and giving B's password: A is out, B is not in.
func TestAnotherPersonsPasswordSignsTheFirstOut(t *testing.T) {
	s := newSite(t)
	ada, bob := s.account("ada@example.com"), s.account("bob@example.com")
	b := s.browser()
	b.signIn(ada)
	old := b.cookie("nod_session")
	b.passPassword(bob)
	wantRedirect(t, b.get("/protected"), "/login/approval")
	if page := b.get("/login/approval"); strings.Contains(page.Body, "ada@example.com") {
		t.Error("Ada's e-mail is still shown")
	}
	thief := s.browser()
	thief.withSession(old)
	wantRedirect(t, thief.get("/protected"), "/login", "start")
}

func TestWrongCredentialsReadTheSame(t *testing.T) {
	s := newSite(t)
	s.account("ada@example.com")
	b := s.browser()
	wrongPassword := b.post("/login", "email", "ada@example.com", "password", "wrong password")
	unknown := b.post("/login", "email", "eve@example.com", "password", "wrong password")
	wantStatus(t, wrongPassword, http.StatusUnprocessableEntity)
	wantStatus(t, unknown, http.StatusUnprocessableEntity)
	mask := func(p page, email string) string {
		return csrfField.ReplaceAllString(strings.ReplaceAll(p.Body, email, "E"), "")
	}
	if mask(wrongPassword, "ada@example.com") != mask(unknown, "eve@example.com") {
		t.Error("a wrong password and an unknown e-mail read differently")
	}
}

func TestGuessingIsSlowedDown(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	for range 5 {
		wantStatus(t, b.post("/login", "email", "ada@example.com", "password", "wrong password"), http.StatusUnprocessableEntity)
	}
	got := b.post("/login", "email", "ADA@example.com", "password", goodPassword)
	wantStatus(t, got, http.StatusTooManyRequests)
	if got.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After header")
	}
	s.clock.Advance(16 * time.Minute)
	b.passPassword(ada)
}

func TestSignOutIsForEver(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	old := b.cookie("nod_session")
	wantRedirect(t, b.post("/logout"), "/", "signed-out")
	thief := s.browser()
	thief.withSession(old)
	wantRedirect(t, thief.get("/protected"), "/login", "start")
	wantRedirect(t, b.get("/protected"), "/login", "start")
}

func TestSignOutWhileWaitingClosesTheSocket(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	events := b.waits(ada)
	wantRedirect(t, b.post("/logout"), "/", "signed-out")
	events.want("signed_out")
	events.wantClosed(1000)
}

func TestSessionsEndByIdlenessAndByAge(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	for range 23 { // never idle, and still too old in the end
		s.clock.Advance(59 * time.Minute)
		wantStatus(t, b.get("/protected"), http.StatusOK)
	}
	s.clock.Advance(2 * time.Hour)
	wantRedirect(t, b.get("/protected"), "/login", "start")

	b.signIn(ada)
	s.clock.Advance(61 * time.Minute)
	wantRedirect(t, b.get("/protected"), "/login", "start")
}

// A page that somebody leaves open asks and listens, and its session ends all the
// same; it is told so.
func TestAnOpenPageIsNoUse(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	b.get("/protected")
	for range 2 {
		s.clock.Advance(29 * time.Minute)
		wantStatus(t, b.get("/transfers/status"), http.StatusOK)
		must(t, b.transferEvents().Close())
	}
	open := b.transferEvents()
	s.clock.Advance(3 * time.Minute)
	must(t, s.flow.Sweep(t.Context()))
	wantStatus(t, b.get("/transfers/status"), http.StatusUnauthorized)
	wantRedirect(t, b.get("/protected"), "/login", "start")
	must(t, open.SetReadDeadline(time.Now().Add(hung)))
	var err error
	for err == nil {
		_, _, err = open.ReadMessage()
	}
	if !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
		t.Errorf("got %v, want the end of the session", err)
	}
}

// A cookie chosen by somebody else is never the key to anything.
func TestNoFixation(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.withSession("chosen-by-somebody-else")
	b.signIn(ada)
	if got := b.cookie("nod_session"); got == "chosen-by-somebody-else" {
		t.Fatal("the chosen session id was kept")
	}
	thief := s.browser()
	thief.withSession("chosen-by-somebody-else")
	wantRedirect(t, thief.get("/protected"), "/login", "start")
}

func TestTheCookieFromBeforeTheTapIsDead(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.passPassword(ada)
	thief := s.browser()
	thief.withSession(b.cookie("nod_session"))
	events := b.events()
	events.want("pending")
	ada.phone.approve(ada.phone.pending())
	events.want("approved")
	wantRedirect(t, b.post("/confirm-login"), "/protected")
	wantRedirect(t, thief.get("/protected"), "/login", "start")
	wantRedirect(t, thief.post("/confirm-login"), "/login", "start")
}

func TestTheAppTakenOffThePhone(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	ada.phone.set(t, `{"app_installed": false}`)
	before := len(ada.phone.requests())
	b := s.browser()
	wantRedirect(t, b.post("/login", "email", ada.Email, "password", goodPassword), "/verify-token")
	wantBody(t, b.get("/verify-token"), words("token.no_app"), words("token.sent"))
	again := s.browser()
	wantRedirect(t, again.post("/login", "email", ada.Email, "password", goodPassword), "/verify-token")
	wantBody(t, again.get("/verify-token"), words("notice.code_failed"), words("token.next_send"))
	b = again
	wantBody(t, b.get("/login/approval"), `data-status="cancelled"`, `data-reason="no_device"`)
	if got := len(ada.phone.requests()); got != before {
		t.Error("a request was pushed to a phone without the app")
	}
	wantStatus(t, b.post("/confirm-login"), http.StatusConflict)
	wantRedirect(t, b.get("/protected"), "/login/approval")

	ada.phone.set(t, `{"app_installed": true}`)
	wantRedirect(t, b.post("/login/resend"), "/login/approval", "sent-again")
	events := b.events()
	events.want("pending")
	ada.phone.approve(ada.phone.pending())
	events.want("approved")
	wantRedirect(t, b.post("/confirm-login"), "/protected")
}
