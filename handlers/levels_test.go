package handlers_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// withSession plants a session id, as a thief would.
func (b *browser) withSession(id string) {
	b.t.Helper()
	u, err := url.Parse(b.site.url)
	must(b.t, err)
	b.http.Jar.SetCookies(u, []*http.Cookie{{Name: "nod_session", Value: id, Path: "/"}})
}

// Every route against every session level: one expected answer a cell.
func TestRoutesByLevel(t *testing.T) {
	const (
		login = "303 /login?notice=start"
		wait  = "303 /login/approval"
		in    = "303 /protected"
	)
	levels := []string{"none", "password", "signed in", "signed out", "expired"}
	routes := []struct {
		route string
		want  [5]string // by level
	}{
		{"GET /", [5]string{"200", "200", "200", "200", "200"}},
		{"GET /signup", [5]string{"200", "200", "200", "200", "200"}},
		{"GET /login", [5]string{"200", wait, "200", "200", "200"}},
		{"GET /login/approval", [5]string{login, "200", in, login, login}},
		{"GET /login/events", [5]string{"401", "426", "426", "401", "401"}},
		{"GET /authy/status", [5]string{"401", "200", "200", "401", "401"}},
		{"POST /authy/status", [5]string{"401", "200", "200", "401", "401"}},
		{"GET /confirm-login", [5]string{wait, wait, wait, wait, wait}},
		{"POST /confirm-login", [5]string{login, "409", in, login, login}},
		{"POST /login/resend", [5]string{login, wait, in, login, login}}, // so many before it: the phone is left in peace
		{"POST /login/cancel", [5]string{login, "303 /login?notice=cancelled", in, login, login}},
		{"GET /protected", [5]string{login, wait, "200", login, login}},
		{"GET /login/stream", [5]string{"401", "200", "200", "401", "401"}},
		{"GET /verify-token", [5]string{login, "200", in, login, login}},
		{"POST /verify-token", [5]string{login, "422", in, login, login}},
		{"POST /send-token", [5]string{login, "422", in, login, login}},
		{"POST /authenticator", [5]string{login, wait, "200", login, login}},
		{"POST /account/close", [5]string{login, wait, "422", login, login}},
		{"POST /transfers", [5]string{login, wait, "422", login, login}},
		{"POST /transfers/:id/execute", [5]string{login, wait, "404", login, login}},
		{"GET /transfers/status", [5]string{"401", "401", "200", "401", "401"}},
		{"GET /transfers/events", [5]string{"401", "401", "426", "401", "401"}},
		{"GET /static/*", [5]string{"404", "404", "404", "404", "404"}},
		{"GET /favicon.ico", [5]string{"301 /static/favicon.svg", "301 /static/favicon.svg", "301 /static/favicon.svg", "301 /static/favicon.svg", "301 /static/favicon.svg"}},
		{"GET /check", [5]string{"200", "200", "200", "200", "200"}},
		{"GET /check/events", [5]string{"426", "426", "426", "426", "426"}},
		{"GET /check/stream", [5]string{"200", "200", "200", "200", "200"}},
		{"POST /logout", [5]string{"303 /?notice=signed-out", "303 /?notice=signed-out", "303 /?notice=signed-out", "303 /?notice=signed-out", "303 /?notice=signed-out"}},
		{"POST /login", [5]string{"422", "422", "422", "422", "422"}},
		{"POST /signup", [5]string{"422", "422", "422", "422", "422"}},
		{"POST /authy/callback", [5]string{"415", "415", "415", "415", "415"}},
		{"GET /authy/callback", [5]string{"401", "401", "401", "401", "401"}},
		{"GET /healthz", [5]string{"200", "200", "200", "200", "200"}},
		{"GET /readyz", [5]string{"200", "200", "200", "200", "200"}},
		{"GET /nowhere", [5]string{"404", "404", "404", "404", "404"}},
		{"GET /LOGIN", [5]string{"404", "404", "404", "404", "404"}},
		{"GET /protected/", [5]string{"404", "404", "404", "404", "404"}},
		{"GET /logout", [5]string{"405", "405", "405", "405", "405"}},
	}
	s := newSite(t)
	driven := map[string]bool{}
	for _, r := range routes {
		driven[r.route] = true
	}
	for _, r := range s.handlers.App().GetRoutes(true) {
		route := r.Method + " " + r.Path
		if (r.Method == "GET" || r.Method == "POST") && !driven[route] {
			t.Errorf("the table does not drive %s", route)
		}
	}
	for i, level := range levels {
		ada := s.account(fmt.Sprintf("ada%d@example.com", i))
		for _, r := range routes {
			t.Run(r.route+" as "+level, func(t *testing.T) {
				b := s.browser()
				b.t = t
				b.reach(level, ada)
				var method, path string
				fmt.Sscan(r.route, &method, &path)
				got := b.get
				if method == "POST" {
					got = func(path string) page { return b.post(path) }
				}
				if strings.HasSuffix(path, "/stream") {
					got = b.begin
				}
				answer := got(path)
				text := fmt.Sprint(answer.Status)
				if answer.Location() != "" {
					text += " " + answer.Location()
				}
				if text != r.want[i] {
					t.Errorf("got %s, want %s", text, r.want[i])
				}
			})
		}
	}
}

// begin is a get whose body may never end.
func (b *browser) begin(path string) page {
	b.t.Helper()
	ctx, cancel := context.WithCancel(b.t.Context())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.site.url+path, nil)
	must(b.t, err)
	res, err := b.http.Do(req)
	must(b.t, err)
	must(b.t, res.Body.Close())
	return page{res.StatusCode, res.Header, ""}
}

// reach brings a browser to a level.
func (b *browser) reach(level string, p person) {
	b.t.Helper()
	switch level {
	case "password":
		b.passPassword(p)
	case "signed in":
		b.signIn(p)
	case "signed out":
		b.signIn(p)
		id := b.cookie("nod_session")
		b.post("/logout")
		b.withSession(id)
	case "expired":
		b.signIn(p)
		b.site.clock.Advance(25 * time.Hour)
	}
}
