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

	"nod/tools/ports"
)

// proxy stands between people and Nod, with the faults of real proxies.
type proxy struct {
	dropUpgrades atomic.Bool  // forwards a WebSocket handshake as a plain request
	holdStreams  atomic.Bool  // accepts an event stream and forwards nothing of it
	loses        atomic.Value // a func(path string) bool: no answer is given to these
	noCookies    atomic.Bool  // forwards no cookie, either way
	newer        atomic.Bool  // has the scripts of another version of Nod
	sockets      atomic.Int64 // WebSocket handshakes seen
	wire         *wire
	url          string
}

// behindProxy starts Nod behind a proxy, under the proxy's address.
func behindProxy(t *testing.T, settings ...string) (*nod, *proxy) {
	t.Helper()
	p := &proxy{}
	p.lose(func(string) bool { return false })
	backend := &url.URL{Scheme: "http", Host: ports.Free()}
	forward := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(backend)
			r.Out.Host = r.In.Host
			if p.newer.Load() {
				r.Out.Header.Del("If-None-Match") // what the browser has is of the older one
			}
			if p.dropUpgrades.Load() {
				r.Out.Header.Del("Upgrade")
				r.Out.Header.Del("Connection")
			}
		},
		ModifyResponse: func(r *http.Response) error {
			if p.noCookies.Load() {
				r.Header.Del("Set-Cookie")
			}
			if added := ofNewer[r.Request.URL.Path]; added != "" && p.newer.Load() {
				return lengthen(r, added)
			}
			return nil
		},
		// What a browser sees while Nod restarts.
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.loses.Load().(func(string) bool)(r.URL.Path) {
			panic(http.ErrAbortHandler) // closes the connection
		}
		if p.noCookies.Load() {
			r.Header.Del("Cookie")
		}
		if r.Header.Get("Upgrade") != "" {
			p.sockets.Add(1)
		}
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
	p.wire = newWire(t, server.Listener.Addr().String())
	p.url = "http://localhost:" + p.wire.port()
	n := startNod(t, append([]string{"ADDR=" + backend.Host, "PUBLIC_URL=" + p.url}, settings...)...)
	return n, p
}

// lose answers no request for a path of these any more.
func (p *proxy) lose(these func(path string) bool) { p.loses.Store(these) }

// wire forwards TCP connections, and can break them.
type wire struct {
	ln net.Listener
	to string

	mu    sync.Mutex
	links []link
}

// link is one forwarded connection.
type link struct {
	from, to net.Conn
	dead     chan struct{} // closed: it forwards nothing more
}

func newWire(t *testing.T, to string) *wire {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	w := &wire{ln: ln, to: to}
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

// die makes the open connections forward nothing more, without closing them,
// as a sleeping laptop or a restarted router does. New ones work.
func (w *wire) die() {
	for _, l := range w.take() {
		close(l.dead)
	}
}

// cut closes the open connections, as a proxy does with idle ones. New ones
// work.
func (w *wire) cut() {
	for _, l := range w.take() {
		l.from.Close()
		l.to.Close()
	}
}

func (w *wire) take() []link {
	w.mu.Lock()
	defer w.mu.Unlock()
	links := w.links
	w.links = nil
	return links
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
	w.links = append(w.links, link{from, to, dead})
	w.mu.Unlock()
	var pair sync.WaitGroup
	for _, ends := range [][2]net.Conn{{from, to}, {to, from}} {
		pair.Go(func() {
			defer from.Close()
			defer to.Close()
			forward(ends[1], ends[0], dead)
		})
	}
	pair.Wait()
}

// forward copies until the source ends; after dead it only reads.
func forward(to io.Writer, from net.Conn, dead <-chan struct{}) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		select {
		case <-dead:
			io.Copy(io.Discard, from) // until the sender closes
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
