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

// rawConn is the way to a socket without a buffer in between, nil if there is
// none. Only the system's own types: one that wraps a socket and inherits its
// SyscallConn may still want to see the bytes.
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

// limitUnacked lets the kernel give up on a browser whose machine has gone: a
// stream answers no pings, and without it what was sent is repeated for a
// quarter of an hour. Sockets other than TCP refuse it and do not need it.
func limitUnacked(raw syscall.RawConn, d time.Duration) {
	_ = raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(d.Milliseconds()))
	})
}

// writeOnce is one system call. The descriptor cannot be closed and given to
// another connection during it: raw holds it.
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

// hungUp asks without waiting whether a stream's browser has gone. If it sent
// bytes instead, it is none: a stream's request was all it had to say.
func hungUp(raw syscall.RawConn) (gone bool) {
	once := func(fd uintptr) bool {
		var b [1]byte
		_, err := unix.Read(int(fd), b[:])
		gone = err != unix.EAGAIN
		return true
	}
	return raw.Read(once) != nil || gone
}

// inbox is what a parked reader holds: no buffer until there is something.
type inbox struct {
	chunk *chunk
	n     int
	err   error
}

// take reads, or says that there is nothing yet.
func (in *inbox) take(fd uintptr) (done bool) {
	c := chunks.Get().(*chunk)
	in.n, in.err = unix.Read(int(fd), c[:])
	if in.err == unix.EAGAIN {
		chunks.Put(c)
		return false
	}
	in.chunk = c
	return true
}

// listenRaw is listen with the buffer borrowed after the wait instead of kept
// during it. Between two chunks only the beginning of a split frame is kept.
func (w *Waiter) listenRaw() {
	var in inbox
	var rest []byte
	take := in.take
	for more := true; more; {
		if err := w.raw.Read(take); err != nil {
			return
		}
		if in.err == nil && in.n > 0 {
			rest, more = w.hearAfter(rest, in.chunk[:in.n])
		} else {
			more = false
		}
		chunks.Put(in.chunk)
		in.chunk = nil
	}
}

func (w *Waiter) hearAfter(rest, b []byte) ([]byte, bool) {
	if len(rest) > 0 {
		b = append(rest, b...)
	}
	left, more := w.hear(b)
	if len(left) == 0 {
		return nil, more
	}
	return bytes.Clone(left), more
}
