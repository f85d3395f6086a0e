package handlers_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

// What a provider says of when it may be asked again reaches the person, wherever it was
// asked; once that time has come, nothing more is said of it.
func TestWhenToAskAgain(t *testing.T) {
	for _, test := range []struct {
		name, order, reason string
		status              int
	}{
		{"429", `{"api": "rate_limit", "retry_after_s": 270}`, "rate_limited", http.StatusTooManyRequests},
		{"500", `{"api": "error", "retry_after_s": 270}`, "unavailable", http.StatusServiceUnavailable},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			ada := s.account("ada@example.com")
			b, in := s.browser(), s.stale(ada)
			s.order(test.order)
			told := s.clock.Now().Add(270*time.Second + time.Minute - 1).Truncate(time.Minute) // to the minute, never too early
			at := told.Format("2006-01-02T15:04:05.000Z")
			soon := fmt.Sprintf(`<time datetime="%s" data-soon>`, at)

			b.passPassword(ada)
			b.wantUnasked(test.reason)
			wantBody(t, b.get("/login/approval"), soon)
			if heard := b.events().want("cancelled"); heard.RetryAt != at {
				t.Errorf("the page hears %q, want %q", heard.RetryAt, at)
			}
			wantRedirect(t, in.post("/transfers", "payee", "Grace", "amount", "1", "currency", "EUR"), "/protected#transfers")
			wantBody(t, in.get("/protected"), soon)
			wantBody(t, in.get("/transfers/status"), `"retry_at":"`+at+`"`)
			wantRedirect(t, in.post("/account/confirm/ask", "to", "/account/close"), toClose)
			wantBody(t, in.get(toClose), soon, `src="/static/times.js"`)
			for path, fields := range map[string][]string{
				"/send-token": {"via", "sms"}, "/verify-token": {"token", "1234567"},
				"/signup": {"name", "Grace", "email", "grace@example.com", "password", goodPassword, "country_code", "1", "phone_number", "2015550177"},
			} {
				who := b
				if path == "/signup" {
					who = s.browser()
				}
				got := who.post(path, fields...)
				wantStatus(t, got, test.status)
				wantRetryAfter(t, got, 270*time.Second)
				wantBody(t, got, "5 minutes")
			}

			s.clock.Advance(5 * time.Minute)
			for who, path := range map[*browser]string{b: "/login/approval", in: "/protected"} {
				wantNoBody(t, who.get(path), soon)
			}
			if heard := b.events().want("cancelled"); heard.RetryAt != "" {
				t.Errorf("once that is past the page hears %q", heard.RetryAt)
			}
			wantBody(t, in.get("/transfers/status"), `"retry_at":""`)
		})
	}
}
