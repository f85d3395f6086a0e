package hub

import (
	"errors"
	"io"
	"net"
	"os"
	"time"
)

// What the hub asks of a connection. With sockets of the system, the file for
// the system does most of it, without waiting and without buffers; what is here
// does with any connection, such as TLS that ends in this process.

// patience is the longest any event waits for the browsers it is for. Sockets
// of the system are not waited for at all.
const patience = 20 * time.Millisecond

// bare takes off what a server wraps connections in, and reuses afterwards.
func bare(conn net.Conn) net.Conn {
	for {
		wrapper, ok := conn.(interface{ UnsafeConn() net.Conn })
		if !ok {
			return conn
		}
		conn = wrapper.UnsafeConn()
	}
}

// prepare takes over from the server: it clears the deadlines that may be left
// and sets what the hub wants of a socket. It fails only on closed connections.
func (w *Waiter) prepare() error {
	if c, ok := w.conn.(interface{ SetWriteBuffer(int) error }); ok && w.hub.opts.SendBuffer > 0 {
		if err := c.SetWriteBuffer(w.hub.opts.SendBuffer); err != nil {
			return err
		}
	}
	if w.raw != nil {
		limitUnacked(w.raw, w.hub.opts.PingInterval*time.Duration(w.hub.opts.MissedPongs+1))
	}
	return w.conn.SetDeadline(time.Time{})
}

// try writes all of b, or fails. What was written then cannot be taken back, so
// that the connection is of no further use.
func (w *Waiter) try(b []byte, patience time.Duration) error {
	if len(b) == 0 {
		return nil
	}
	if w.raw != nil {
		return writeOnce(w.raw, b)
	}
	if err := w.conn.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, err := w.conn.Write(b)
	return err
}

func whyFailed(err error) End {
	if errors.Is(err, io.ErrShortWrite) || errors.Is(err, os.ErrDeadlineExceeded) {
		return Slow
	}
	return Gone
}

var past = time.Unix(1, 0)

// wake ends the reading at this time. It fails only on a connection that is
// closed, which needs no waking.
func (w *Waiter) wake(at time.Time) { _ = w.conn.SetReadDeadline(at) }

// listen parks until the browser says something, and returns when it is gone or
// the hub is through with it.
func (w *Waiter) listen() {
	if w.raw != nil {
		w.listenRaw()
		return
	}
	buf := make([]byte, 512)
	rest, more := 0, true
	for more {
		n, err := w.conn.Read(buf[rest:])
		if err != nil {
			return
		}
		var left []byte
		left, more = w.hear(buf[:rest+n])
		rest = copy(buf, left)
	}
}

// hangUp closes the connection. One that does not read or answer is reset, so
// that the kernel drops what it held for it; TLS would try to say goodbye first.
func (w *Waiter) hangUp() error {
	conn := w.conn
	if w.end != Slow && w.end != Silent {
		return conn.Close()
	}
	if c, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = c.NetConn()
	}
	if c, ok := conn.(interface{ SetLinger(int) error }); ok {
		_ = c.SetLinger(0)
	}
	return conn.Close()
}
