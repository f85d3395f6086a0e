package hub_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"nod/hub"
)

// One browser never reads. Writes to it have no deadline: if a publish blocked on
// it, the test would hang. The other reads each event before the next is sent, and
// its socket buffers all of them, so it never counts as slow.
func TestSlowReaderIsClosed(t *testing.T) {
	for name, kind := range map[string]hub.Kind{"websocket": hub.WebSocket, "stream": hub.Stream} {
		t.Run(name, func(t *testing.T) {
			h, ends := open(t, hub.Options{PingInterval: time.Hour, SendBuffer: 4096})
			server, browser := tcpPair(t)
			must(t, browser.SetReadBuffer(4096))
			must(t, reserve(t, h, "slow").Join(server, kind, nil))
			other, quick := tcpPair(t)
			again := duplicate(t, other) // the hub closes other
			must(t, reserve(t, h, "quick").Join(other, kind, nil))
			must(t, again.SetWriteBuffer(1<<20))
			must(t, again.Close())

			event := bytes.Repeat([]byte{'x'}, 1000)
			told := 0
			for h.Publish("slow", event, false) == 1 {
				told++
				wantDelivered(t, h.Publish("quick", event, false), 1)
				_, err := io.ReadFull(quick, make([]byte, len(event)))
				must(t, err)
			}
			wantEnd(t, ends, hub.Slow)
			wantDelivered(t, h.Publish("quick", event, false), 1)
			if told > 200 {
				t.Errorf("the kernel held %d kB, want it bounded by SendBuffer", told)
			}
			if _, err := io.Copy(io.Discard, browser); err == nil {
				t.Error("got a clean end, want a reset that frees what was held")
			}
		})
	}
}

// duplicate returns another connection of the same socket.
func duplicate(t *testing.T, conn *net.TCPConn) *net.TCPConn {
	t.Helper()
	file, err := conn.File()
	must(t, err)
	defer func() { must(t, file.Close()) }()
	again, err := net.FileConn(file)
	must(t, err)
	return again.(*net.TCPConn)
}

// An event that was sent in part is not counted, and the connection is closed.
func TestPartlySentEventIsNotCounted(t *testing.T) {
	h, ends := open(t, hub.Options{PingInterval: time.Hour, SendBuffer: 4096})
	server, _ := tcpPair(t)
	must(t, reserve(t, h, "a").Join(server, hub.WebSocket, nil))
	wantDelivered(t, h.Publish("a", make([]byte, 16<<20), false), 0)
	wantEnd(t, ends, hub.Slow)
}

// tlsConfigs returns the two ends' settings with a certificate for the test.
func tlsConfigs() (server, browser *tls.Config) {
	certificates := httptest.NewTLSServer(nil)
	defer certificates.Close()
	pool := x509.NewCertPool()
	pool.AddCert(certificates.Certificate())
	return &tls.Config{Certificates: certificates.TLS.Certificates}, &tls.Config{RootCAs: pool, ServerName: "example.com"}
}

// handshake turns a connection into one whose TLS ends in this process.
func handshake(t *testing.T, a, b net.Conn, forServer, forBrowser *tls.Config) (server, browser *tls.Conn) {
	t.Helper()
	server, browser = tls.Server(a, forServer), tls.Client(b, forBrowser)
	done := make(chan error)
	go func() { done <- server.Handshake() }()
	must(t, browser.Handshake())
	must(t, <-done)
	return server, browser
}

// The hub gives a write through TLS 20 ms; in the bubble that cannot be too little.
func TestTLSInThisProcess(t *testing.T) {
	forServer, forBrowser := tlsConfigs()
	// The bubble's clock starts in 2000, before the certificate is valid.
	forBrowser.Time = func() time.Time { return time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC) }
	synctest.Test(t, func(t *testing.T) {
		h, ends := open(t, hub.Options{PingInterval: time.Hour})
		a, b := net.Pipe()
		server, browser := handshake(t, a, b, forServer, forBrowser)
		done := make(chan string)
		go func() {
			got, err := io.ReadAll(browser)
			if err != nil {
				t.Error(err)
			}
			done <- string(got)
		}()
		must(t, reserve(t, h, "a").Join(server, hub.Stream, []byte("head\n")))
		wantDelivered(t, h.Publish("a", []byte(approved), true), 1)
		wantEvent(t, <-done, "head\ndata: "+approved+"\n\n")
		wantEnd(t, ends, hub.Delivered)

		a, b = net.Pipe()
		server, browser = handshake(t, a, b, forServer, forBrowser)
		must(t, reserve(t, h, "b").Join(server, hub.Stream, nil))
		must(t, browser.Close())
		wantEnd(t, ends, hub.Gone)
	})
}

func TestSlowReaderBehindTLS(t *testing.T) {
	h, ends := open(t, hub.Options{PingInterval: time.Hour, SendBuffer: 4096})
	a, b := tcpPair(t)
	forServer, forBrowser := tlsConfigs()
	server, browser := handshake(t, a, b, forServer, forBrowser)
	must(t, reserve(t, h, "slow").Join(server, hub.WebSocket, nil))
	for event := make([]byte, 10_000); h.Publish("slow", event, false) == 1; {
		// until the buffers are full
	}
	wantEnd(t, ends, hub.Slow)
	if _, err := io.Copy(io.Discard, browser.NetConn()); err == nil {
		t.Error("got a clean end, want a reset instead of a TLS alert it would not read")
	}
}

// If the head cannot be written, the browser has hung up.
func TestJoinFailsIfTheHeadCannotBeWritten(t *testing.T) {
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
