package hub

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// These tests turn the loop by hand, so that they know what it has seen.

// stillHub is a hub whose loop never runs.
func stillHub(t testing.TB, o Options) *Hub {
	t.Helper()
	o.PingInterval = time.Hour
	h := New(o)
	h.watch.start.Do(func() { close(h.watch.done) })
	t.Cleanup(func() { shut(t, h) })
	return h
}

// shut shuts a hub down without waiting for its browsers.
func shut(t testing.TB, h *Hub) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := h.Shutdown(ctx, 1012); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// pair connects two ends over loopback.
func pair(t testing.TB) (server, browser *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer func() { _ = l.Close() }()
	b, err := net.Dial("tcp", l.Addr().String())
	must(t, err)
	t.Cleanup(func() { _ = b.Close() })
	s, err := l.Accept()
	must(t, err)
	return s.(*net.TCPConn), b.(*net.TCPConn)
}

// join has a browser wait and returns its end.
func join(t testing.TB, h *Hub, key string, kind Kind) (*Waiter, *net.TCPConn) {
	t.Helper()
	server, browser := pair(t)
	w, err := h.Reserve(key, "x")
	must(t, err)
	must(t, w.Join(server, kind, nil))
	if w.reads {
		t.Fatal("the socket is not watched: the test shows nothing")
	}
	return w, browser
}

// arrived waits until the kernel reports these poll events of the waiter's socket.
func arrived(t *testing.T, w *Waiter, events int16) {
	t.Helper()
	fds := []unix.PollFd{{Fd: int32(w.Descriptor()), Events: events}}
	for {
		n, err := unix.Poll(fds, -1)
		if n == 1 {
			return
		}
		if err != unix.EINTR {
			t.Fatal(n, err)
		}
	}
}

// unread is how many bytes of the browser the kernel holds for the waiter.
func unread(t *testing.T, w *Waiter) int {
	t.Helper()
	n, err := unix.IoctlGetInt(w.Descriptor(), unix.TIOCINQ)
	must(t, err)
	return n
}

// seen returns what epoll reports now.
func seen(t *testing.T, h *Hub) []unix.EpollEvent {
	t.Helper()
	var events [8]unix.EpollEvent
	n, err := unix.EpollWait(int(h.watch.epoll), events[:], 0)
	must(t, err)
	return events[:n]
}

func send(t *testing.T, browser *net.TCPConn, b []byte) {
	t.Helper()
	_, err := browser.Write(b)
	must(t, err)
}
