package handlers_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A proxy that passes another Host on makes every redirect lead back to itself.
func TestALostHostIsExplainedAndNotRedirectedForEver(t *testing.T) {
	var log bytes.Buffer
	s := newSite(t, func(c *config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	open := func(path string) page {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, nil)
		must(t, err)
		req.Host = "127.0.0.9:3000"
		return s.browser().do(req)
	}
	for _, path := range []string{"/login", "/"} {
		got := open(path)
		wantStatus(t, got, http.StatusFound)
		for range 10 {
			if got.Status == http.StatusFound {
				got = open(path)
			}
		}
		wantStatus(t, got, http.StatusMisdirectedRequest)
		wantBody(t, got, "127.0.0.9:3000", s.url, "proxy_set_header Host", "PUBLIC_URL")
	}
	if n := strings.Count(log.String(), "pass the Host header on"); n != 1 {
		t.Errorf("the log says it %d times, want once:\n%s", n, &log)
	}
	// Whoever comes back later is no loop.
	s.clock.Advance(time.Minute)
	wantStatus(t, open("/login"), http.StatusFound)
	// The page has its style, and /check can say what is wrong.
	wantStatus(t, open("/static/app.css"), http.StatusOK)
	wantBody(t, open("/check"), `"host":"127.0.0.9:3000"`)
}

// localhost of this machine is nothing that another one can open.
func TestNobodyElsewhereIsSentToLocalhost(t *testing.T) {
	for _, test := range []struct {
		public, from string
		want         int
	}{
		{"http://localhost:3000", "192.0.2.9", http.StatusMisdirectedRequest},
		{"http://127.0.0.2:3000", "192.0.2.9", http.StatusMisdirectedRequest},
		{"http://localhost:3000", "127.0.0.1", http.StatusFound},
		{"http://nod.example:3000", "192.0.2.9", http.StatusFound},
	} {
		s := newSite(t, func(c *config) { c.PublicURL, c.TrustedProxies = test.public, []string{"127.0.0.1"} })
		got := s.request("GET", "/login", "X-Forwarded-For", test.from)
		if got.Status != test.want {
			t.Errorf("%s from %s: got %d, want %d", test.public, test.from, got.Status, test.want)
		}
	}
}

// On localhost the cookies of every other project come along.
func TestTooManyCookies(t *testing.T) {
	s := newSite(t)
	got := s.rawAnswer(fmt.Sprintf("GET /login HTTP/1.1\r\nHost: %s\r\nCookie: other_project=%s\r\n\r\n",
		strings.TrimPrefix(s.url, "http://"), strings.Repeat("x", 9000)))
	head, body, _ := strings.Cut(got, "\r\n\r\n")
	if !strings.HasPrefix(head, "HTTP/1.1 431 ") || !strings.Contains(body, "Too many cookies") || !strings.Contains(body, "Delete the cookies") {
		t.Errorf("got\n%s", got)
	}
	if strings.Contains(head, "Set-Cookie") {
		t.Errorf("one cookie more, and the forms that are open are spoilt:\n%s", head)
	}
	if !strings.Contains(head, "Content-Security-Policy: default-src 'none'") {
		t.Errorf("the page has no policy:\n%s", head)
	}
}

// A name of this machine leads to the public one; of any other the page says that it
// is none of this site. No form is taken under either.
func TestAPageUnderAnotherName(t *testing.T) {
	s := newSite(t)
	for host, want := range map[string]int{
		"localhost": 302, "LOCALHOST:3000": 302, "localhost.": 302, "nod.localhost:80": 302, "127.0.0.9": 302,
		"[::1]:3000": 302, "[::1]": 302, "[::ffff:127.0.0.1]:80": 302,
		"nod.example:3000": 421, "127.0.0.1.nip.example": 421, "localhost.example": 421, "notlocalhost": 421,
		"192.0.2.7:3000": 421, "[2001:db8::1]": 421, "127.0.0.1@evil.example": 421, "evil.example:80@localhost": 421,
	} {
		got := s.rawAnswer("GET /login?x=1 HTTP/1.1\r\nHost: " + host + "\r\nAccept: text/html\r\nConnection: close\r\n\r\n")
		_, rest, redirected := strings.Cut(got, "\r\nLocation: ")
		if !strings.HasPrefix(got, fmt.Sprintf("HTTP/1.1 %d ", want)) || redirected != (want == 302) ||
			redirected && !strings.HasPrefix(rest, s.url+"/login?x=1\r\n") {
			t.Errorf("%s: got %.300s", host, got)
		}
		if want == 421 && !strings.Contains(got, s.url) {
			t.Errorf("%s: the page does not say where the site is", host)
		}
		got = s.rawAnswer("POST /login HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		if !strings.HasPrefix(got, "HTTP/1.1 421 ") {
			t.Errorf("a form under %s: got %.80s", host, got)
		}
	}
}
