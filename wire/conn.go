package wire

import "net"

// Listener records the connections that ln accepts. A nil recorder returns ln.
func (r *Recorder) Listener(ln net.Listener, p Point) net.Listener {
	if r == nil {
		return ln
	}
	return &listener{ln, r, p}
}

type listener struct {
	net.Listener
	rec   *Recorder
	point Point
}

func (l *listener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.rec.Conn(conn, l.point), nil
}

// Conn is a connection that records what goes over it.
type Conn struct {
	net.Conn
	tap tap
}

func (c *Conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.Received(b[:n])
	return n, err
}

func (c *Conn) Write(b []byte) (int, error) {
	c.Sent(b)
	n, err := c.Conn.Write(b)
	if err != nil {
		c.tap.lost()
	}
	return n, err
}

// Sent is told what is about to be written past this connection: before, because
// the other side may answer at once.
func (c *Conn) Sent(b []byte) { c.tap.feed(c.tap.point.client(), b) }

// Received is told what was read past this connection.
func (c *Conn) Received(b []byte) { c.tap.feed(!c.tap.point.client(), b) }

// Note adds to the next answer what its bytes do not say.
func (c *Conn) Note(text string) { c.tap.note(text) }

// About says which approval request this request, its answer and all that follows on
// its socket are about, where their bytes do not.
func (c *Conn) About(uuid string) { c.tap.about(uuid) }

// UnsafeConn is for who takes the connection beneath; see Sent and Received.
func (c *Conn) UnsafeConn() net.Conn { return c.Conn }

// CloseWrite ends one half, where the connection can do that.
func (c *Conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
