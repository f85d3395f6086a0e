package wire_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"nod/wire"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ends is a connection that is recorded at one end; far is the other.
func ends(t *testing.T, r *wire.Recorder, p wire.Point) (near, far net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer ln.Close()
	far, err = net.Dial("tcp", ln.Addr().String())
	must(t, err)
	t.Cleanup(func() { far.Close() })
	accepted, err := ln.Accept()
	must(t, err)
	t.Cleanup(func() { accepted.Close() })
	return r.Conn(accepted, p), far
}

// receive has text arrive at near, in pieces of n bytes.
func receive(t *testing.T, near, far net.Conn, text string, n int) {
	t.Helper()
	for piece := range slices.Chunk([]byte(text), n) {
		_, err := far.Write(piece)
		must(t, err)
		_, err = io.ReadFull(near, make([]byte, len(piece)))
		must(t, err)
	}
}

func send(t *testing.T, near net.Conn, text string) {
	t.Helper()
	_, err := io.WriteString(near, text)
	must(t, err)
}

const login = "POST /login HTTP/1.1\r\nHost: localhost:3000\r\nCookie: nod_csrf_3000=0123456789abcdef0123; other=x\r\n" +
	"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 44\r\nX-Of-Its-Own: hush\r\n\r\n" +
	"_csrf=secret&email=ada%40x.de&password=hush1"

const maskedLogin = "POST /login HTTP/1.1\r\nHost: localhost:3000\r\nCookie: nod_csrf_3000=[masked]; other=[masked]\r\n" +
	"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 44\r\nX-Of-Its-Own: [masked]\r\n\r\n"

// However the bytes come, the messages are the same.
func TestMessagesAreCutOutOfTheBytes(t *testing.T) {
	for _, n := range []int{1, 7, 4096} {
		r := wire.New(nil)
		near, far := ends(t, r, wire.Application)
		for range 2 {
			receive(t, near, far, login, n)
			send(t, near, "HTTP/1.1 303 See Other\r\nContent-Length: 0\r\nLocation: /login/approval?a=b\r\n")
			send(t, near, "Set-Cookie: nod_session_3000=abcdefghijkl; Path=/; HttpOnly; Odd=x\r\n\r\n")
		}
		hops := r.After(0)
		if len(hops) != 4 {
			t.Fatalf("in pieces of %d: got %d hops, want 4: %+v", n, len(hops), hops)
		}
		for i, h := range hops {
			request := i%2 == 0
			switch {
			case h.ID != int64(i+1) || h.Exchange != int64(i/2+1) || h.Conn != 1 || h.Route != "/login" || h.Method != "POST" || h.Browser != 1:
				t.Errorf("in pieces of %d: hop %d is %+v", n, i, h)
			case request && (h.Kind != wire.Request || h.From != wire.Browser || h.To != wire.Nod || h.Head != maskedLogin || h.Size != len(login) ||
				h.Body != "_csrf=[masked]&email=ada%40x.de&password=[masked]"):
				t.Errorf("in pieces of %d: the request is %+v", n, h)
			case !request && (h.Kind != wire.Answer || h.From != wire.Nod || h.To != wire.Browser || h.Status != 303 || h.Body != "" ||
				h.Head != "HTTP/1.1 303 See Other\r\nContent-Length: 0\r\nLocation: /login/approval?a=[masked]\r\nSet-Cookie: nod_session_3000=[masked]; Path=/; HttpOnly;[masked]\r\n\r\n"):
				t.Errorf("in pieces of %d: the answer is %+v", n, h)
			}
		}
	}
}

