package handlers_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"nod/handlers"
	"nod/store"
)

const toClose = "/account/confirm?to=%2Faccount%2Fclose"

// stale is a browser whose sign-in is too old for a change.
func (s *site) stale(p person) *browser {
	s.t.Helper()
	b := s.browser()
	b.signIn(p)
	s.clock.Advance(store.FreshFor)
	return b
}

// changeEvents is the socket of the page that confirms a change.
func (b *browser) changeEvents() *socket {
	b.t.Helper()
	s := &socket{b.t, b.transferEvents()}
	s.want("") // the ledger, which the page does not read
	return s
}

// Ten minutes after a sign-in nobody closes an account with its password alone.
func TestAChangeAsksForATap(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.stale(ada)
	wantRedirect(t, b.post("/account/close", "password", goodPassword), toClose)
	page := b.get(toClose)
	wantBody(t, page, words("change.title"), "Close your account for good", "Ask my phone")
	if len(ada.phone.requests()) != 2 { // of the two sign-ins
		t.Error("opening the page has asked the phone")
	}
	to := []string{"to", "/account/close"}
	wantRedirect(t, b.post("/account/confirm/ask", to...), toClose)
	uuid := ada.phone.pending()
	asked := ada.phone.requests()[0]
	if asked.Message != "Change your account?" || asked.Details["Change"] != "Close your account for good" || asked.Details["Email"] != ada.Email {
		t.Errorf("the phone shows %+v", asked)
	}
	wantBody(t, b.get(toClose), asked.Details["Number"], "Tap Approve on your phone")
	early := b.post("/account/confirm", to...)
	wantRedirect(t, early, toClose+"", "not-yet")

	told := b.changeEvents()
	ada.phone.approve(uuid)
	told.want("approved")
	wantBody(t, b.get("/account/confirm/status"), `"status":"approved"`)
	wantRedirect(t, b.post("/account/close", "password", goodPassword), toClose) // approved is not confirmed
	before := b.cookie("nod_session")
	wantRedirect(t, b.post("/account/confirm", to...), "/protected?open=close#close-account")
	if b.cookie("nod_session") == before {
		t.Error("the cookie is the one from before the tap")
	}
	wantBody(t, b.get("/protected?open=close"), "<details open>\n    <summary>Close it for good")
	wantRedirect(t, b.post("/account/close", "password", goodPassword), "/", "account-closed")
}

// The cookie from before a tap is worth nothing after it, and the sign-in ends when
// it would have ended.
func TestAConfirmedChangeRenewsTheSession(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.stale(ada)
	wantRedirect(t, b.post("/transfers", "payee", "Grace", "amount", "5", "currency", "EUR"), "/protected#transfers")
	thief := s.browser()
	u, err := url.Parse(s.url)
	must(t, err)
	thief.http.Jar.SetCookies(u, b.http.Jar.Cookies(u))
	wantStatus(t, thief.get("/protected"), http.StatusOK)

	events := b.transferEvents()
	id := nextLedger(t, events, "awaiting")
	transfer := ada.phone.pending()
	wantRedirect(t, b.post("/account/confirm/ask"), "/account/confirm")
	told := b.changeEvents()
	ada.phone.approve(ada.phone.requests()[0].UUID)
	told.want("approved")
	wantRedirect(t, b.post("/account/confirm"), "/account/confirm")
	wantRedirect(t, b.get("/account/confirm"), "/protected")
	wantRedirect(t, thief.get("/protected"), "/login", "start")
	for err == nil {
		_, _, err = events.ReadMessage()
	}
	if !websocket.IsCloseError(err, 1012) {
		t.Errorf("the socket of the session before: %v", err)
	}

	// What waited goes along.
	events = b.transferEvents()
	ada.phone.approve(transfer)
	nextLedger(t, events, "approved")
	wantRedirect(t, b.post("/transfers/"+id+"/execute", "payee", "Grace", "amount", "5.00", "currency", "EUR"), "/protected#transfers")
	wantBody(t, b.get("/protected"), `data-status="executed"`)

	for range 47 { // used all the time, it still ends a day after the sign-in
		s.clock.Advance(30 * time.Minute)
		b.get("/protected")
	}
	s.clock.Advance(store.FreshFor + 10*time.Minute)
	wantRedirect(t, b.get("/protected"), "/login", "start")
}

