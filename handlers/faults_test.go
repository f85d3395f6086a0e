package handlers_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"nod/authy"
	"nod/handlers"
)

// impatient shortens the time limit of calls, so that a hang is over soon.
func impatient(c *handlers.Config) {
	c.Authy.(*authy.Client).Timeout = 300 * time.Millisecond
}

// order has something go wrong in the simulator, for all phones.
func (s *site) order(fault string) {
	s.t.Helper()
	if got := postJSON(s.t, s.simURL+"/faults", fault); got != http.StatusOK {
		s.t.Fatalf("ordering %s: got status %d, want 200", fault, got)
	}
}

// repair clears all faults.
func (s *site) repair() {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodDelete, s.simURL+"/faults", nil)
	must(s.t, err)
	res, err := http.DefaultClient.Do(req)
	must(s.t, err)
	res.Body.Close()
}

// wantOutside says that a browser is not in, whatever it tries.
func (b *browser) wantOutside() {
	b.t.Helper()
	wantStatus(b.t, b.post("/confirm-login"), http.StatusConflict)
	wantRedirect(b.t, b.get("/protected"), "/login/approval")
}

// The API fails in each way that can be ordered: the page says so, nobody is
// in, and once it is repaired the same attempt goes on.
func TestFaultsOfTheAPI(t *testing.T) {
	for _, kind := range []string{"error", "rate_limit", "garbage", "hang", "drop"} {
		t.Run(kind, func(t *testing.T) {
			s := newSite(t, impatient)
			ada := s.account("ada@example.com")
			s.order(fmt.Sprintf(`{"api": %q}`, kind))
			b := s.browser()
			b.passPassword(ada)
			wantBody(t, b.get("/login/approval"), `data-status="cancelled"`, `data-reason="unavailable"`, "does not answer, and nobody was let in")
			b.wantOutside()
			wantStatus(t, b.post("/send-token", "via", "sms"), http.StatusTooManyRequests)
			got := b.post("/verify-token", "token", "1234567")
			if got.Status != http.StatusServiceUnavailable && got.Status != http.StatusTooManyRequests {
				t.Errorf("a code while the API is away: got status %d", got.Status)
			}
			b.wantOutside()

			s.repair()
			wantRedirect(t, b.post("/login/resend"), "/login/approval?notice=sent-again")
			events := b.events()
			events.want("pending")
			ada.phone.approve(ada.phone.pending())
			events.want("approved")
			wantRedirect(t, b.post("/confirm-login"), "/protected")
		})
	}
}

func TestFaultsAtSignUpLeaveNothingHalfMade(t *testing.T) {
	for _, kind := range []string{"error", "rate_limit", "garbage", "hang", "drop"} {
		t.Run(kind, func(t *testing.T) {
			s := newSite(t, impatient)
			s.order(fmt.Sprintf(`{"api": %q}`, kind))
			b := s.browser()
			fields := []string{"name", "Ada", "email", "ada@example.com", "password", goodPassword, "country_code", "1", "phone_number", "2015550177"}
			got := b.post("/signup", fields...)
			wantStatus(t, got, http.StatusUnprocessableEntity)
			wantBody(t, got, "Nothing was saved", `value="ada@example.com"`)
			s.repair()
			wantRedirect(t, b.post("/signup", fields...), "/login/approval")
		})
	}
}

// The callback goes wrong: the browser is told in time all the same, or is
// not let in.
func TestFaultsOfTheCallback(t *testing.T) {
	tests := []struct {
		fault string
		// late: the callback does not count, and the provider is asked
		// instead, near the deadline.
		late bool
	}{
		{`{"callback": "twice"}`, false},
		{`{"callback": "get"}`, false},
		{`{"callback_delay_ms": 50}`, false},
		{`{"push_delay_ms": 1}`, false},
		{`{"api_delay_ms": 20}`, false},
		{`{"callback": "never"}`, true},
		{`{"callback": "bad_signature"}`, true},
		{`{"callback": "old_nonce"}`, true},
	}
	for _, test := range tests {
		t.Run(test.fault, func(t *testing.T) {
			s := newSite(t)
			ada := s.account("ada@example.com")
			s.order(test.fault)
			old := ada.phone.requests()[0].UUID // of the sign-up; it still shows
			b := s.browser()
			events := b.waits(ada)
			ada.phone.approve(ada.phone.arrives(old))
			if test.late {
				wantBody(t, b.get("/authy/status"), `"status":"pending"`)
				s.clock.Advance(115 * time.Second)
				must(t, s.handlers.Sweep(t.Context()))
			}
			events.want("approved")
			wantRedirect(t, b.post("/confirm-login"), "/protected")
			wantRedirect(t, b.post("/confirm-login"), "/protected") // already in; nothing is used twice
		})
	}
}

// The fault that a fast thumb is: approved and told before the reply.
func TestTheCallbackBeforeTheReplyOfTheSimulator(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	s.order(`{"callback": "before_reply"}`)
	b := s.browser()
	b.passPassword(ada)
	b.events().want("approved")
	wantRedirect(t, b.post("/confirm-login"), "/protected")
}

// The phone's clock is wrong: its tokens are, too, and they are refused.
func TestAPhoneWithAWrongClock(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	s.order(`{"clock_skew_s": 3600}`)
	b := s.browser()
	b.passPassword(ada)
	got := b.post("/verify-token", "token", ada.phone.token())
	wantStatus(t, got, http.StatusUnprocessableEntity)
	wantBody(t, got, "This code is wrong or too old.")
	b.wantOutside()
}

// arrives asks until a request other than old, pushed late, is there.
func (p *phone) arrives(old string) string {
	p.t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
		for _, r := range p.requests() {
			if r.Status == "pending" && r.UUID != old {
				return r.UUID
			}
		}
	}
	p.t.Fatal("no request has come")
	return ""
}
