package simulator_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
)

// page is the WebSocket of a phone's page.
type page struct {
	t    *testing.T
	conn *websocket.Conn
}

func (s *sim) dial(path string, header http.Header) (*websocket.Conn, *http.Response, error) {
	return websocket.DefaultDialer.DialContext(s.t.Context(), "ws"+strings.TrimPrefix(s.url, "http")+path, header)
}

func (s *sim) watch(user int64) page {
	s.t.Helper()
	conn, _, err := s.dial(fmt.Sprintf("/phones/%d/events", user), nil)
	must(s.t, err)
	s.t.Cleanup(func() { conn.Close() })
	must(s.t, conn.SetReadDeadline(time.Now().Add(hangLimit)))
	return page{s.t, conn}
}

// The answer that opens a socket has the headers of every other one.
func TestASocketHasTheHeaders(t *testing.T) {
	s := newSim(t)
	user := s.user("ada@example.com")
	conn, res, err := s.dial(fmt.Sprintf("/phones/%d/events", user), nil)
	must(t, err)
	defer conn.Close()
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
		"Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin"} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if got := res.Header.Get("Content-Security-Policy"); !strings.Contains(got, "frame-ancestors 'none'") {
		t.Errorf("Content-Security-Policy: got %q", got)
	}
}

// until reads frames until one contains all parts, and returns it.
func (p page) until(parts ...string) (frame string) {
	p.t.Helper()
	for !hasAll(frame, parts) {
		_, next, err := p.conn.ReadMessage()
		if err != nil {
			p.t.Fatalf("no frame has %q: %v after %s", parts, err, frame)
		}
		frame = string(next)
	}
	return frame
}

func hasAll(text string, parts []string) bool {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return text != ""
}

// closed reads frames until the socket is closed, and returns code and reason.
func (p page) closed() (code int, why string) {
	p.t.Helper()
	for {
		_, _, err := p.conn.ReadMessage()
		var end *websocket.CloseError
		if errors.As(err, &end) {
			return end.Code, end.Text
		}
		if err != nil {
			p.t.Fatal(err)
		}
	}
}

// read reads frames until the connection ends.
func (p page) read() {
	for {
		if _, _, err := p.conn.ReadMessage(); err != nil {
			return
		}
	}
}

func TestAPageShowsThePhone(t *testing.T) {
	s := newAda(t)
	p := s.watch(ada)
	first := p.until("")
	want := `{"phone":{"authy_id":100001,"email":"ada@example.com","owners":["ada@example.com"],"phone_number":"3173389302","country_code":57,"devices":["iphone"],"app_installed":true},` +
		`"requests":[],"messages":[],"call":null,"token":{"token":"` + s.token() + `","expires_in":10},"generic":null,"apps":[],"faults":[],"codes_from":null,"server_time":"2026-11-24T19:00:00.000Z"}`
	if first != want {
		t.Errorf("got  %s\nwant %s", first, want)
	}

	uuid := s.ask(ada, "message=Sign+in%3F")
	p.until(`"requests":[{"uuid":"`+uuid+`","message":"Sign in?"`, `"status":"pending"`)
	s.tap(ada, uuid, "approve").wantStatus(200)
	p.until(`"uuid":"`+uuid+`"`, `"status":"approved"`)
	s.sms("")
	p.until(`"messages":[{"via":"sms","code":"` + s.messages()[0].Code + `"`)
	s.call("POST", startPath, "country_code=57&phone_number=3173389302&custom_message=hello").wantStatus(200)
	p.until(`"text":"hello"`)
	s.call("POST", "/protected/json/users/100001/secret", "").wantStatus(200)
	p.until(`"generic":{"token":"`)
	s.call("POST", "/protected/json/users/100001/update", "email=countess@example.com").wantStatus(200)
	p.until(`"email":"countess@example.com"`)
	shown := s.token()
	s.inject(`{"authy_id":100001,"clock_skew_s":3600}`)
	p.until(`"token":{"token":"` + s.token() + `"`)
	s.do("DELETE", "/faults", "", nil).wantStatus(200)
	p.until(`"token":{"token":"` + shown + `"`)
	s.removeApp()
	p.until(`"app_installed":false`, `"token":null`)
}

func TestAPageSeesExpiries(t *testing.T) {
	s := newAda(t)
	uuid := s.ask(ada, "message=x&seconds_to_expire=60")
	p := s.watch(ada)
	p.until(`"status":"pending"`)
	s.clock.Advance(time.Minute)
	s.status(uuid).wantIn(`"status":"expired"`) // a read marks it, and notifies all pages
	p.until(`"status":"expired"`)
}

// An expired token and an expired request are shown without a nudge: the server
// waits in real time for what its clock says is left.
func TestAPageKeepsTime(t *testing.T) {
	s := newAda(t)
	s.clock.Advance(9 * time.Second)
	s.ask(ada, "message=x&seconds_to_expire=1")
	p := s.watch(ada)
	p.until(`"expires_in":1}`, `"status":"pending"`)
	s.clock.Advance(time.Second)
	p.until(`"expires_in":10}`, `"status":"expired"`)
}

func TestAPageSeesOnlyItsPhone(t *testing.T) {
	s := newAda(t)
	other := s.user("other@example.com")
	s.ask(other, "message=secret")
	p := s.watch(ada)
	if frame := p.until(""); strings.Contains(frame, "secret") {
		t.Errorf("got %s", frame)
	}
}

func TestAPageOfARemovedPhoneCloses(t *testing.T) {
	s := newAda(t)
	p := s.watch(ada)
	p.until("")
	s.call("POST", "/protected/json/users/100001/remove", "").wantStatus(200)
	if code, why := p.closed(); code != websocket.CloseNormalClosure || why != "the phone was removed" {
		t.Errorf("got %d %q", code, why)
	}
}

func TestPagesCloseWithTheSimulator(t *testing.T) {
	s := newAda(t)
	p := s.watch(ada)
	p.until("")
	s.stop()
	if code, why := p.closed(); code != websocket.CloseGoingAway || why != "the simulator is stopping" {
		t.Errorf("got %d %q", code, why)
	}
}

func TestTooManyPages(t *testing.T) {
	s := newAda(t)
	for range 199 {
		go s.watch(ada).read() // and so answer pings: a silent page is closed
	}
	last := s.watch(ada)
	if _, response, err := s.dial("/phones/100001/events", nil); err == nil || response.StatusCode != 503 {
		t.Fatal("a 201st page was accepted")
	}
	if _, err := s.WaitRequest(t.Context(), ada); err == nil {
		t.Error("a 201st watcher was accepted")
	}
	last.until("")
	must(t, last.conn.Close())
	for began := time.Now(); time.Since(began) < hangLimit; {
		conn, _, err := s.dial("/phones/100001/events", nil)
		if err == nil { // as soon as the server noticed the close
			must(t, conn.Close())
			return
		}
	}
	t.Error("a closed page still counts")
}

func TestFramesThatPagesNeverSend(t *testing.T) {
	s := newAda(t)
	p := s.watch(ada)
	p.until("")
	must(t, p.conn.WriteMessage(websocket.TextMessage, []byte(strings.Repeat("x", 600))))
	if code, _ := p.closed(); code != websocket.CloseMessageTooBig {
		t.Errorf("got %d", code)
	}
}
