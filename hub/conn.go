package hub

import (
	"errors"
	"io"
	"net"
	"os"
	"time"
)

// What the hub does with a connection. On Linux it has a descriptor of its own for
// a plain socket, which never blocks and is watched. Any other connection, such as
// one whose TLS ends in this process, is read by a goroutine; so is a plain socket
// when the system is out of descriptors.

// writeTimeout is how long one event may block on the connections that cannot be
// written without blocking. Plain sockets on Linux never block.
const writeTimeout = 20 * time.Millisecond

// Tape is a wrapper that records a connection. It is told each message just before
// it is written, and the bytes of the browser before they are parsed.
type Tape interface {
	Sent(b []byte)
	Received(b []byte)
}

// unwrap removes the wrappers that a server puts around connections and reuses
// for others afterwards. tape is the one among them that records, nil without one.
func unwrap(conn net.Conn) (_ net.Conn, tape Tape) {
	for {
		wrapper, ok := conn.(interface{ UnsafeConn() net.Conn })
		if !ok {
			return conn, tape
		}
		if t, ok := conn.(Tape); ok {
			tape = t
		}
		conn = wrapper.UnsafeConn()
	}
}

// take makes the connection the waiter's and writes head. It fails if the browser
// has gone.
func (w *Waiter) take(conn net.Conn, head []byte) error {
	if c, ok := conn.(interface{ SetWriteBuffer(int) error }); ok && w.hub.opts.SendBuffer > 0 {
		if err := c.SetWriteBuffer(w.hub.opts.SendBuffer); err != nil {
			return err
		}
	}
	if w.hub.watch != nil && w.socket.open(conn) {
		return w.takeSocket(conn, head)
	}
	return w.takeConn(conn, head)
}

// takeSocket keeps the waiter's own descriptor of conn and closes the server's. A
// socket that cannot be watched is read by a goroutine instead.
func (w *Waiter) takeSocket(conn net.Conn, head []byte) error {
	w.socket.setUserTimeout(w.hub.opts.PingInterval * time.Duration(w.hub.opts.MissedPongs+1))
	if err := w.tryWrite(head, 0); err != nil {
		w.socket.close(w.hub.watch, false)
		return err
	}
	if !w.socket.watch(w.hub.watch, w) {
		w.socket.close(w.hub.watch, false)
		return w.takeConn(conn, nil)
	}
	// The socket stays open, so it does not matter if this fails.
	_ = conn.Close()
	return nil
}

// takeConn keeps conn and clears the deadlines that the server may have left.
func (w *Waiter) takeConn(conn net.Conn, head []byte) error {
	w.reads, w.seldom().conn = true, conn
	if err := conn.SetDeadline(time.Time{}); err != nil {
		return err
	}
	return w.tryWrite(head, writeTimeout)
}

// tryWrite writes all of b or fails. After a failure part of b may have been
// sent, so the connection must be closed.
func (w *Waiter) tryWrite(b []byte, timeout time.Duration) error {
	if len(b) == 0 {
		return nil
	}
	if w.taped {
		w.rare.tape.Sent(b)
	}
	if !w.reads {
		return w.socket.write(b)
	}
	conn := w.rare.conn
	if err := conn.SetWriteDeadline(time.Now().Add(timeout)); err != nil {
		return err
	}
	_, err := conn.Write(b)
	return err
}

// endFor maps a failed write to the end it means.
func endFor(err error) End {
	if errors.Is(err, io.ErrShortWrite) || errors.Is(err, os.ErrDeadlineExceeded) {
		return Slow
	}
	return Gone
}

var past = time.Unix(1, 0)

// stopReading makes the reader return at this time. It fails only on a closed
// connection, whose reader has returned.
func (w *Waiter) stopReading(at time.Time) { _ = w.rare.conn.SetReadDeadline(at) }

// readLoop reads what the browser sends until it hangs up or the hub is done
// with it.
func (w *Waiter) readLoop() {
	buf := make([]byte, 512)
	rest, more := 0, true
	for more {
		n, err := w.rare.conn.Read(buf[rest:])
		if err != nil {
			return
		}
		w.heard(buf[rest : rest+n])
		var left []byte
		left, more = w.receive(buf[:rest+n])
		rest = copy(buf, left)
	}
}

// heard tells the tape what the browser has sent.
func (w *Waiter) heard(b []byte) {
	if !w.taped {
		return
	}
	w.mu.Lock()
	tape := w.rare.tape
	w.mu.Unlock()
	tape.Received(b)
}

// closeConn closes the connection. If the browser does not read or answer, the
// connection is reset, so that the kernel frees the unsent data; TLS is bypassed,
// because its Close would try to write an alert first.
func (w *Waiter) closeConn() error {
	reset := w.end == Slow || w.end == Silent
	if !w.reads {
		w.socket.close(w.hub.watch, reset)
		return nil
	}
	conn := w.rare.conn
	if !reset {
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
