package handlers_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nod/providers"
)

type message struct {
	Via  string `json:"via"`
	Code string `json:"code"`
}

// code is the newest code the phone has received.
func (p *phone) code(via string) string {
	p.t.Helper()
	var all []message
	getJSON(p.t, p.base+"/messages", &all)
	for _, m := range all {
		if m.Via == via {
			return m.Code
		}
	}
	p.t.Fatalf("no code has come by %s", via)
	return ""
}

func (p *phone) codes() int {
	p.t.Helper()
	var all []message
	getJSON(p.t, p.base+"/messages", &all)
	return len(all)
}

// token is what the app on the phone shows now.
func (p *phone) token() string {
	p.t.Helper()
	var token struct{ Token string }
	getJSON(p.t, p.base+"/token", &token)
	return token.Token
}

// wrong is a code of the same length that is not the right one.
func wrong(code string) string {
	last := (code[len(code)-1]-'0'+1)%10 + '0'
	return code[:len(code)-1] + string(last)
}

func TestSignInByTheTokenOfTheApp(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	events := b.waits(ada)
	uuid := ada.phone.pending()
	thief := s.browser()
	thief.withSession(b.cookie("nod_session"))
	wantStatus(t, b.get("/verify-token"), http.StatusOK)
	code := ada.phone.token()
	wantRedirect(t, b.post("/verify-token", "token", code[:3]+" "+code[3:]), "/protected")
	if m, err := events.next(); err != nil || m.Status != "signed_in" {
		t.Errorf("the waiting tab was told %+v, %v", m, err)
	}
	wantBody(t, b.get("/protected"), words("method.app"))

	// The tap that this replaced lets nobody in any more.
	ada.phone.approve(uuid)
	wantRedirect(t, thief.post("/confirm-login"), "/login", "start")
}

func TestSignInBySMSAndByCall(t *testing.T) {
	for via, text := range map[string]string{"sms": words("method.sms"), "call": words("method.call")} {
		t.Run(via, func(t *testing.T) {
			s := newSite(t)
			ada := s.account("ada@example.com")
			b := s.browser()
			b.passPassword(ada)
			wantRedirect(t, b.post("/send-token", "via", via), "/verify-token")
			page := b.get("/verify-token")
			wantBody(t, page, "+1\u00a0••••••••01")
			wantRedirect(t, b.post("/verify-token", "token", ada.phone.code(via)), "/protected")
			wantBody(t, b.get("/protected"), text)
		})
	}
}

func TestWithoutTheAppACodeIsOnItsWay(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	ada.phone.set(t, `{"app_installed": false}`)
	before := len(ada.phone.requests())
	b := s.browser()
	wantRedirect(t, b.post("/login", "email", ada.Email, "password", goodPassword), "/verify-token")
	if got := len(ada.phone.requests()); got != before {
		t.Error("a request was pushed to a phone without the app")
	}
	page := b.get("/verify-token")
	wantBody(t, page, words("token.ask_installed"))
	if strings.Contains(page.Body, words("token.ask_phone")) {
		t.Error("a phone without the app can be asked again")
	}
	wantRedirect(t, b.post("/verify-token", "token", ada.phone.code("sms")), "/protected")
}

func TestWrongCodesRunOut(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.passPassword(ada)
	bad := wrong(ada.phone.token())
	for left := 4; left > 0; left-- {
		got := b.post("/verify-token", "token", bad)
		wantStatus(t, got, http.StatusUnprocessableEntity)
		wantBody(t, got, triesLeft(left), `id="token-error"`)
		if n := strings.Count(got.Body, triesLeft(left)); n != 1 {
			t.Errorf("the tries left are said %d times", n)
		}
	}
	wantRedirect(t, b.post("/verify-token", "token", bad), "/login", "too-many-codes")
	wantRedirect(t, b.post("/verify-token", "token", ada.phone.token()), "/login", "start")
}

func TestMistypedCodesCostNoTry(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.passPassword(ada)
	for _, code := range []string{"", "12345", "12345678901", "12345a"} {
		wantStatus(t, b.post("/verify-token", "token", code), http.StatusUnprocessableEntity)
	}
	wantBody(t, b.get("/verify-token"), "5 tries left.")
}

