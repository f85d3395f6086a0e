package handlers_test

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// onEveryAnswer are headers that an answer has whatever it says.
var onEveryAnswer = map[string]string{
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY",
	"Referrer-Policy":              "same-origin",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
}

// No answer lacks the headers: a refusal that no route gives, a redirect, a
// socket and a stream have them as a page has.
func TestEveryAnswerHasTheHeaders(t *testing.T) {
	const public = "https://nod.example"
	s := newSite(t, func(c *config) { c.PublicURL = public })
	head := func(line string, headers ...string) string {
		return line + " HTTP/1.1\r\nHost: nod.example\r\n" + strings.Join(append(headers, "Connection: close", "", ""), "\r\n")
	}
	const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: " + public
	for _, test := range []struct {
		name, request string
		want          int
	}{
		{"a page", head("GET /login"), 200},
		{"no page", head("GET /nowhere"), 404},
		{"a file", head("GET /static/app.css"), 200},
		{"no file", head("GET /static/nothing"), 404},
		{"a redirect", head("GET /protected"), 303},
		{"a redirect for ever", head("GET /favicon.ico"), 301},
		{"a redirect to the public name", "GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 302},
		{"a page under another name", "GET /login HTTP/1.1\r\nHost: other.example\r\n\r\n", 421},
		{"a form under another name", "POST /login HTTP/1.1\r\nHost: other.example\r\nContent-Length: 0\r\n\r\n", 421},
		{"a form of another site", head("POST /login", "Origin: https://evil.example", "Content-Length: 0"), 403},
		{"a packed body", head("POST /login", "Content-Encoding: gzip", "Content-Length: 0"), 415},
		{"a body too large", head("POST /login", "Content-Length: 1000000"), 413},
		{"a head too large", head("GET /login", "Cookie: a="+strings.Repeat("x", 9000)), 431},
		{"no HTTP", "GET /login\r\n\r\n", 400},
		{"a method of another route", head("TRACE /logout"), 405},
		{"a method that there is not", head("BREW /"), 501},
		{"a status for scripts", head("GET /authy/status"), 401},
		{"a status of nobody", head("GET /transfers/status"), 401},
		{"a forged callback", head("GET /authy/callback"), 401},
		{"a callback without a type", head("POST /authy/callback", "Content-Length: 0"), 415},
		{"a socket of nobody", head("GET /login/events"), 401},
		{"a stream of nobody", head("GET /login/stream"), 401},
		{"no socket", head("GET /check/events"), 426},
		{"a socket", "GET /check/events HTTP/1.1\r\nHost: nod.example\r\n" + upgrade + "\r\n\r\n", 101},
		{"a stream", head("GET /check/stream"), 200},
		{"the head of a stream", head("HEAD /check/stream"), 200},
		{"liveness", head("GET /healthz"), 200},
		{"readiness", head("GET /readyz"), 200},
		{"the check", head("GET /check"), 200},
	} {
		t.Run(test.name, func(t *testing.T) {
			method, _, _ := strings.Cut(test.request, " ")
			res, err := http.ReadResponse(bufio.NewReader(s.raw(test.request)), &http.Request{Method: method})
			must(t, err)
			defer res.Body.Close()
			if res.StatusCode != test.want {
				t.Fatalf("got status %d, want %d", res.StatusCode, test.want)
			}
			for name, want := range onEveryAnswer {
				if got := fmt.Sprint(res.Header[name]); got != "["+want+"]" {
					t.Errorf("%s: got %s, want it once, %q", name, got, want)
				}
			}
			policy := fmt.Sprint(res.Header["Content-Security-Policy"])
			if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe") {
				t.Errorf("Content-Security-Policy: got %s", policy)
			}
			if got := fmt.Sprint(res.Header["Strict-Transport-Security"]); got != "[max-age=31536000]" {
				t.Errorf("Strict-Transport-Security: got %s", got)
			}
		})
	}
}

// A browser that was told on plain http to use https would not find Nod again.
func TestPlainHTTPPromisesNoTLS(t *testing.T) {
	got := newSite(t).browser().get("/login")
	if sts := got.Header.Get("Strict-Transport-Security"); sts != "" {
		t.Errorf("Strict-Transport-Security: %s", sts)
	}
}

func TestHeadersOfEveryPageAtEveryLevel(t *testing.T) {
	for _, level := range levels {
		t.Run(level, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			b := s.fresh(level, 0)
			pages := 0
			for n, r := range routes {
				method, path, _ := strings.Cut(r.route, " ")
				got := page{}
				switch {
				case method == http.MethodPost:
					got = s.fresh(level, 1+n).post(path) // it may change the level
				case strings.HasSuffix(path, "/stream"):
					continue
				default:
					got = b.get(path)
				}
				if strings.HasPrefix(got.Header.Get("Content-Type"), "text/html") {
					pages++
					wantPageHeaders(t, r.route, got)
				}
			}
			if pages < 10 {
				t.Errorf("only %d pages were seen", pages)
			}
		})
	}
}

// aboutNobody are the routes whose error pages read the same for everybody and
// may be cached.
var aboutNobody = map[string]bool{"GET /static/*": true, "GET /check/events": true}

func wantPageHeaders(t *testing.T, route string, got page) {
	t.Helper()
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff",
		"X-Frame-Options":        "DENY",
		"Referrer-Policy":        "same-origin",
		"Cache-Control":          "no-store",
	} {
		if name == "Cache-Control" && aboutNobody[route] {
			continue
		}
		if value := got.Header.Get(name); value != want {
			t.Errorf("%s: %s: got %q, want %q", route, name, value, want)
		}
	}
	policy := got.Header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
		t.Errorf("%s: Content-Security-Policy: %q", route, policy)
	}
	for _, cookie := range got.Header.Values("Set-Cookie") {
		lower := strings.ToLower(cookie)
		if !strings.Contains(lower, "httponly") || !strings.Contains(lower, "samesite=lax") {
			t.Errorf("%s: cookie without HttpOnly or SameSite: %q", route, cookie)
		}
	}
}