// After the upgrade the bytes are frames, in both directions, and the browser's are
// unmasked. A caller that writes past the connection reports what it sends.
func TestFrames(t *testing.T) {
	r := wire.New(nil)
	near, far := ends(t, r, wire.Application)
	receive(t, near, far, "GET /login/events HTTP/1.1\r\nHost: localhost:3000\r\n\r\n", 4096)
	send(t, near, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n")
	tape := near.(*wire.Conn)
	state := `{"status":"approved","token":"1234567", "n":12}`
	tape.Sent(append(append([]byte{0x81, byte(len(state))}, state...), 0x88, 2, 0x03, 0xE8))
	tape.Received([]byte{0x88, 0x82, 1, 2, 3, 4, 0x03 ^ 1, 0xE8 ^ 2})
	got := r.After(2)
	if len(got) != 3 {
		t.Fatalf("got %+v", got)
	}
	if h := got[0]; h.Kind != wire.Frame || h.Op != "text" || h.From != wire.Nod || h.Body != `{"status":"approved","token":"[masked]", "n":"[masked]"}` || h.Head != "81 2f" || h.Exchange != 1 {
		t.Errorf("the event is %+v", h)
	}
	if h := got[1]; h.Op != "close" || h.Code != 1000 || h.From != wire.Nod {
		t.Errorf("the close frame is %+v", h)
	}
	if h := got[2]; h.Op != "close" || h.Code != 1000 || h.From != wire.Browser || h.Head != "88 82 01 02 03 04" || h.Size != 8 {
		t.Errorf("the acknowledgement is %+v", h)
	}
}

func TestEventsOfAStream(t *testing.T) {
	r := wire.New(nil)
	near, far := ends(t, r, wire.Application)
	receive(t, near, far, "GET /login/stream HTTP/1.1\r\nHost: localhost:3000\r\n\r\n", 4096)
	send(t, near, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\nretry: 2000\n\n")
	send(t, near, "data: {\"status\":\"denied\",\"secret\":\"x\"}\n\n")
	send(t, near, ":\n\nother: y\n\n")
	got := r.After(1)
	want := []string{"", "retry: 2000\n\n", "data: {\"status\":\"denied\",\"secret\":\"[masked]\"}\n\n", ":\n\n[masked]\n\n"}
	for i, h := range got {
		if len(got) != len(want) || h.Body != want[i] || (h.Kind == wire.Event) != (i > 0) {
			t.Fatalf("got %+v, want bodies %q", got, want)
		}
	}
}

// Files, probes and what the phones' listener serves besides are no part of the
// story, and their messages do not hide the next.
func TestWhatTellsNothingIsLeftOut(t *testing.T) {
	for p, test := range map[wire.Point][2]string{
		wire.Application: {"/static/app.css", "/login"},
		wire.Phones:      {"/protected/json/users/1/status", "/phones/1/events"},
	} {
		r := wire.New(nil)
		near, far := ends(t, r, p)
		for _, path := range []string{test[0], test[1]} {
			receive(t, near, far, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n", 4096)
			send(t, near, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n2\r\n{}\r\n")
			send(t, near, "0\r\n\r\n")
		}
		got := r.After(0)
		if len(got) != 2 || got[0].Route == "" || got[1].Status != 200 || got[1].Body != "{}" {
			t.Errorf("got %+v", got)
		}
	}
}

func TestWhatIsNoHTTPIsSaidOnce(t *testing.T) {
	r := wire.New(nil)
	near, far := ends(t, r, wire.Application)
	receive(t, near, far, "hush hush\r\n\r\n", 4096)
	receive(t, near, far, login, 4096)
	if got := r.After(0); len(got) != 1 || got[0].Kind != wire.Unreadable || strings.Contains(got[0].Head+got[0].Body, "hush") {
		t.Errorf("got %+v", got)
	}
}

func TestWhatDidNotGetOutIsSaid(t *testing.T) {
	r := wire.New(nil)
	near, far := ends(t, r, wire.Application)
	receive(t, near, far, login, 4096)
	must(t, near.(*wire.Conn).UnsafeConn().Close())
	if _, err := io.WriteString(near, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"); err == nil {
		t.Fatal("written to a closed connection")
	}
	if got := r.After(1); len(got) != 2 || got[1].Kind != wire.Lost || got[1].From != wire.Nod || got[1].Exchange != 1 {
		t.Errorf("got %+v", got)
	}
}

// A note goes to the answer that it was made for.
func TestANoteIsOnTheAnswer(t *testing.T) {
	r := wire.New(nil)
	near, far := ends(t, r, wire.Application)
	for i := range 2 {
		receive(t, near, far, "POST /authy/callback HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 4096)
		if i == 0 {
			near.(*wire.Conn).Note("applied")
		}
		send(t, near, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nOK\n")
	}
	got := r.After(0)
	if len(got) != 4 || got[0].Note+got[2].Note+got[3].Note != "" || got[1].Note != "applied" || got[1].Body != "OK\n" || got[0].From != wire.Authy {
		t.Errorf("got %+v", got)
	}
}

// A browser keeps its number while its cookies change one by one.
func TestABrowserIsKnownByItsCookies(t *testing.T) {
	r := wire.New(nil)
	visit := func(cookies, set string) int {
		near, far := ends(t, r, wire.Application)
		receive(t, near, far, "GET /login HTTP/1.1\r\nHost: x\r\n"+cookies+"\r\n", 4096)
		send(t, near, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"+set+"\r\n")
		hops := r.After(0)
		return hops[len(hops)-1].Browser
	}
	for i, step := range []struct {
		cookies, set string
		want         int
	}{
		{"", "Set-Cookie: nod_csrf=aaaaaaaaaaaa\r\n", 1},
		{"Cookie: nod_csrf=aaaaaaaaaaaa; x=same-for-all\r\n", "Set-Cookie: nod_session=bbbbbbbbbbbb\r\n", 1},
		{"Cookie: nod_session=bbbbbbbbbbbb\r\n", "Set-Cookie: nod_session=cccccccccccc\r\n", 1},
		{"Cookie: nod_csrf=dddddddddddd; x=same-for-all\r\n", "", 2},
		{"Cookie: nod_session=cccccccccccc\r\n", "", 1},
		{"Cookie: x=same-for-all\r\n", "", 0},
	} {
		if got := visit(step.cookies, step.set); got != step.want {
			t.Errorf("visit %d: got browser %d, want %d", i, got, step.want)
		}
	}
	r.Reset()
	if got := visit("Cookie: nod_csrf=dddddddddddd\r\n", ""); got != 1 {
		t.Errorf("after a reset: got browser %d, want 1", got)
	}
}

func TestWatchers(t *testing.T) {
	r := wire.New(nil)
	nudge, end := r.Watch()
	near, far := ends(t, r, wire.Application)
	receive(t, near, far, login, 4096)
	<-nudge
	end()
	receive(t, near, far, login, 4096)
	select {
	case <-nudge:
		t.Error("nudged after the end")
	default:
	}
	if got := r.After(1); len(got) != 1 || got[0].ID != 2 {
		t.Errorf("after the first: got %+v", got)
	}
	r.Reset()
	receive(t, near, far, login, 4096)
	if got := r.After(0); len(got) != 1 || got[0].ID != 3 {
		t.Errorf("after a reset: got %+v", got)
	}
}

// The oldest hops make room, and what is left is in order.
func TestTheRingIsBounded(t *testing.T) {
	r := wire.New(nil)
	near, far := ends(t, r, wire.Application)
	body := strings.Repeat("email="+strings.Repeat("x", 990)+"&", 60)
	text := fmt.Sprintf("POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	for range 400 {
		receive(t, near, far, text, 1<<20)
	}
	got := r.After(0)
	if len(got) >= 300 || len(got) < 200 || got[len(got)-1].ID != 400 || got[0].ID != int64(400-len(got)+1) {
		t.Errorf("got %d hops, from %d", len(got), got[0].ID)
	}
}

// The JSON is what the package comment says.
func TestTheShapeOfAHop(t *testing.T) {
	at := time.Date(2026, time.November, 26, 8, 0, 0, 1e6, time.UTC)
	r := wire.New(func() time.Time { return at })
	near, far := ends(t, r, wire.Application)
	receive(t, near, far, "GET /login HTTP/1.1\r\nHost: x\r\n\r\n", 4096)
	got, err := json.Marshal(r.After(0)[0])
	must(t, err)
	const want = `{"id":1,"exchange":1,"conn":1,"at":"2026-11-26T08:00:00.001Z","end":"2026-11-26T08:00:00.001Z","from":"browser","to":"nod",` +
		`"kind":"request","method":"GET","route":"/login","head":"GET /login HTTP/1.1\r\nHost: x\r\n\r\n","size":32}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Without a recorder connections are as they were.
func TestWithoutARecorderNothingIsInBetween(t *testing.T) {
	var r *wire.Recorder
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer ln.Close()
	if r.Listener(ln, wire.Application) != ln {
		t.Error("the listener is another")
	}
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	if r.Conn(a, wire.Provider) != a {
		t.Error("the connection is another")
	}
	r.Hide("a key of the provider")
	r.Reset()
	if nudge, end := r.Watch(); nudge != nil || r.After(0) != nil {
		t.Error("a nil recorder has something to tell")
	} else {
		end()
	}
	if n := testing.AllocsPerRun(100, func() { _ = r.Conn(a, wire.Provider) }); n != 0 {
		t.Errorf("%v allocations for a connection", n)
	}
}

func BenchmarkNoRecorder(b *testing.B) {
	var r *wire.Recorder
	c, _ := net.Pipe()
	b.ReportAllocs()
	for b.Loop() {
		_ = r.Conn(c, wire.Provider)
	}
}

// BenchmarkAHop is what a recorded message costs.
func BenchmarkAHop(b *testing.B) {
	r := wire.New(nil)
	tape := r.Conn(nil, wire.Application).(*wire.Conn)
	answer := []byte("HTTP/1.1 303 See Other\r\nContent-Length: 0\r\nLocation: /login/approval\r\n\r\n")
	b.ReportAllocs()
	for b.Loop() {
		tape.Received([]byte(login))
		tape.Sent(answer)
	}
}

// FuzzATap: no bytes make the recorder panic, and the canary is never shown where
// no list names its place.
func FuzzATap(f *testing.F) {
	f.Add([]byte(login), []byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
	f.Add([]byte("GET /login/events HTTP/1.1\r\nHost: x\r\n\r\n\x88\x82abcd\x62\x8a"), []byte("HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x02{}"))
	f.Add([]byte("GET /login/stream HTTP/1.1\r\nHost: x\r\n\r\n"), []byte("HTTP/1.1 200 OK\r\n\r\ndata: {}\n\n"))
	f.Fuzz(func(t *testing.T, in, out []byte) {
		r := wire.New(nil)
		tape := r.Conn(nil, wire.Application).(*wire.Conn)
		tape.Received(in)
		tape.Sent(out)
		tape.Received(in)
		for _, h := range r.After(0) {
			if _, err := json.Marshal(h); err != nil {
				t.Error(err)
			}
		}
	})
}
