package hub_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"testing"
	"time"

	"nod/hub"
)

// A browser that never reads: no write to it has a deadline, so that a publish
// that waited for it would not return before the test is given up.
func TestSlowReaderIsClosed(t *testing.T) {
	for name, kind := range map[string]hub.Kind{"websocket": hub.WebSocket, "stream": hub.Stream} {
		t.Run(name, func(t *testing.T) {
			h, ends := open(t, hub.Options{PingInterval: time.Hour, SendBuffer: 4096})
			server, browser := tcpPair(t)
			must(t, browser.SetReadBuffer(4096))
			must(t, reserve(t, h, "slow").Join(server, kind, nil))
			other, quick := tcpPair(t)
			must(t, reserve(t, h, "quick").Join(other, kind, nil))
			go func() { _, _ = io.Copy(io.Discard, quick) }()

			event := make([]byte, 1000)
			told, longest := 0, time.Duration(0)
			for start := time.Now(); h.Publish("slow", event, false) == 1; start = time.Now() {
				told++
				longest = max(longest, time.Since(start))
				wantTold(t, h.Publish("quick", event, false), 1)
			}
			wantEnd(t, ends, hub.Slow)
			wantTold(t, h.Publish("quick", event, false), 1)
			t.Logf("took %d events, longest publish %v", told, longest)
			if told > 200 {
				t.Errorf("the kernel held %d kB, want it bounded by SendBuffer", told)
			}
			if _, err := io.Copy(io.Discard, browser); err == nil {
				t.Error("got a clean end, want a reset that frees what was held")
			}
		})
	}
}

// What went out in part was not told, and nothing can follow it.
func TestEventThatFitsInPartIsNotTold(t *testing.T) {
	h, ends := open(t, hub.Options{PingInterval: time.Hour, SendBuffer: 4096})
	server, _ := tcpPair(t)
	must(t, reserve(t, h, "a").Join(server, hub.WebSocket, nil))
	wantTold(t, h.Publish("a", make([]byte, 16<<20), false), 0)
	wantEnd(t, ends, hub.Slow)
}

// tlsPair connects two ends with TLS that ends in this process.
func tlsPair(t *testing.T) (server, browser *tls.Conn) {
	t.Helper()
	certificates := httptest.NewTLSServer(nil)
	defer certificates.Close()
	pool := x509.NewCertPool()
	pool.AddCert(certificates.Certificate())
	under, over := tcpPair(t)
	server = tls.Server(under, &tls.Config{Certificates: certificates.TLS.Certificates})
	browser = tls.Client(over, &tls.Config{RootCAs: pool, ServerName: "example.com"})
	done := make(chan error)
	go func() { done <- server.Handshake() }()
	must(t, browser.Handshake())
	must(t, <-done)
	return server, browser
}

func TestTLSInThisProcess(t *testing.T) {
	h, ends := open(t, hub.Options{PingInterval: time.Hour})
	server, browser := tlsPair(t)
	must(t, reserve(t, h, "a").Join(server, hub.Stream, []byte("head\n")))
	wantTold(t, h.Publish("a", []byte(approved), true), 1)
	got, err := io.ReadAll(browser)
	must(t, err)
	wantEvent(t, string(got), "head\ndata: "+approved+"\n\n")
	wantEnd(t, ends, hub.Told)

	server, browser = tlsPair(t)
	must(t, reserve(t, h, "b").Join(server, hub.Stream, nil))
	must(t, browser.Close())
	wantEnd(t, ends, hub.Gone)
}

func TestSlowReaderBehindTLS(t *testing.T) {
	h, ends := open(t, hub.Options{PingInterval: time.Hour, SendBuffer: 4096})
	server, browser := tlsPair(t)
	must(t, reserve(t, h, "slow").Join(server, hub.WebSocket, nil))
	for event := make([]byte, 10_000); h.Publish("slow", event, false) == 1; {
		// until its buffers are full
	}
	wantEnd(t, ends, hub.Slow)
	if _, err := io.Copy(io.Discard, browser.NetConn()); err == nil {
		t.Error("got a clean end, want a reset instead of a goodbye it would not read")
	}
}

// A head that cannot be written means that nobody is there to wait.
func TestHeadThatIsNotTaken(t *testing.T) {
	h, _ := open(t, hub.Options{})
	server, browser := net.Pipe()
	must(t, browser.Close())
	if err := reserve(t, h, "a").Join(server, hub.Stream, []byte("head")); !errors.Is(err, hub.ErrGone) {
		t.Errorf("got %v, want %v", err, hub.ErrGone)
	}
	if _, err := server.Write(nil); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v, want the connection closed", err)
	}
	if _, streams := h.Waiting(); streams != 0 {
		t.Errorf("got %d waiting, want 0", streams)
	}
	must(t, h.Shutdown(context.Background(), 1012))
}
