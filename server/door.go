package server

import (
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"nod/handlers"
)

// patience is how long a client may take on any of the listeners. Waiting browsers
// are the hub's, which has its own.
type patience struct {
	first   time.Duration // for the first byte
	request time.Duration // for a request, head and body
	idle    time.Duration // between two requests
	write   time.Duration // to take an answer, or a part of a long one
}

var usualPatience = patience{first: 10 * time.Second, request: 5 * time.Second, idle: time.Minute, write: 15 * time.Second}

// door is a listener whose clients are counted and do not get for ever.
type door struct {
	net.Listener
	crowd    *crowd
	patience patience
	bare     bool // the server behind it refuses in words without our headers
}

// behind puts a door before a listener of this site.
func (s *site) behind(ln net.Listener) *door {
	return &door{Listener: ln, crowd: s.crowd(), patience: s.patience}
}

// ownProxy tells our proxies from clients.
func (s *site) ownProxy() func(net.Addr) bool {
	proxies, err := handlers.ParseProxies(s.TrustedProxies)
	if err != nil {
		proxies = nil // the start fails of it
	}
	return func(addr net.Addr) bool {
		peer, err := netip.ParseAddrPort(addr.String())
		return err == nil && proxies.Has(peer.Addr())
	}
}

// Accept waits for the next client that may come in.
func (d *door) Accept() (net.Conn, error) {
	for {
		conn, err := d.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := &client{Conn: conn, crowd: d.crowd, heads: &heads{}, bare: d.bare, write: d.patience.write}
		// fasthttp sets no deadline for the first byte where it saves memory. What the
		// servers set later takes the place of this one.
		if conn.SetReadDeadline(time.Now().Add(d.patience.first)) != nil || !d.crowd.enter(c) {
			_ = conn.Close()
			continue
		}
		return c, nil
	}
}

// client is the connection of one client, as long as it does not wait: the hub
// removes this wrapper.
type client struct {
	net.Conn
	crowd *crowd
	heads *heads // nil once it speaks something else than HTTP
	bare  bool   // as the door's
	write time.Duration

	at        seat
	idleSince uint64 // 0 amid a request; the crowd's lock guards it

	writeBy atomic.Int64 // the server's own deadline, in Unix nanoseconds; 0: none
}

// UnsafeConn is how the hub takes the socket itself: its client waits from now on.
func (c *client) UnsafeConn() net.Conn {
	c.crowd.leave(c)
	return c.Conn
}

func (c *client) Read(b []byte) (int, error) {
	if c.heads == nil {
		return c.Conn.Read(b)
	}
	return c.heads.read(c.Conn, b)
}

// Write gives each write its time. net/http has only a limit for a whole answer,
// and long waits are answers too; fasthttp leaves the deadline of one answer for
// the next, which may be an error and sets none.
func (c *client) Write(b []byte) (int, error) {
	if now := time.Now(); c.writeBy.Load() <= now.UnixNano() {
		if err := c.Conn.SetWriteDeadline(now.Add(c.write)); err != nil {
			return 0, err
		}
	}
	if whole, ok := withBareHeaders(b); c.bare && ok {
		if _, err := c.Conn.Write(whole); err != nil {
			return 0, err
		}
		return len(b), nil
	}
	return c.Conn.Write(b)
}

func (c *client) SetWriteDeadline(t time.Time) error {
	c.noteDeadline(t)
	return c.Conn.SetWriteDeadline(t)
}

func (c *client) SetDeadline(t time.Time) error {
	c.noteDeadline(t)
	return c.Conn.SetDeadline(t)
}

func (c *client) noteDeadline(t time.Time) {
	var by int64
	if !t.IsZero() {
		by = t.UnixNano()
	}
	c.writeBy.Store(by)
}

// CloseWrite is how net/http ends a refusal, so that it is not lost in a reset.
func (c *client) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// tape is what records a connection; see handlers.
type tape interface {
	Note(text string)
	About(uuid string)
}

// Note passes on to who records the connection, if anybody does.
func (c *client) Note(text string) {
	if t, ok := c.Conn.(tape); ok {
		t.Note(text)
	}
}

// About does the same.
func (c *client) About(uuid string) {
	if t, ok := c.Conn.(tape); ok {
		t.About(uuid)
	}
}

func (c *client) Close() error {
	c.crowd.leave(c)
	return c.Conn.Close()
}

// followFast and followHTTP tell the crowd what becomes of each client.
func followFast(conn net.Conn, state fasthttp.ConnState) {
	switch state {
	case fasthttp.StateActive:
		follow(conn, (*crowd).works)
	case fasthttp.StateIdle:
		follow(conn, (*crowd).idles)
	}
}

func followHTTP(conn net.Conn, state http.ConnState) {
	switch state {
	case http.StateActive:
		follow(conn, (*crowd).works)
	case http.StateIdle:
		follow(conn, (*crowd).idles)
	case http.StateHijacked:
		follow(conn, func(w *crowd, c *client) {
			c.heads = nil
			w.leave(c)
		})
	}
}

func follow(conn net.Conn, what func(*crowd, *client)) {
	if c, ok := conn.(*client); ok {
		what(c.crowd, c)
	}
}
