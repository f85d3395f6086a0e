package handlers_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"nod/authy"
	"nod/providers"
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

func TestAnonymousVisitsLeaveNoSession(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	for range 3 {
		for _, r := range routes {
			method, path, _ := strings.Cut(r.route, " ")
			b.answer(method, path)
		}
	}
	if got := b.cookie("nod_session"); got != "" {
		t.Errorf("a stranger was given session %q", got)
	}
	for _, file := range []string{"nod.db", "sessions.db"} {
		if got := s.sessionsIn(file); got != 0 {
			t.Errorf("strangers left %d sessions in %s", got, file)
		}
	}
	s.signUp(s.browser(), "ada@example.com")
	for _, file := range []string{"nod.db", "sessions.db"} {
		if s.sessionsIn(file) == 0 {
			t.Errorf("a sign-up left no session in %s, so that counting there shows nothing", file)
		}
	}
}

// open opens a database of the site as another program does.
func (s *site) open(file string) *sql.DB {
	s.t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(s.dir, file)+"?mode=rw&_busy_timeout=180000")
	must(s.t, err)
	s.t.Cleanup(func() { db.Close() })
	return db
}

// sessionsIn counts the rows of a database of the site.
func (s *site) sessionsIn(file string) (n int) {
	s.t.Helper()
	must(s.t, s.open(file).QueryRowContext(s.t.Context(), "SELECT count(*) FROM sessions").Scan(&n))
	return n
}

// An error shows a sentence and a number, never what is behind it.
func TestErrorsTellNoSecrets(t *testing.T) {
	s := newSite(t, func(c *config) { c.Authy = leakyAuthy{c.Authy} })
	b := s.browser()
	got := b.post("/signup", "name", "Ada", "email", "ada@example.com", "password", goodPassword, "country_code", "1", "phone_number", "2015550199")
	wantStatus(t, got, http.StatusInternalServerError)
	if strings.Contains(got.Body, "secret-of-the-inside") {
		t.Error("the page shows the inner error")
	}
	if id := got.Header.Get("X-Request-Id"); id == "" || !strings.Contains(got.Body, id) {
		t.Errorf("the page does not show the request id %q", id)
	}
}

type leakyAuthy struct{ providers.AuthyAPI }

func (leakyAuthy) RegisterUser(context.Context, authy.Registration) (int64, error) {
	return 0, errors.New("secret-of-the-inside")
}

// 16 requests use one approval at the same moment: one gets in.
func TestOneApprovalOneWinner(t *testing.T) {
	const rounds, racers = 20, 16
	s := newSite(t)
	ada := s.account("ada@example.com")
	for range rounds {
		b := s.browser()
		events := b.waits(ada)
		ada.phone.approve(ada.phone.pending())
		events.want("approved")
		cookies := make(chan string, racers)
		b.atOnce(racers, "/confirm-login", url.Values{}, func(res *http.Response) {
			if res.Header.Get("Location") == "/protected" {
				cookies <- sessionCookie(t, page{Header: res.Header})
			}
		})
		close(cookies)
		if got := s.holders(cookies); got != 1 {
			t.Fatalf("%d holders got in by one approval, want 1", got)
		}
	}
}

// holders counts the session ids that open the protected page.
func (s *site) holders(cookies <-chan string) (open int) {
	for cookie := range cookies {
		holder := s.browser()
		holder.withSession(cookie)
		if holder.get("/protected").Status == http.StatusOK {
			open++
		}
	}
	return open
}

// A request that is under way while the session ends cannot bring it back.
func TestASlowRequestDoesNotReviveASession(t *testing.T) {
	slow := &gatedAuthy{entered: make(chan struct{}), release: make(chan struct{})}
	s := newSite(t, func(c *config) { slow.AuthyAPI, c.Authy = c.Authy, slow })
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	other := s.browser()
	other.withSession(b.cookie("nod_session"))
	form := url.Values{"_csrf": {b.formToken()}, "email": {ada.Email}, "password": {goodPassword}}

	slow.gate.Store(true)
	done := make(chan page, 1)
	go func() { done <- b.postForm("/login", form) }() // holds the session while it rings
	<-slow.entered
	wantRedirect(t, other.get("/protected"), "/login?notice=start")
	close(slow.release)
	<-done
	wantRedirect(t, other.get("/protected"), "/login?notice=start")
}

func TestProviderOutageLetsNobodyIn(t *testing.T) {
	outage := &gatedAuthy{}
	s := newSite(t, func(c *config) { outage.AuthyAPI, c.Authy = c.Authy, outage })
	ada := s.account("ada@example.com")
	outage.down.Store(true)
	b := s.browser()
	b.passPassword(ada)
	wantBody(t, b.get("/login/approval"), `data-status="cancelled"`, `data-reason="unavailable"`)
	wantStatus(t, b.post("/confirm-login"), http.StatusConflict)
	wantRedirect(t, b.get("/protected"), "/login/approval")
	outage.down.Store(false)
	wantRedirect(t, b.post("/login/resend"), "/login/approval?notice=sent-again")
	events := b.events()
	events.want("pending")
	s.clock.Advance(time.Second)
	ada.phone.approve(ada.phone.pending())
	events.want("approved")
	wantRedirect(t, b.post("/confirm-login"), "/protected")
}

// gatedAuthy can be held at a gate or be down.
type gatedAuthy struct {
	providers.AuthyAPI
	gate, down       atomic.Bool
	entered, release chan struct{}
}

func (a *gatedAuthy) UserStatus(ctx context.Context, id int64) (authy.UserStatus, error) {
	if a.down.Load() {
		return authy.UserStatus{}, authy.ErrUnavailable
	}
	if a.gate.Load() {
		a.entered <- struct{}{}
		<-a.release
	}
	return a.AuthyAPI.UserStatus(ctx, id)
}

// 64 guesses at once: no more passwords are checked than five in a row would be.
func TestParallelPasswordGuessesAreCounted(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	var checked atomic.Int64
	form := url.Values{"email": {ada.Email}, "password": {"wrong password"}}
	b.atOnce(64, "/login", form, func(res *http.Response) {
		if res.StatusCode == http.StatusUnprocessableEntity {
			checked.Add(1)
		}
	})
	if got := checked.Load(); got != 5 {
		t.Errorf("%d passwords were checked, want 5", got)
	}
}

// What ends because the next step begins is no sign-out.
func TestTheActivityListTellsSignOutsFromSteps(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	first := b.get("/protected").Body
	b.post("/logout")
	b.signIn(ada)
	if got := strings.Count(first, "Signed out"); got != 0 {
		t.Errorf("before any sign-out the list shows %d", got)
	}
	wantBody(t, b.get("/protected"), "Signed out")
}
