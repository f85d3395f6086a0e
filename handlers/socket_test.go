package handlers_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
)

// socket is the WebSocket of a waiting page.
type socket struct {
	t    testing.TB
	conn *websocket.Conn
}

type told struct {
	Status    string `json:"status"`
	Reason    string `json:"reason"`
	ExpiresAt string `json:"expires_at"`
	RetryAt   string `json:"retry_at"`
	Number    string `json:"number"`
	Revision  int64  `json:"revision"`
}

func (b *browser) dial() (*websocket.Conn, *http.Response, error) {
	header := http.Header{"Origin": {b.site.url}, "Cookie": {b.cookieHeader()}}
	return websocket.DefaultDialer.DialContext(b.t.Context(), strings.Replace(b.site.url, "http", "ws", 1)+"/login/events", header)
}

func (b *browser) events() *socket {
	b.t.Helper()
	conn, _, err := b.dial()
	must(b.t, err)
	b.t.Cleanup(func() { conn.Close() })
	return &socket{b.t, conn}
}

// next is the next thing the browser is told.
func (s *socket) next() (told, error) {
	must(s.t, s.conn.SetReadDeadline(time.Now().Add(hung)))
	var m told
	_, body, err := s.conn.ReadMessage()
	if err != nil {
		return m, err
	}
	return m, json.Unmarshal(body, &m)
}

func (s *socket) want(status string) told {
	s.t.Helper()
	m, err := s.next()
	must(s.t, err)
	if m.Status != status {
		s.t.Fatalf("the browser was told %+v, want status %q", m, status)
	}
	return m
}

// wantClosed waits for the close frame and its code.
func (s *socket) wantClosed(code int) {
	s.t.Helper()
	m, err := s.next()
	if !websocket.IsCloseError(err, code) {
		s.t.Fatalf("got %+v, %v, want close %d", m, err, code)
	}
}

// A session that connects again and again is told to wait; another one is not, nor
// is the same one once it has waited.
// A check has no session: however many are opened, those who sign in find room.
func TestChecksAreLimited(t *testing.T) {
	s := newSite(t)
	open := func() int {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/check/stream", nil)
		must(t, err)
		res, err := http.DefaultTransport.RoundTrip(req)
		must(t, err)
		t.Cleanup(func() { res.Body.Close() })
		return res.StatusCode
	}
	for n := range 100 {
		if n > 0 && n%30 == 0 {
			if got := open(); got != http.StatusTooManyRequests {
				t.Fatalf("after %d at once: got %d, want 429", n, got)
			}
			s.clock.Advance(30 * time.Second)
		}
		if got := open(); got != http.StatusOK {
			t.Fatalf("check %d: got %d", n+1, got)
		}
	}
	if got := open(); got != http.StatusServiceUnavailable {
		t.Errorf("one more: got %d, want 503", got)
	}
	b := s.browser()
	b.passPassword(s.account("ada@example.com"))
	b.events().want("pending")
}

func TestReconnectsOfASessionAreLimited(t *testing.T) {
	s := newSite(t)
	ada, bob := s.account("ada@example.com"), s.account("bob@example.com")
	b, other := s.browser(), s.browser()
	b.passPassword(ada)
	other.passPassword(bob)
	connect := func(b *browser) *http.Response {
		t.Helper()
		conn, res, err := b.dial()
		if err == nil {
			(&socket{t, conn}).want("pending")
			must(t, conn.Close())
		}
		return res
	}
	for n := range 30 {
		if got := connect(b).StatusCode; got != http.StatusSwitchingProtocols {
			t.Fatalf("connection %d: got %d", n+1, got)
		}
	}
	refused := connect(b)
	if got := refused.Header.Get("Retry-After"); refused.StatusCode != http.StatusTooManyRequests || got != "1" {
		t.Errorf("the next one: got %d, Retry-After %q, want 429 and 1", refused.StatusCode, got)
	}
	wantStatus(t, b.get("/login/stream"), http.StatusTooManyRequests)
	wantStatus(t, b.get("/authy/status"), http.StatusOK) // the page still learns how it ends
	if got := connect(other).StatusCode; got != http.StatusSwitchingProtocols {
		t.Errorf("somebody else: got %d", got)
	}
	s.clock.Advance(time.Second)
	for _, want := range []int{http.StatusSwitchingProtocols, http.StatusTooManyRequests} {
		if got := connect(b).StatusCode; got != want {
			t.Errorf("a second later: got %d, want %d", got, want)
		}
	}
	s.clock.Advance(-time.Minute)
	if got := connect(b).StatusCode; got != http.StatusSwitchingProtocols {
		t.Errorf("with the clock set back: got %d", got)
	}
}
