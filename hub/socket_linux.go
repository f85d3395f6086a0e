package hub

import (
	"bytes"
	"io"
	"net"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

var chunks = sync.Pool{New: func() any { return new(chunk) }}

// rawConn gives access to the descriptor of a plain socket; nil for any other
// connection. It tests for the concrete types of package net, because a wrapper
// that inherits SyscallConn may still process the bytes itself.
func rawConn(conn net.Conn) syscall.RawConn {
	var raw syscall.RawConn
	var err error
	switch c := conn.(type) {
	case *net.TCPConn:
		raw, err = c.SyscallConn()
	case *net.UnixConn:
		raw, err = c.SyscallConn()
	}
	if err != nil {
		return nil
	}
	return raw
}

// setUserTimeout makes the kernel drop the connection when sent data stays
// unacknowledged for d, because the machine or the network is gone: a stream
// answers no pings, and by default the kernel retransmits for a quarter of an
// hour. Sockets other than TCP reject the option and do not need it.
func setUserTimeout(raw syscall.RawConn, d time.Duration) {
	_ = raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(d.Milliseconds()))
	})
}

// writeOnce makes one write call. raw keeps the descriptor open meanwhile, so it
// cannot be reused by another connection.
func writeOnce(raw syscall.RawConn, b []byte) error {
	var n int
	var err error
	once := func(fd uintptr) bool {
		n, err = unix.Write(int(fd), b)
		return true
	}
	if failed := raw.Write(once); failed != nil {
		return failed
	}
	if err == unix.EAGAIN || err == nil && n < len(b) {
		return io.ErrShortWrite
	}
	return err
}

// hungUp reports, without blocking, whether a stream's browser has hung up. Any
// byte counts too: it means that this is not a stream client, which sends nothing
// after its request.
func hungUp(raw syscall.RawConn) (gone bool) {
	once := func(fd uintptr) bool {
		var b [1]byte
		_, err := unix.Read(int(fd), b[:])
		gone = err != unix.EAGAIN
		return true
	}
	return raw.Read(once) != nil || gone
}

// lazyRead is one read whose buffer is taken from the pool only when there is
// data.
type lazyRead struct {
	chunk *chunk
	n     int
	err   error
}

// try reads; it returns false if there is no data yet.
func (in *lazyRead) try(fd uintptr) (done bool) {
	c := chunks.Get().(*chunk)
	in.n, in.err = unix.Read(int(fd), c[:])
	if in.err == unix.EAGAIN {
		chunks.Put(c)
		return false
	}
	in.chunk = c
	return true
}

// readLoopRaw is readLoop without a buffer during the wait. Between two reads it
// keeps only the beginning of a split frame.
func (w *Waiter) readLoopRaw() {
	var in lazyRead
	var rest []byte
	try := in.try // made once: a method value allocates
	for more := true; more; {
		if err := w.raw.Read(try); err != nil {
			return
		}
		if in.err == nil && in.n > 0 {
			rest, more = w.receiveAfter(rest, in.chunk[:in.n])
		} else {
			more = false
		}
		chunks.Put(in.chunk)
		in.chunk = nil
	}
}

// receiveAfter passes b to receive, after what the last read left over.
func (w *Waiter) receiveAfter(rest, b []byte) ([]byte, bool) {
	if len(rest) > 0 {
		b = append(rest, b...)
	}
	left, more := w.receive(b)
	if len(left) == 0 {
		return nil, more
	}
	return bytes.Clone(left), more
}
