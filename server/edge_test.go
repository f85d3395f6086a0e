package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nod/config"
)

// long is for what must not happen in a test. It is no measure.
const long = 10 * time.Minute

// endless is the patience that no slow machine exhausts.
var endless = patience{first: long, request: long, idle: long, write: long}

// served is the whole process with its three listeners.
type served struct {
	t       *testing.T
	app     string // the addresses
	phones  string
	metrics string
}

func serve(t *testing.T, p patience, change ...func(*site)) served {
	t.Helper()
	logger := slog.New(slog.NewTextHandler(t.Output(), nil))
	s := newSite(config.Config{
		Addr: "127.0.0.1:0", SimulatorAddr: "127.0.0.1:0", MetricsAddr: "127.0.0.1:0",
		Database: filepath.Join(t.TempDir(), "nod.db"), WaitingPerAddress: 1000, StopFactor: 60,
	}, logger)
	s.patience = p
	for _, c := range change {
		c(s)
	}
	t.Cleanup(func() { must(t, s.running.stop()) })
	must(t, s.start(t.Context()))
	return served{t, address(s.PublicURL), address(s.phonesURL), s.MetricsAddr}
}

// address is the host and port of a URL, as an address of this machine.
func address(url string) string {
	return strings.Replace(strings.TrimPrefix(url, "http://"), "localhost", "127.0.0.1", 1)
}

// all are the listeners by name.
func (s served) all() map[string]string {
	return map[string]string{"the application": s.app, "the phones": s.phones, "the metrics": s.metrics}
}

// host is what browsers write for an address.
func host(addr string) string { return strings.Replace(addr, "127.0.0.1", "localhost", 1) }

// says opens a connection and sends text as it is.
func (s served) says(addr, text string) *net.TCPConn {
	s.t.Helper()
	return s.saysFrom("127.0.0.1", addr, text)
}

func (s served) saysFrom(source, addr, text string) *net.TCPConn {
	s.t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(source)}}
	conn, err := dialer.DialContext(s.t.Context(), "tcp", addr)
	must(s.t, err)
	s.t.Cleanup(func() { conn.Close() })
	must(s.t, conn.SetDeadline(time.Now().Add(long)))
	_, err = io.WriteString(conn, text)
	must(s.t, err)
	return conn.(*net.TCPConn)
}

// answer is the next answer on a connection; a nil one means that it was cut.
func answer(t *testing.T, conn net.Conn) *http.Response {
	t.Helper()
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal("neither answered nor cut")
	}
	if err != nil {
		return nil
	}
	t.Cleanup(func() { res.Body.Close() })
	return res
}

// wantCut waits until the server ends a connection.
func wantCut(t *testing.T, what string, conn net.Conn) {
	t.Helper()
	if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%s was not cut", what)
	}
}

// Whoever sends nothing, begins and does not end, or never reads, is cut on every
// listener. The test ends when that happens.
func TestSilentAndSlowClientsAreCut(t *testing.T) {
	head := func(addr string) string {
		return "POST /login HTTP/1.1\r\nHost: " + host(addr) + "\r\nContent-Type: application/x-www-form-urlencoded\r\n"
	}
	hurried := func(change func(*patience)) patience {
		p := endless
		change(&p)
		return p
	}
	for _, test := range []struct {
		name     string
		patience patience
		begin    func(addr string) string
	}{
		{"who says nothing", hurried(func(p *patience) { p.first, p.request = time.Millisecond, time.Millisecond }), func(string) string { return "" }},
		{"who does not end a head", hurried(func(p *patience) { p.request = 50 * time.Millisecond }), func(string) string { return "GET / HTTP/1.1\r\nHost:" }},
		{"who does not end a body", hurried(func(p *patience) { p.request = 50 * time.Millisecond }), func(addr string) string { return head(addr) + "Content-Length: 1000\r\n\r\nemail=" }},
		{"who does not end a chunk", hurried(func(p *patience) { p.request = 50 * time.Millisecond }), func(addr string) string { return head(addr) + "Transfer-Encoding: chunked\r\n\r\n5\r\nab" }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, test.patience)
			for name, addr := range s.all() {
				conn := s.says(addr, test.begin(addr))
				wantCut(t, test.name+" to "+name, conn)
			}
		})
	}
}

