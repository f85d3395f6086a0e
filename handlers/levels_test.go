package handlers_test

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"nod/handlers"
)

// withSession plants a session id, as a thief would.
func (b *browser) withSession(id string) {
	b.t.Helper()
	u, err := url.Parse(b.site.url)
	must(b.t, err)
	b.http.Jar.SetCookies(u, []*http.Cookie{{Name: "nod_session_" + u.Port(), Value: id, Path: "/"}})
}

// levels are how far a browser can have come.
var levels = []string{"none", "password", "signed in", "signed out", "expired"}

const (
	toLogin    = "303 /login says start"
	toEnded    = "303 /login says ended"
	toApproval = "303 /login/approval"
	toInside   = "303 /protected"
	toPassword = "302 /protected?open=password#password-section"
)

// routes are all routes, each with its answer at every level.
var routes = []struct {
	route string
	want  [5]string // by level
}{
	{"GET /", [5]string{"200", "200", "200", "200", "200"}},
	{"GET /signup", [5]string{"200", "200", toInside, "200", "200"}},
	{"GET /login", [5]string{"200", toApproval, toInside, "200", "200"}},
	{"GET /.well-known/change-password", [5]string{toPassword, toPassword, toPassword, toPassword, toPassword}},
	{"GET /login/approval", [5]string{toLogin, "200", toInside, toEnded, toEnded}},
	{"GET /login/events", [5]string{"401", "426", "426", "401", "401"}},
	{"GET /authy/status", [5]string{"401", "200", "200", "401", "401"}},
	{"POST /authy/status", [5]string{"401", "200", "200", "401", "401"}},
	{"GET /confirm-login", [5]string{toApproval, toApproval, toApproval, toApproval, toApproval}},
	{"POST /confirm-login", [5]string{toLogin, "409", toInside, toLogin, toLogin}},
	{"POST /login/resend", [5]string{toLogin, "303 /login/approval says sent-again", toInside, toLogin, toLogin}},
	{"POST /login/cancel", [5]string{toLogin, "303 /login says cancelled", toInside, toLogin, toLogin}},
	{"GET /login/number", [5]string{toLogin, "200", toInside, toLogin, toLogin}},
	{"POST /login/number", [5]string{toLogin, "422", toInside, toLogin, toLogin}},
	{"GET /protected", [5]string{toLogin, toApproval, "200", toLogin, toLogin}},
	{"GET /login/stream", [5]string{"401", "200", "200", "401", "401"}},
	{"GET /verify-token", [5]string{toLogin, "200", toInside, toLogin, toLogin}},
	{"POST /verify-token", [5]string{toLogin, "422", toInside, toLogin, toLogin}},
	{"POST /send-token", [5]string{toLogin, "422", toInside, toLogin, toLogin}},
	{"POST /account/browsers/remove", [5]string{toLogin, toApproval, "404", toLogin, toLogin}},
	{"POST /account/browsers/remove-all", [5]string{toLogin, toApproval, "303 /protected says browsers-removed", toLogin, toLogin}},
	{"GET /forgot", [5]string{"200", "200", "200", "200", "200"}},
	{"POST /forgot", [5]string{"422", "422", "422", "422", "422"}},
	{"GET /forgot/password", [5]string{toLogin, toApproval, toInside, toLogin, toLogin}},
	{"POST /forgot/password", [5]string{toLogin, toApproval, toInside, toLogin, toLogin}},
	{"GET /account/phone", [5]string{toLogin, toApproval, "200", toLogin, toLogin}},
	{"GET /account/phone/new", [5]string{toLogin, toApproval, "303 /protected", toLogin, toLogin}},
	{"GET /account/phone/status", [5]string{"401", "401", "200", "401", "401"}},
	{"POST /account/phone", [5]string{toLogin, toApproval, "422", toLogin, toLogin}},
	{"POST /account/phone/allow", [5]string{toLogin, toApproval, "303 /account/phone", toLogin, toLogin}},
	{"POST /account/phone/ask", [5]string{toLogin, toApproval, "303 /account/phone", toLogin, toLogin}},
	{"POST /account/phone/stop", [5]string{toLogin, toApproval, "303 /protected says phone-stopped", toLogin, toLogin}},
	{"GET /account/phones", [5]string{toLogin, toApproval, "200", toLogin, toLogin}},
	{"GET /account/phones/code", [5]string{toLogin, toApproval, "303 /account/phones", toLogin, toLogin}},
	{"GET /account/phones/status", [5]string{"401", "401", "200", "401", "401"}},
	{"GET /account/phones/receipts/:id", [5]string{toLogin, toApproval, "404", toLogin, toLogin}},
	{"POST /account/phones/beside", [5]string{toLogin, toApproval, "303 /protected says beside-off", toLogin, toLogin}},
	{"POST /account/phones", [5]string{toLogin, toApproval, "303 /protected#own-phones", toLogin, toLogin}},
	{"POST /account/phones/confirm", [5]string{toLogin, toApproval, "303 /protected says own-phone-gone", toLogin, toLogin}},
	{"POST /account/phones/remove", [5]string{toLogin, toApproval, "303 /protected says own-phone-removed", toLogin, toLogin}},
	{"POST /account/authenticators", [5]string{toLogin, toApproval, "303 /account/authenticators/prove?id=…", toLogin, toLogin}},
	{"GET /account/authenticators/prove", [5]string{toLogin, toApproval, toInside, toLogin, toLogin}},
	{"POST /account/authenticators/prove", [5]string{toLogin, toApproval, "422", toLogin, toLogin}},
	{"POST /account/authenticators/remove", [5]string{toLogin, toApproval, "303 /protected says authenticator-removed", toLogin, toLogin}},
	{"GET /account/recovery-codes", [5]string{toLogin, toApproval, "303 /protected#recovery says codes-shown", toLogin, toLogin}},
	{"POST /account/recovery-codes", [5]string{toLogin, toApproval, "303 /account/recovery-codes", toLogin, toLogin}},
	{"POST /account/recovery-codes/kept", [5]string{toLogin, toApproval, toInside, toLogin, toLogin}},
	{"POST /account/recovery-codes/remove", [5]string{toLogin, toApproval, "303 /protected says recovery-removed", toLogin, toLogin}},
	{"POST /account/recovery-codes/decline", [5]string{toLogin, toApproval, toInside, toLogin, toLogin}},
	{"POST /account/sessions/end", [5]string{toLogin, toApproval, "303 /protected says session-ended", toLogin, toLogin}},
	{"POST /account/sessions/end-others", [5]string{toLogin, toApproval, "303 /protected says sessions-ended", toLogin, toLogin}},
	{"POST /account/password", [5]string{toLogin, toApproval, "422", toLogin, toLogin}},
	{"GET /account/history", [5]string{toLogin, toApproval, "200", toLogin, toLogin}},
	{"GET /account/confirm", [5]string{toLogin, toApproval, toInside, toLogin, toLogin}},
	{"POST /account/confirm", [5]string{toLogin, toApproval, "303 /account/confirm", toLogin, toLogin}},
	{"POST /account/confirm/ask", [5]string{toLogin, toApproval, "303 /account/confirm", toLogin, toLogin}},
	{"POST /account/confirm/send", [5]string{toLogin, toApproval, "303 /account/confirm", toLogin, toLogin}},
	{"POST /account/confirm/code", [5]string{toLogin, toApproval, "303 /account/confirm", toLogin, toLogin}},
	{"GET /account/confirm/status", [5]string{"401", "401", "404", "401", "401"}},
	{"POST /account/close", [5]string{toLogin, toApproval, "422", toLogin, toLogin}},
	{"POST /notices/read", [5]string{toLogin, toApproval, toInside, toLogin, toLogin}},
	{"POST /notices/answer", [5]string{toLogin, toApproval, "404", toLogin, toLogin}},
	{"GET /account/not-me", [5]string{toLogin, toApproval, "200", toLogin, toLogin}},
	{"POST /account/not-me", [5]string{toLogin, toApproval, "422", toLogin, toLogin}},
	{"POST /account/pause/end", [5]string{toLogin, toApproval, toInside, toLogin, toLogin}},
	{"POST /transfers", [5]string{toLogin, toApproval, "422", toLogin, toLogin}},
	{"POST /transfers/:id/execute", [5]string{toLogin, toApproval, "404", toLogin, toLogin}},
	{"POST /transfers/:id/withdraw", [5]string{toLogin, toApproval, "404", toLogin, toLogin}},
	{"GET /transfers/status", [5]string{"401", "401", "200", "401", "401"}},
	{"GET /transfers/events", [5]string{"401", "401", "426", "401", "401"}},
	{"GET /static/*", [5]string{"404", "404", "404", "404", "404"}},
	{"GET /favicon.ico", [5]string{"301 /static/favicon.svg", "301 /static/favicon.svg", "301 /static/favicon.svg", "301 /static/favicon.svg", "301 /static/favicon.svg"}},
	{"GET /check", [5]string{"200", "200", "200", "200", "200"}},
	{"GET /check/events", [5]string{"426", "426", "426", "426", "426"}},
	{"GET /check/stream", [5]string{"200", "200", "200", "200", "200"}},
	{"POST /logout", [5]string{"303 / says signed-out", "303 / says signed-out", "303 / says signed-out", "303 / says signed-out", "303 / says signed-out"}},
	{"POST /language", [5]string{"422", "422", "422", "422", "422"}},
	{"POST /login", [5]string{"422", "422", "422", "422", "422"}},
	{"POST /signup", [5]string{"422", "422", "422", "422", "422"}},
	{"POST /authy/callback", [5]string{"415", "415", "415", "415", "415"}},
	{"GET /authy/callback", [5]string{"401", "401", "401", "401", "401"}},
	{"GET /healthz", [5]string{"200", "200", "200", "200", "200"}},
	{"GET /openapi.json", [5]string{"200", "200", "200", "200", "200"}},
	{"GET /readyz", [5]string{"200", "200", "200", "200", "200"}},
	{"GET /nowhere", [5]string{"404", "404", "404", "404", "404"}},
	{"GET /LOGIN", [5]string{"404", "404", "404", "404", "404"}},
	{"GET /protected/", [5]string{"404", "404", "404", "404", "404"}},
	{"GET /logout", [5]string{"303 /", "303 /", "303 /", "303 /", "303 /"}},
}