func TestCodesThatCountNoMore(t *testing.T) {
	t.Run("used", func(t *testing.T) {
		s := newSite(t)
		ada := s.account("ada@example.com")
		b := s.browser()
		b.passPassword(ada)
		code := ada.phone.token()
		wantRedirect(t, b.post("/verify-token", "token", code), "/protected")
		other := s.browser()
		other.passPassword(ada)
		got := other.post("/verify-token", "token", code)
		wantStatus(t, got, http.StatusUnprocessableEntity)
		wantBody(t, got, words("code_refused.used"))
	})
	t.Run("expired", func(t *testing.T) {
		s := newSite(t)
		ada := s.account("ada@example.com")
		b := s.browser()
		b.passPassword(ada)
		code := ada.phone.token()
		s.clock.Advance(2 * time.Minute)
		wantStatus(t, b.post("/verify-token", "token", code), http.StatusUnprocessableEntity)
	})
	t.Run("of another attempt", func(t *testing.T) {
		s := newSite(t)
		ada := s.account("ada@example.com")
		first := s.browser()
		first.passPassword(ada)
		wantRedirect(t, first.post("/send-token", "via", "sms"), "/verify-token")
		second := s.browser()
		second.passPassword(ada)
		wantStatus(t, second.post("/verify-token", "token", ada.phone.code("sms")), http.StatusUnprocessableEntity)
	})
}

func TestDenyLeadsToNoCode(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	events := b.waits(ada)
	ada.phone.deny(ada.phone.pending())
	events.want("denied")
	if got := ada.phone.codes(); got != 0 {
		t.Errorf("%d codes were sent after a Deny", got)
	}
	wantRedirect(t, b.get("/verify-token"), "/login/approval")
	wantRedirect(t, b.post("/send-token", "via", "sms"), "/login/approval")
	wantRedirect(t, b.post("/verify-token", "token", ada.phone.token()), "/login/approval")
}

// One in 30 s, three in ten minutes, five a day: also over many sessions.
func TestSendsAreLimited(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada) // a known browser has all there is
	b.passPassword(ada)
	send := func() int { return b.post("/send-token", "via", "sms").Status }
	const sent, limited = http.StatusSeeOther, http.StatusTooManyRequests
	steps := []struct {
		wait time.Duration
		want int
	}{
		{0, sent},
		{0, sent}, // pressed twice: it is on its way
		{31 * time.Second, sent},
		{31 * time.Second, sent},
		{31 * time.Second, limited},
		{10 * time.Minute, sent},
	}
	for i, step := range steps {
		s.clock.Advance(step.wait)
		if got := send(); got != step.want {
			t.Fatalf("send %d: got status %d, want %d", i+1, got, step.want)
		}
	}
	s.clock.Advance(11 * time.Minute)
	b.passPassword(ada)
	wantRedirect(t, b.post("/send-token", "via", "call"), "/verify-token")
	s.clock.Advance(11 * time.Minute)
	b.passPassword(ada)
	refused := b.post("/send-token", "via", "sms")
	wantStatus(t, refused, http.StatusTooManyRequests)
	wantBody(t, refused, words("limit.code_sent"), "hours")
	if refused.Header.Get("Retry-After") == "" {
		t.Error("the refusal does not say when to come back")
	}
	if got := ada.phone.codes(); got != 5 {
		t.Errorf("%d codes have come, want 5", got)
	}
}

// 200 guesses at once: the provider is never asked more than five times.
func TestParallelGuessesAreCounted(t *testing.T) {
	counter := &countingAuthy{}
	s := newSite(t, func(c *config) { counter.AuthyAPI, c.Authy = c.Authy, counter })
	ada := s.account("ada@example.com")
	b := s.browser()
	b.passPassword(ada)
	form := url.Values{"token": {wrong(ada.phone.token())}}
	b.atOnce(200, "/verify-token", form, func(res *http.Response) {
		if res.Header.Get("Location") == "/protected" {
			t.Error("a wrong code was let in")
		}
	})
	if got := counter.verified.Load(); got > 5 {
		t.Errorf("%d codes were checked in one attempt, want at most 5", got)
	}
}

// countingAuthy counts how often a code is checked.
type countingAuthy struct {
	providers.AuthyAPI
	verified atomic.Int64
}

func (a *countingAuthy) VerifyToken(ctx context.Context, id int64, token, action string) error {
	a.verified.Add(1)
	return a.AuthyAPI.VerifyToken(ctx, id, token, action)
}

// A code to a phone that several accounts have says which one it is for; one to a
// phone of one's own tells nobody an e-mail.
func TestACodeToASharedPhoneNamesItsAccount(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b, eve := s.browser(), s.browser()
	text := func(b *browser) string {
		wantRedirect(t, b.post("/send-token", "via", "sms"), "/verify-token")
		var messages []struct{ Text string }
		getJSON(t, ada.phone.base+"/messages", &messages)
		return messages[0].Text
	}
	b.passPassword(ada)
	if got := text(b); !strings.HasPrefix(got, "Sign in to Nod. ") {
		t.Errorf("a phone of one account: got %q", got)
	}
	wantRedirect(t, eve.post("/signup", "name", "Eve", "email", "eve@example.com", "password", goodPassword,
		"country_code", "1", "phone_number", "2015550001"), "/login/approval")
	s.clock.Advance(time.Minute) // until the next code may be sent
	if got := text(eve); !strings.HasPrefix(got, "Sign in to Nod as eve@example.com. ") {
		t.Errorf("a phone of two: got %q", got)
	}
}