// A client that asks and asks and reads nothing holds what is written for it.
func TestWhoNeverReadsIsCut(t *testing.T) {
	p := endless
	p.write = time.Millisecond
	s := serve(t, p)
	for name, addr := range s.all() {
		conn := s.says(addr, "")
		ask := strings.Repeat("GET /static/phone.js HTTP/1.1\r\nHost: "+host(addr)+"\r\n\r\n", 100)
		var err error
		for err == nil {
			_, err = io.WriteString(conn, ask)
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("who never reads from %s was not cut", name)
		}
	}
}

// few is a site whose listeners have room for two connections of one source.
func few(s *site) { s.perSource = 2 }

// A source that has all it can get and is idle makes room; another source is not
// asked to.
func TestASourceHasOnlySoManyConnections(t *testing.T) {
	s := serve(t, endless, few)
	for name, addr := range s.all() {
		first, second := s.says(addr, ""), s.says(addr, "")
		elsewhere := s.saysFrom("127.0.0.2", addr, "")
		third := s.says(addr, "GET / HTTP/1.1\r\nHost: "+host(addr)+"\r\nConnection: close\r\n\r\n")
		if answer(t, third) == nil {
			t.Errorf("%s: the newest was refused", name)
		}
		wantCut(t, "the one that was idle longest", first)
		for _, conn := range []net.Conn{second, elsewhere} {
			_, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: "+host(addr)+"\r\nConnection: close\r\n\r\n")
			must(t, err)
			if answer(t, conn) == nil {
				t.Errorf("%s: a connection was cut that was not the oldest of a full source", name)
			}
		}
	}
}

// When descriptors run out, the source that holds most makes room, on whichever
// listener, and nobody else does.
func TestManySourcesTogetherLeaveRoom(t *testing.T) {
	var room atomic.Int64
	room.Store(10)
	s := serve(t, endless, func(s *site) { s.room = func() int { return int(room.Load()) } })
	ask := "GET / HTTP/1.1\r\nHost: " + host(s.app) + "\r\nConnection: close\r\n\r\n"
	first, second := s.says(s.phones, ""), s.says(s.phones, "")
	small := s.saysFrom("127.0.0.2", s.app, "")
	for _, addr := range []string{s.phones, s.app} { // they are taken in order
		conn := s.saysFrom("127.0.0.4", addr, strings.Replace(ask, host(s.app), host(addr), 1))
		wantCut(t, "who asked for it", conn)
	}
	room.Store(3)
	if answer(t, s.saysFrom("127.0.0.3", s.app, ask)) == nil {
		t.Error("the newest did not get in")
	}
	wantCut(t, "the longest idle of the source that holds most", first)
	room.Store(10)
	for addr, conn := range map[string]net.Conn{s.phones: second, s.app: small} {
		_, err := io.WriteString(conn, strings.Replace(ask, host(s.app), host(addr), 1))
		must(t, err)
		if answer(t, conn) == nil {
			t.Error("one was cut that did not hold most")
		}
	}
}