// Each route at each level. What follows a form is in a browser and with an account of
// its own: a form may have changed something.
func TestEveryRouteAtEveryLevel(t *testing.T) {
	for i, level := range levels {
		t.Run(level, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			var b *browser
			for n, r := range routes {
				method, path, _ := strings.Cut(r.route, " ")
				if b == nil {
					s.clock.Advance(time.Hour) // no limit minds how many accounts there are
					b = s.fresh(level, n)
				}
				b.wantAnswer(method, path, r.want[i])
				if method != http.MethodGet {
					b = nil
				}
			}
		})
	}
}

// A new route is missing in the table until it is added.
func TestTheTableHasEveryRoute(t *testing.T) {
	s := newSite(t)
	inTable := map[string]bool{}
	for _, r := range routes {
		inTable[r.route] = true
	}
	for _, r := range s.handlers.App().GetRoutes(true) {
		head := r.Method == http.MethodHead && inTable["GET "+r.Path] // Fiber adds it to every GET
		if route := r.Method + " " + r.Path; !inTable[route] && !head {
			t.Errorf("the table lacks %s", route)
		}
	}
}

// Whoever asks: HEAD answers as GET does, except that no callback comes by
// HEAD, and a method that a path does not have is refused.
func TestEveryOtherMethodAtEveryLevel(t *testing.T) {
	methods := []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}
	for i, level := range levels {
		t.Run(level, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			b := s.fresh(level, 0)
			known, paths := map[string]string{}, map[string]bool{}
			for _, r := range routes {
				method, path, _ := strings.Cut(r.route, " ")
				known[r.route], paths[path] = r.want[i], true
				if method == http.MethodGet && path != "/authy/callback" {
					known["HEAD "+path] = r.want[i]
				}
			}
			for path := range paths {
				missing := "405"
				if known["GET "+path] == "404" && path != "/static/*" && path != "/account/confirm/status" && path != "/account/phones/receipts/:id" {
					missing = "404" // there is no such path
				}
				for _, method := range methods {
					reads := method == http.MethodGet || method == http.MethodHead
					if want := known[method+" "+path]; want == "" || method == http.MethodHead {
						if reads && path != "/authy/callback" && known["POST "+path] != "" {
							want = cmp.Or(want, "303 "+handlers.PageOf(path)) // the address of a form
						}
						b.wantAnswer(method, path, cmp.Or(want, missing))
					}
				}
			}
		})
	}
}

func (b *browser) wantAnswer(method, path, want string) {
	b.t.Helper()
	if got := b.answer(method, path); got != want {
		b.t.Errorf("%s %s: got %s, want %s", method, path, got, want)
	}
}

// fresh is a new browser at a level, with its n-th account.
func (s *site) fresh(level string, n int) *browser {
	s.t.Helper()
	b := s.browser()
	if level != "none" {
		must(s.t, s.store.ResetLimits(s.t.Context())) // one address signs up for all routes
		b.reach(level, s.account(fmt.Sprintf("ada%d@example.com", n)))
	}
	return b
}

// answer is the status of what a page of the site would get, and where it is
// sent.
func (b *browser) answer(method, path string) string {
	b.t.Helper()
	var got page
	switch method {
	case http.MethodGet:
		got = b.begin(path)
	case http.MethodPost:
		got = b.post(path)
	default:
		form := url.Values{"_csrf": {b.formToken()}}
		got = b.send(method, path, form)
	}
	return strings.TrimSpace(fmt.Sprint(got.Status, " ", anyID.ReplaceAllString(got.leadsTo(), "id=…")))
}

// anyID is an id in an address, which no table can name.
var anyID = regexp.MustCompile(`id=[A-Z2-7]+`)

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
