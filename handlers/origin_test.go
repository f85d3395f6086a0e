package handlers_test

import (
	"bufio"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/fasthttp/websocket"
)

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	token := b.formToken()
	other := s.browser()
	othersToken := other.formToken()
	tests := []struct {
		name  string
		token string
		set   map[string]string
	}{
		{"no token", "", nil},
		{"somebody else's token", othersToken, nil},
		{"another origin", token, map[string]string{"Origin": "https://evil.example"}},
		{"origin null", token, map[string]string{"Origin": "null"}},
		{"our name as a prefix", token, map[string]string{"Origin": s.url + ".evil.example"}},
		{"cross-site by Fetch Metadata", token, map[string]string{"Sec-Fetch-Site": "cross-site"}},
		{"a sibling domain", token, map[string]string{"Sec-Fetch-Site": "same-site"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			form := url.Values{"_csrf": {test.token}}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/logout", strings.NewReader(form.Encode()))
			must(t, err)
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			for name, value := range test.set {
				req.Header.Set(name, value)
			}
			wantStatus(t, b.do(req), http.StatusForbidden)
		})
	}
	wantStatus(t, b.get("/protected"), http.StatusOK)
}

// A proxy that sets "Referrer-Policy: no-referrer" makes browsers send "Origin:
// null" with our own forms.
func TestAFormOfOurPageWithoutAnOrigin(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	token := b.formToken()
	for _, test := range []struct {
		site, token string
		want        int
	}{
		{"cross-site", token, http.StatusForbidden},
		{"same-site", token, http.StatusForbidden},
		{"none", token, http.StatusForbidden},
		{"", token, http.StatusForbidden},
		{"same-origin", "", http.StatusForbidden},
		{"same-origin", token, http.StatusSeeOther},
	} {
		form := url.Values{"_csrf": {test.token}, "email": {ada.Email}, "password": {goodPassword}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/login", strings.NewReader(form.Encode()))
		must(t, err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", "null")
		if test.site != "" {
			req.Header.Set("Sec-Fetch-Site", test.site)
		}
		wantStatus(t, b.do(req), test.want)
	}
}

func TestTheTokenDiesWithTheSessionID(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	old := b.formToken()
	b.signIn(ada)
	wantStatus(t, b.postForm("/logout", url.Values{"_csrf": {old}}), http.StatusForbidden)
}

func TestSocketsOfOtherSitesAreRefused(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.passPassword(ada)
	address := strings.Replace(s.url, "http", "ws", 1) + "/login/events"
	for _, origin := range []string{"https://evil.example", "null", s.url + ".evil.example", strings.ToUpper(s.url), "http://127.0.0.1:1", ""} {
		header := http.Header{"Cookie": {b.cookieHeader()}}
		if origin != "" {
			header.Set("Origin", origin)
		}
		conn, res, err := websocket.DefaultDialer.DialContext(t.Context(), address, header)
		if err == nil {
			conn.Close()
			t.Errorf("origin %q: the socket was opened", origin)
			continue
		}
		if res == nil || (res.StatusCode != http.StatusForbidden && res.StatusCode != http.StatusUpgradeRequired) {
			t.Errorf("origin %q: got %v, %v", origin, res, err)
		}
	}
}

// A proxy may read the first of two headers and Nod the second.
func TestAnOriginThatComesTwiceIsRefused(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.passPassword(ada)
	form := url.Values{"_csrf": {b.formToken()}}.Encode()
	const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	requests := []struct {
		line, headers string
		want          int // with the header once
	}{
		{"GET /login/events", upgrade, http.StatusSwitchingProtocols},
		{"GET /login/stream", "", http.StatusOK},
		{"POST /login/cancel", fmt.Sprintf("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n", len(form)), http.StatusSeeOther},
	}
	ours, evil, null := "Origin: "+s.url+"\r\n", "Origin: https://evil.example\r\n", "Origin: null\r\n"
	const same, cross = "Sec-Fetch-Site: same-origin\r\n", "Sec-Fetch-Site: cross-site\r\n"
	for _, headers := range []string{
		ours + evil, evil + ours, ours + ours, ours + same + cross, ours + cross + same, null + null + same, null + same + cross,
		ours + same, // the one that is good, and comes last: the form cancels the sign-in
	} {
		for _, r := range requests {
			want := http.StatusForbidden
			if headers == ours+same {
				want = r.want
			}
			request := r.line + " HTTP/1.1\r\nHost: " + strings.TrimPrefix(s.url, "http://") + "\r\nCookie: " + b.cookieHeader() + "\r\n" + headers + r.headers + "\r\n"
			if strings.HasPrefix(r.line, "POST") {
				request += form
			}
			res, err := http.ReadResponse(bufio.NewReader(s.raw(request)), nil)
			must(t, err)
			res.Body.Close()
			if res.StatusCode != want {
				t.Errorf("%s with %q: got status %d, want %d", r.line, headers, res.StatusCode, want)
			}
		}
	}
}
