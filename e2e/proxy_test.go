package e2e

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// proxy stands between people and Nod, and has the faults of real ones.
type proxy struct {
	eatUpgrades atomic.Bool // passes a WebSocket's request on as a plain one
	holdStreams atomic.Bool // keeps an event stream to itself
	wire        *wire
	url         string
}

// behindProxy starts Nod with a proxy before it, under the proxy's address.
// cutIdle is after how long a quiet connection is cut, 0 for never.
func behindProxy(t *testing.T, cutIdle time.Duration, settings ...string) (*nod, *proxy) {
	t.Helper()
	p := &proxy{}
	backend := &url.URL{Scheme: "http", Host: freePort(t)}
	forward := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(backend)
			r.Out.Host = r.In.Host
			if p.eatUpgrades.Load() {
				r.Out.Header.Del("Upgrade")
				r.Out.Header.Del("Connection")
			}
		},
		// Nod may be away for a moment: what a browser then sees.
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.holdStreams.Load() && strings.HasSuffix(r.URL.Path, "/stream") {
			<-r.Context().Done()
			return
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	p.wire = newWire(t, server.Listener.Addr().String(), cutIdle)
	p.url = "http://localhost:" + p.wire.port()
	n := startNod(t, append([]string{"ADDR=" + backend.Host, "PUBLIC_URL=" + p.url}, settings...)...)
	return n, p
}

// freePort is an address that nobody listens on now.
func freePort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	must(t, ln.Close())
	return ln.Addr().String()
}

// wire passes bytes on, until it does not.
type wire struct {
	ln      net.Listener
	to      string
	cutIdle time.Duration

	mu   sync.Mutex
	dead []chan struct{} // one for each connection: closed, it passes nothing on
}

func newWire(t *testing.T, to string, cutIdle time.Duration) *wire {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	w := &wire{ln: ln, to: to, cutIdle: cutIdle}
	var group sync.WaitGroup
	group.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			group.Go(func() { w.carry(conn) })
		}
	})
	t.Cleanup(func() { ln.Close() })
	return w
}

func (w *wire) port() string {
	_, port, _ := net.SplitHostPort(w.ln.Addr().String())
	return port
}

// die makes every connection of now deaf and dumb, without closing it, as a
// laptop's sleep or a router's restart does. New ones work.
func (w *wire) die() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, dead := range w.dead {
		close(dead)
	}
	w.dead = nil
}

func (w *wire) carry(from net.Conn) {
	defer from.Close()
	to, err := net.Dial("tcp", w.to)
	if err != nil {
		return
	}
	defer to.Close()
	dead := make(chan struct{})
	w.mu.Lock()
	w.dead = append(w.dead, dead)
	w.mu.Unlock()
	var pair sync.WaitGroup
	for _, way := range [][2]net.Conn{{from, to}, {to, from}} {
		pair.Go(func() {
			defer from.Close()
			defer to.Close()
			w.copy(way[1], way[0], dead)
		})
	}
	pair.Wait()
}

func (w *wire) copy(to io.Writer, from net.Conn, dead <-chan struct{}) {
	buffer := make([]byte, 32<<10)
	for {
		if w.cutIdle > 0 {
			if from.SetReadDeadline(time.Now().Add(w.cutIdle)) != nil {
				return
			}
		}
		n, err := from.Read(buffer)
		select {
		case <-dead:
			io.Copy(io.Discard, from) // until the other side gives up
			return
		default:
		}
		if err != nil {
			return
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}
