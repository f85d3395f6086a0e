package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// The phone shows where a sign-in comes from: only a proxy that is named may
// say so.
func TestOnlyATrustedProxyNamesTheVisitor(t *testing.T) {
	const visitor = "203.0.113.9"
	tests := []struct {
		name    string
		trusted []string
		want    string
	}{
		{"no proxy is trusted", nil, "127.0.0.1"},
		{"another proxy is trusted", []string{"192.0.2.1"}, "127.0.0.1"},
		{"this proxy is trusted", []string{"192.0.2.1", "127.0.0.0/8"}, visitor},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, func(c *config) { c.TrustedProxies = test.trusted })
			ada := s.account("ada@example.com")
			b := s.browser()
			form := url.Values{"_csrf": {b.formToken()}, "email": {ada.Email}, "password": {goodPassword}}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/login", strings.NewReader(form.Encode()))
			must(t, err)
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.Header.Set("X-Forwarded-For", visitor)
			wantRedirect(t, b.do(req), "/login/approval")
			if got := ada.phone.requests()[0].Details["Address"]; got != test.want {
				t.Errorf("the phone shows address %q, want %q", got, test.want)
			}
		})
	}
}