func TestAChangeIsConfirmedByACode(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.stale(ada)
	const byCode = "/account/confirm?by=code&to=%2Faccount%2Fclose"
	wantBody(t, b.get(byCode), "Enter a code", "Close your account for good")
	to := []string{"to", "/account/close"}
	wrong := b.post("/account/confirm/code", append(to, "token", "0000000")...)
	wantStatus(t, wrong, http.StatusUnprocessableEntity)
	wantBody(t, wrong, words("code_refused.wrong"), triesLeft(4), `aria-describedby="token-hint token-error"`)
	wantRedirect(t, b.post("/account/confirm/send", append(to, "via", "sms")...), byCode)
	wantBody(t, b.get(byCode), words("token.sent"))
	sent := ada.phone.code("sms")
	wantRedirect(t, b.post("/account/confirm/code", append(to, "token", sent)...), "/protected?open=close#close-account")
	wantRedirect(t, b.post("/account/close", "password", goodPassword), "/", "account-closed")
}

// Who guesses codes at a page left open is signed out.
func TestGuessingACodeForAChangeSignsOut(t *testing.T) {
	s := newSite(t)
	b := s.stale(s.account("ada@example.com"))
	for range 4 {
		wantStatus(t, b.post("/account/confirm/code", "token", "0000000"), http.StatusUnprocessableEntity)
	}
	wantRedirect(t, b.post("/account/confirm/code", "token", "0000000"), "/login", "too-many-codes")
	wantRedirect(t, b.get("/protected"), "/login", "start")
}

// After a Deny nothing in this session confirms a change any more.
func TestADeniedChangeStaysDenied(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.stale(ada)
	wantRedirect(t, b.post("/account/confirm/ask"), "/account/confirm")
	told := b.changeEvents()
	ada.phone.deny(ada.phone.pending())
	told.want("denied")
	wantBody(t, b.get("/account/confirm"), words("approval.denied.title"), words("change.denied"))
	rung := len(ada.phone.requests())
	wantRedirect(t, b.post("/account/confirm/ask"), "/account/confirm")
	if len(ada.phone.requests()) != rung {
		t.Error("the phone rang again")
	}
	wantRedirect(t, b.post("/account/confirm"), "/account/confirm")
	wantRedirect(t, b.post("/account/confirm/code", "token", ada.phone.tokenOf("")), "/account/confirm")
	wantRedirect(t, b.post("/account/close", "password", goodPassword), toClose)
	wantStatus(t, b.get("/protected"), http.StatusOK)
}

// An approval of a sign-in or a transfer confirms no change, nor the other way.
func TestAnApprovalOfAnotherKindConfirmsNothing(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.stale(ada)
	wantRedirect(t, b.post("/transfers", "payee", "Grace", "amount", "5", "currency", "EUR"), "/protected#transfers")
	events := b.transferEvents()
	ada.phone.approve(ada.phone.pending())
	nextLedger(t, events, "approved")
	wantRedirect(t, b.post("/account/confirm"), "/account/confirm")
	wantBody(t, b.get("/account/confirm"), words("change.title"))

	// The change that was approved is the one that is confirmed, and the only one
	// whose page says so.
	wantRedirect(t, b.post("/account/confirm/ask", "to", "/account/authenticators"), "/account/confirm?to=%2Faccount%2Fauthenticators")
	told := b.changeEvents()
	ada.phone.approve(ada.phone.pending())
	told.want("approved")
	wantRedirect(t, b.post("/account/confirm", "to", "/account/close"), toClose)
	wantRedirect(t, b.post("/account/confirm", "to", "/account/authenticators"), "/account/confirm?to=%2Faccount%2Fauthenticators")
	page := b.get("/account/confirm?to=%2Faccount%2Fauthenticators")
	wantBody(t, page, "Confirmed", `action="/account/authenticators"`, "Add an authenticator app")
}

