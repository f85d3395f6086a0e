package hub

import (
	"io"
	"net"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// descriptor is the hub's own descriptor of a plain socket. The kernel gives a
// number away again as soon as it is closed, so every use of the number, and the
// one close, happens under the lock: no call can reach a connection that has been
// given the number since. The zero descriptor is closed, and so is one after close;
// the methods of a closed descriptor fail with [net.ErrClosed] or do nothing.
//
// No method blocks: the socket is non-blocking, as Go's sockets are.
type descriptor struct {
	mu   sync.Mutex
	fd   int32 // 0 if closed
	slot int32 // in the watch; 0 if it is not watched
}

// open duplicates the descriptor of a plain socket and reports whether it could.
// It tests for the concrete types of package net, because a wrapper that inherits
// SyscallConn may still process the bytes itself.
func (d *descriptor) open(conn net.Conn) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	var raw syscall.RawConn
	var err error
	switch c := conn.(type) {
	case *net.TCPConn:
		raw, err = c.SyscallConn()
	case *net.UnixConn:
		raw, err = c.SyscallConn()
	default:
		return false
	}
	if err != nil {
		return false
	}
	err = raw.Control(func(fd uintptr) {
		// Never 0, 1 or 2, so that 0 can stand for a closed one.
		if own, err := unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 3); err == nil {
			d.fd = int32(own)
		}
	})
	return err == nil && d.fd != 0
}

// setUserTimeout makes the kernel drop the connection when sent data stays
// unacknowledged for t, because the machine or the network is gone: a stream
// answers no pings, and by default the kernel retransmits for a quarter of an
// hour. Sockets other than TCP reject the option and do not need it.
func (d *descriptor) setUserTimeout(t time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fd != 0 {
		_ = unix.SetsockoptInt(int(d.fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(t.Milliseconds()))
	}
}

// write makes one attempt to write b. [io.ErrShortWrite] means that the kernel
// took only a part of it, or nothing.
func (d *descriptor) write(b []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fd == 0 {
		return net.ErrClosed
	}
	n, err := unix.Write(int(d.fd), b)
	if err == unix.EAGAIN || err == nil && n < len(b) {
		return io.ErrShortWrite
	}
	return err
}

// read makes one attempt to read. n is 0 without an error at the end of what the
// browser sends; unix.EAGAIN means that there is nothing to read now.
func (d *descriptor) read(b []byte) (n int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fd == 0 {
		return 0, net.ErrClosed
	}
	return unix.Read(int(d.fd), b)
}

// hungUp reports whether the browser has closed its end, even if what it sent
// before has not been read. Of a stream any byte counts as well: its client sends
// nothing after its request. Nothing is read.
func (d *descriptor) hungUp(kind Kind) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fd == 0 {
		return false
	}
	ask := int16(unix.POLLRDHUP)
	if kind == Stream {
		ask |= unix.POLLIN
	}
	n, err := unix.Poll([]unix.PollFd{{Fd: d.fd, Events: ask}}, 0)
	return n > 0 && err == nil
}

// watch registers the socket, which is w's, so that w looks when there is something
// to read. It reports whether that is possible.
func (d *descriptor) watch(p *watch, w *Waiter) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fd != 0 {
		d.slot = p.add(d.fd, w)
	}
	return d.slot != 0
}

// close closes the socket; with reset, what was not sent yet is dropped. A second
// call does nothing.
func (d *descriptor) close(p *watch, reset bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fd == 0 {
		return
	}
	if d.slot != 0 {
		p.remove(d.fd, d.slot)
	}
	if reset {
		_ = unix.SetsockoptLinger(int(d.fd), unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	}
	_ = unix.Close(int(d.fd)) // the number is free even if it fails
	d.fd, d.slot = 0, 0
}