// working is a connection amid a request: the server has said that it waits for
// the body.
func (s served) working() *net.TCPConn {
	s.t.Helper()
	conn := s.says(s.app, "POST /login HTTP/1.1\r\nHost: "+host(s.app)+"\r\nConnection: close\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
	if res := answer(s.t, conn); res == nil || res.StatusCode != http.StatusContinue {
		s.t.Fatalf("got %v, want 100", res)
	}
	return conn
}

// Where all of a source are at work, none is cut for another.
func TestWorkIsNotCutForTheNext(t *testing.T) {
	s := serve(t, endless, few)
	first, second := s.working(), s.working()
	wantCut(t, "one more", s.says(s.app, ""))
	for _, conn := range []net.Conn{first, second} {
		_, err := io.WriteString(conn, "email")
		must(t, err)
		if res := answer(t, conn); res == nil || res.StatusCode != http.StatusForbidden {
			t.Errorf("the work was not finished: %v", res)
		}
		wantCut(t, "what asked for it", conn)
	}
	if answer(t, s.says(s.app, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")) == nil {
		t.Error("who has left still counts")
	}
}

// Our own proxy brings everybody, so its connections are not counted.
func TestAProxyHasAsManyConnectionsAsItNeeds(t *testing.T) {
	s := serve(t, endless, few, func(s *site) { s.TrustedProxies = []string{"127.0.0.0/8"} })
	var held []*net.TCPConn
	for range 5 {
		held = append(held, s.working())
	}
	for _, conn := range held {
		_, err := io.WriteString(conn, "email")
		must(t, err)
		if answer(t, conn) == nil {
			t.Error("a connection of the proxy was cut")
		}
	}
}

// Browsers that wait are the hub's, and leave room for those who come.
func TestWhoWaitsIsNotCounted(t *testing.T) {
	s := serve(t, endless, few)
	wait := "GET /check/stream HTTP/1.1\r\nHost: " + host(s.app) + "\r\n\r\n"
	upgrade := strings.Replace(wait, "stream", "events", 1)
	upgrade = strings.TrimSuffix(upgrade, "\r\n") + "Origin: http://" + host(s.app) + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	for n := range 6 {
		text := wait
		if n%2 == 0 {
			text = upgrade
		}
		conn := s.says(s.app, text)
		in := bufio.NewReader(conn)
		if res, err := http.ReadResponse(in, nil); err != nil || res.StatusCode >= 300 {
			t.Fatalf("browser %d does not wait: %v, %v", n+1, res, err)
		}
		if _, err := in.ReadByte(); err != nil { // of what only the hub sends
			t.Fatalf("browser %d was cut: %v", n+1, err)
		}
	}
	if answer(t, s.says(s.app, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")) == nil {
		t.Error("nobody gets in beside those who wait")
	}
}

// The answers that net/http gives by itself have the headers too.
func TestAnswersOfTheOtherListenersHaveTheHeaders(t *testing.T) {
	s := serve(t, endless)
	for _, addr := range []string{s.phones, s.metrics} {
		known := "/"
		if addr == s.metrics {
			known = "/metrics"
		}
		upgrade := "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
		for _, request := range []string{
			"GET " + known + " HTTP/1.1\r\nHost: " + host(addr) + "\r\n\r\n",
			"GET /nowhere HTTP/1.1\r\nHost: " + host(addr) + "\r\n\r\n",
			"BREW " + known + " HTTP/1.1\r\nHost: " + host(addr) + "\r\n\r\n",
			"GET /static/phone.css HTTP/1.1\r\nHost: " + host(addr) + "\r\n\r\n",
			"GET /phones/1/events HTTP/1.1\r\nHost: " + host(addr) + "\r\n" + upgrade + "\r\n",
			"GET / HTTP/1.1\r\nHost: other.example\r\n\r\n",
			"GET / HTTP/1.1\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
			"nonsense\r\n\r\n",
			"GET / HTTP/7.0\r\nHost: a\r\n\r\n",
			"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: a\r\nCookie: " + strings.Repeat("x", 2<<20) + "\r\n\r\n",
		} {
			line, _, _ := strings.Cut(request, "\r\n")
			name := fmt.Sprintf("%s: %s (%d bytes)", addr, line, len(request))
			res := answer(t, s.saysAsync(addr, request))
			if res == nil {
				t.Errorf("%s: no answer", name)
				continue
			}
			for header, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
				"Cross-Origin-Opener-Policy": "same-origin", "X-Frame-Options": "DENY"} {
				if got := fmt.Sprint(res.Header[header]); got != "["+want+"]" {
					t.Errorf("%s: %d: %s: got %s, want %s once", name, res.StatusCode, header, got, want)
				}
			}
			if got := fmt.Sprint(res.Header["Content-Security-Policy"]); !strings.Contains(got, "default-src 'none'") || !strings.Contains(got, "frame-ancestors 'none'") {
				t.Errorf("%s: %d: Content-Security-Policy: %s", name, res.StatusCode, got)
			}
		}
	}
}

// saysAsync is says for what the server may answer before it has read it all.
func (s served) saysAsync(addr, text string) *net.TCPConn {
	s.t.Helper()
	conn := s.says(addr, "")
	ctx, cancel := context.WithCancel(s.t.Context())
	s.t.Cleanup(cancel)
	context.AfterFunc(ctx, func() { conn.Close() })
	go func() { _, _ = io.WriteString(conn, text) }() // cut, it was refused
	return conn
}