// Where the reply to a confirmation is lost, the same form is answered again.
func TestAConfirmationWhoseReplyWasLost(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.stale(ada)
	wantRedirect(t, b.post("/account/confirm/ask"), "/account/confirm")
	told := b.changeEvents()
	ada.phone.approve(ada.phone.pending())
	told.want("approved")
	form := url.Values{"_csrf": {b.formToken()}}
	lost := s.browser()
	u, err := url.Parse(s.url)
	must(t, err)
	lost.http.Jar.SetCookies(u, b.http.Jar.Cookies(u))
	wantRedirect(t, lost.postForm("/account/confirm", form), "/account/confirm")
	wantRedirect(t, b.postForm("/account/confirm", form), "/protected")
	wantStatus(t, b.get("/protected"), http.StatusOK)
	wantRedirect(t, lost.get("/protected"), "/login", "start")
	if strings.Contains(b.get("/protected").Body, "/account/confirm?to=") {
		t.Error("the session that goes on is not fresh")
	}
}

// changesNothing are the forms about an account that need no fresh sign-in: they
// confirm one, go on with or end what one has begun, or only say what is so.
var changesNothing = []string{
	"/account/confirm", "/account/confirm/ask", "/account/confirm/send", "/account/confirm/code",
	"/account/recovery-codes/decline", "/account/recovery-codes/kept",
	"/account/phone/allow", "/account/phone/ask", "/account/phone/stop",
}

func TestEveryChangeAsksForAFreshSignIn(t *testing.T) {
	s := newSite(t)
	b := s.stale(s.account("ada@example.com"))
	known := handlers.Changes()
	for _, path := range known {
		if path == "/account/pause/end" {
			continue // there is no pause; one ends by a code, see TestAMistakenNotMeIsTakenBack
		}
		got := b.post(path)
		if got.Status != http.StatusSeeOther || !strings.HasPrefix(got.Location(), "/account/confirm?") {
			t.Errorf("POST %s: got status %d to %q, want a redirect to the confirmation", path, got.Status, got.Location())
		}
	}
	for _, r := range s.handlers.App().GetRoutes(true) {
		if r.Method != http.MethodPost || !strings.HasPrefix(r.Path, "/account/") || slices.Contains(changesNothing, r.Path) {
			continue
		}
		if !slices.Contains(known, r.Path) {
			t.Errorf("POST %s is no known change", r.Path)
		}
	}
}

// The address of the confirmation leads to nothing but a change.
func TestAConfirmedChangeLeadsNowhereElse(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	b.signIn(s.account("ada@example.com"))
	for _, to := range []string{"https://evil.example/", "//evil.example", "/transfers", "/logout"} {
		wantRedirect(t, b.get("/account/confirm?to="+url.QueryEscape(to)), "/protected")
	}
	long := b.get("/account/confirm?to=/account/sessions/end&session=" + strings.Repeat("A", 300))
	wantStatus(t, long, http.StatusOK)
	wantNoBody(t, long, "AAAA")
	wantBody(t, b.get("/account/confirm?to=/account/sessions/end&session=%22%3E%3Cscript%3E"), `value="&#34;&gt;&lt;script&gt;"`)
}

// The page that follows a change of what signs in has forms that work.
func TestTheFormsAfterAChangeBelongToTheNewSession(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	b.signIn(s.account("ada@example.com"))
	before := b.cookie("nod_session")
	wantRedirect(t, b.post("/account/recovery-codes"), "/account/recovery-codes")
	codes := b.get("/account/recovery-codes")
	if b.cookie("nod_session") == before {
		t.Error("the cookie is the one from before")
	}
	token := csrfField.FindStringSubmatch(codes.Body)[1]
	wantRedirect(t, b.postForm("/logout", url.Values{"_csrf": {token}}), "/", "signed-out")
}

// Who is known already is led on, and no phone rings.
func TestNothingIsConfirmedTwice(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	rung := len(ada.phone.requests())
	for _, path := range []string{"/account/confirm/ask", "/account/confirm/send", "/account/confirm/code", "/account/confirm"} {
		wantRedirect(t, b.post(path, "to", "/account/close", "via", "sms", "token", "x"), toClose)
	}
	if len(ada.phone.requests()) != rung || ada.phone.codes() != 0 {
		t.Error("the phone was asked")
	}
	wantRedirect(t, b.get(toClose), "/protected?open=close#close-account")
}
