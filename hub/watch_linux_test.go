package hub

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
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
	if w.hasReader() {
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

func TestAFloodGetsItsTurnOnly(t *testing.T) {
	h := stillHub(t, Options{})
	flood, flooder := join(t, h, "flood", WebSocket)
	quiet, browser := join(t, h, "quiet", WebSocket)
	flooded, err := flooder.Write(make([]byte, 4*len(chunk{})))
	must(t, err)
	ping := []byte{final | opPing, masked, 0, 0, 0, 0}
	_, err = browser.Write(ping)
	must(t, err)
	for unread(t, flood) < flooded {
		runtime.Gosched()
	}
	arrived(t, quiet, unix.POLLIN)

	h.watch.turn(seen(t, h), new(chunk))
	pong := make([]byte, 2)
	_, err = io.ReadFull(browser, pong)
	must(t, err)
	if want := []byte{final | opPong, 0}; !bytes.Equal(pong, want) {
		t.Errorf("got % x, want % x", pong, want)
	}
	if read := flooded - unread(t, flood); read != len(chunk{}) {
		t.Errorf("read %d bytes of the flood in one turn, want %d", read, len(chunk{}))
	}
}

// Whether a browser has gone is known before the loop has looked, whatever else it
// has sent, and nothing is read to know it.
func TestHungUp(t *testing.T) {
	text := []byte{final | opText, masked, 0, 0, 0, 0}
	for _, c := range []struct {
		name              string
		do                func(*testing.T, *net.TCPConn)
		await             int16
		websocket, stream bool
	}{
		{"waiting", func(*testing.T, *net.TCPConn) {}, unix.POLLOUT, false, false},
		{"sent something", func(t *testing.T, b *net.TCPConn) { send(t, b, text) }, unix.POLLIN, false, true},
		{"closed", func(t *testing.T, b *net.TCPConn) { must(t, b.Close()) }, unix.POLLRDHUP, true, true},
		{"sent something and closed", func(t *testing.T, b *net.TCPConn) { send(t, b, text); must(t, b.Close()) }, unix.POLLRDHUP, true, true},
		{"reset", func(t *testing.T, b *net.TCPConn) { must(t, b.SetLinger(0)); must(t, b.Close()) }, 0, true, true},
	} {
		for kind, want := range map[Kind]bool{WebSocket: c.websocket, Stream: c.stream} {
			t.Run(c.name+", "+kind.String(), func(t *testing.T) {
				h := stillHub(t, Options{PerKey: 1})
				w, browser := join(t, h, "a", kind)
				c.do(t, browser)
				arrived(t, w, c.await)
				before := unread(t, w)
				if got := w.hungUp(); got != want {
					t.Errorf("got %v, want %v", got, want)
				}
				if after := unread(t, w); after != before {
					t.Errorf("%d bytes are left of %d", after, before)
				}
				_, err := h.Reserve("a", "x")
				if refused := errors.Is(err, ErrTooManyForKey); refused == want {
					t.Errorf("the next one of this key: got %v", err)
				}
			})
		}
	}
}

func send(t *testing.T, browser *net.TCPConn, b []byte) {
	t.Helper()
	_, err := browser.Write(b)
	must(t, err)
}

// A closed descriptor, and one that was never open, does nothing, whoever has its
// number now.
func TestAClosedDescriptorReachesNobody(t *testing.T) {
	h := stillHub(t, Options{})
	first, _ := pair(t)
	second, browser := pair(t)
	var closed, other, zero descriptor
	if !closed.open(first) {
		t.Fatal("no descriptor")
	}
	number := closed.fd
	closed.close(h.watch, false)
	if !other.open(second) || other.fd != number {
		t.Fatalf("the number %d was not used again: the test shows nothing", number)
	}
	must(t, second.Close()) // other is the only one left
	for name, d := range map[string]*descriptor{"closed": &closed, "zero": &zero} {
		if err := d.write([]byte("secret")); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: write: got %v, want %v", name, err, net.ErrClosed)
		}
		if n, err := d.read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: read: got %d, %v, want %v", name, n, err, net.ErrClosed)
		}
		if d.hungUp(Stream) || d.watch(h.watch, nil) {
			t.Errorf("%s: it is looked at", name)
		}
		d.setUserTimeout(time.Second)
		d.close(h.watch, true)
	}
	must(t, other.write([]byte("own")))
	other.close(h.watch, false)
	if got, err := io.ReadAll(browser); err != nil || string(got) != "own" {
		t.Errorf("got %q, %v", got, err)
	}
}

// Somebody else holds a duplicate, as a child process does between fork and exec:
// the closed socket must not be reported any more, or the loop would spin.
func TestAClosedSocketIsNotWatched(t *testing.T) {
	h := stillHub(t, Options{})
	server, browser := pair(t)
	file, err := server.File()
	must(t, err)
	defer func() { must(t, file.Close()) }()
	w, err := h.Reserve("a", "x")
	must(t, err)
	must(t, w.Join(server, WebSocket, nil))
	must(t, browser.Close())
	arrived(t, w, unix.POLLRDHUP)
	if got := len(seen(t, h)); got != 1 {
		t.Fatalf("got %d events before the close, want 1", got)
	}
	w.teardown()
	if got := len(seen(t, h)); got != 0 {
		t.Errorf("got %d events after the close, want none", got)
	}
}

// An event may be late: its slot is free by then, or has another waiter.
func TestALateEventMeansNobody(t *testing.T) {
	h := stillHub(t, Options{})
	w, browser := join(t, h, "a", WebSocket)
	must(t, browser.Close())
	arrived(t, w, unix.POLLRDHUP)
	late := seen(t, h)
	w.teardown()
	if got := h.watch.waiter(late[0]); got != nil {
		t.Error("an event means a waiter that has ended")
	}
	other, _ := join(t, h, "b", WebSocket)
	if other.socket.slot != late[0].Fd {
		t.Fatal("the slot was not used again: the test shows nothing")
	}
	if got := h.watch.waiter(late[0]); got != nil {
		t.Error("an event means the next waiter of its slot")
	}
}

// A socket that has hung up with no end to read would be reported for ever.
func TestAHangUpWithNothingToReadIsTheEnd(t *testing.T) {
	h := stillHub(t, Options{})
	w, _ := join(t, h, "a", WebSocket)
	for events, want := range map[uint32]bool{unix.EPOLLIN: true, unix.EPOLLIN | unix.EPOLLHUP: false, unix.EPOLLERR: false} {
		if more := w.look(new(chunk)[:], events); more != want {
			t.Errorf("events %x: more to come is %v, want %v", events, more, want)
		}
	}
}

// A browser that does not answer a close frame is closed after the grace period,
// or when Shutdown waits no longer.
func TestABrowserThatDoesNotAnswerTheClose(t *testing.T) {
	for name, grace := range map[string]time.Duration{"grace": time.Nanosecond, "shutdown": time.Hour} {
		t.Run(name, func(t *testing.T) {
			h := New(Options{PingInterval: time.Hour, Grace: grace})
			w, browser := join(t, h, "a", WebSocket)
			must(t, w.Send([]byte("{}"), true))
			if name == "shutdown" {
				shut(t, h)
			}
			got, err := io.ReadAll(browser)
			must(t, err)
			if want := event([]byte("{}"), true)[WebSocket]; !bytes.Equal(got, want) {
				t.Errorf("got % x, want % x", got, want)
			}
			shut(t, h)
		})
	}
}

// A split frame whose end comes together with the last event.
func TestASplitFrameAndTheLastEvent(t *testing.T) {
	h := New(Options{PerKey: 1000})
	for range 200 {
		w, browser := join(t, h, "a", WebSocket)
		frame := []byte{final | opPing, masked | 2, 0, 0, 0, 0, 'h', 'i'}
		send(t, browser, frame[:5])
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = w.Send([]byte("last"), true)
		}()
		send(t, browser, frame[5:])
		<-done
		_ = browser.CloseWrite()
		if _, err := io.ReadAll(browser); err != nil {
			t.Error(err)
		}
	}
	must(t, h.Shutdown(t.Context(), 1012))
}

// limitDescriptors lets the process open n more descriptors until the function
// that it returns is called.
func limitDescriptors(t *testing.T, n int) (restore func()) {
	t.Helper()
	var old unix.Rlimit
	must(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &old))
	restore = func() { must(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &old)) }
	next, err := unix.FcntlInt(0, unix.F_DUPFD_CLOEXEC, 0)
	must(t, err)
	must(t, unix.Close(next))
	must(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: uint64(next + n), Max: old.Max}))
	t.Cleanup(restore)
	return restore
}

// wantWaiting checks that a browser waits as it should, with or without the watch.
func wantWaiting(t *testing.T, h *Hub, w *Waiter, browser *net.TCPConn) {
	t.Helper()
	send(t, browser, []byte{final | opPing, masked, 0, 0, 0, 0})
	got := make([]byte, 2)
	_, err := io.ReadFull(browser, got)
	must(t, err)
	if told := h.Publish("a", []byte("{}"), true); told != 1 {
		t.Errorf("told %d, want 1", told)
	}
	send(t, browser, []byte{final | opClose, masked | 2, 0, 0, 0, 0, 0x03, 0xE8})
	all, err := io.ReadAll(browser)
	must(t, err)
	if want := event([]byte("{}"), true)[WebSocket]; !bytes.Equal(all, want) {
		t.Errorf("got % x, want % x", all, want)
	}
}

func TestOutOfDescriptors(t *testing.T) {
	for name, c := range map[string]struct {
		epoll, join int // how many more the process may open then
		reader      bool
	}{
		"for epoll":      {0, 100, true},
		"at the join":    {100, 0, true},
		"after the join": {100, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			ends := make(chan End, 1)
			restore := limitDescriptors(t, c.epoll)
			h := New(Options{PingInterval: time.Hour, OnEnd: func(_ Kind, e End) { ends <- e }})
			restore()
			server, browser := pair(t)
			w, err := h.Reserve("a", "x")
			must(t, err)
			restore = limitDescriptors(t, c.join)
			err = w.Join(server, WebSocket, nil)
			if w.hasReader() != c.reader {
				t.Errorf("has a reader: got %v, want %v", w.hasReader(), c.reader)
			}
			if !c.reader {
				restore()
				restore = limitDescriptors(t, 0)
			}
			must(t, err)
			wantWaiting(t, h, w, browser)
			if got := <-ends; got != Delivered {
				t.Errorf("got end %v, want %v", got, Delivered)
			}
			restore()
			must(t, h.Shutdown(t.Context(), 1012))
		})
	}
}

// Epoll refuses the socket, as it does when its table is full (ENOSPC): the hub's own
// descriptor and its slot are given back.
func TestASocketThatCannotBeWatchedIsRead(t *testing.T) {
	other, _ := pair(t)
	file, err := other.File()
	must(t, err)
	raw, err := file.SyscallConn()
	must(t, err)
	var noEpoll int32
	must(t, raw.Control(func(fd uintptr) { noEpoll = int32(fd) }))
	for name, epoll := range map[string]int32{"refused": noEpoll, "closed": 0} {
		t.Run(name, func(t *testing.T) {
			ends := make(chan End, 1)
			h := New(Options{PingInterval: time.Hour, OnEnd: func(_ Kind, e End) { ends <- e }})
			h.watch.mu.Lock()
			h.watch.epoll = epoll
			h.watch.mu.Unlock()
			server, browser := pair(t)
			w, err := h.Reserve("a", "x")
			must(t, err)
			must(t, w.Join(server, WebSocket, nil))
			if !w.hasReader() || w.Descriptor() != 0 {
				t.Errorf("has a reader: %v; descriptor %d, want none", w.hasReader(), w.Descriptor())
			}
			for i, s := range h.watch.slots {
				if s.w != nil {
					t.Errorf("slot %d is taken", i)
				}
			}
			wantWaiting(t, h, w, browser)
			<-ends
			must(t, h.Shutdown(t.Context(), 1012))
		})
	}
	must(t, file.Close())
}

// A browser that has hung up before it joins costs nothing afterwards.
func TestAHeadThatCannotBeWritten(t *testing.T) {
	h := stillHub(t, Options{})
	server, browser := pair(t)
	must(t, browser.SetLinger(0))
	must(t, browser.Close())
	if _, err := server.Read(make([]byte, 1)); err == nil {
		t.Fatal("the browser is still there")
	}
	w, err := h.Reserve("a", "x")
	must(t, err)
	if err := w.Join(server, Stream, []byte("head")); !errors.Is(err, ErrGone) {
		t.Errorf("got %v, want %v", err, ErrGone)
	}
	if w.Descriptor() != 0 || h.limits.total != 0 {
		t.Errorf("descriptor %d and %d slots are left", w.Descriptor(), h.limits.total)
	}
}

// A stream answers no pings, so the kernel has to notice that its machine is gone.
func TestTheKernelGivesUpOnASilentMachine(t *testing.T) {
	h := stillHub(t, Options{MissedPongs: 2})
	w, _ := join(t, h, "a", Stream)
	got, err := unix.GetsockoptInt(w.Descriptor(), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT)
	must(t, err)
	if want := 3 * time.Hour.Milliseconds(); int64(got) != want {
		t.Errorf("got %d ms, want three ping intervals, %d", got, want)
	}
}

// wrapped is a connection that may process the bytes itself.
type wrapped struct{ *net.TCPConn }

func TestAWrappedConnectionIsRead(t *testing.T) {
	ends := make(chan End, 1)
	h := New(Options{PingInterval: time.Hour, OnEnd: func(_ Kind, e End) { ends <- e }})
	server, browser := pair(t)
	w, err := h.Reserve("a", "x")
	must(t, err)
	must(t, w.Join(wrapped{server}, WebSocket, nil))
	if !w.hasReader() {
		t.Error("the wrapper is bypassed")
	}
	wantWaiting(t, h, w, browser)
	<-ends
	must(t, h.Shutdown(t.Context(), 1012))
}

// A slow OnEnd keeps nobody else waiting: neither the loop nor a publisher calls it.
func TestASlowOnEndDelaysNobody(t *testing.T) {
	release := make(chan struct{})
	began := make(chan struct{}, 10)
	h := New(Options{PingInterval: time.Hour, OnEnd: func(Kind, End) { began <- struct{}{}; <-release }})
	_, gone := join(t, h, "gone", WebSocket)
	_, told := join(t, h, "told", Stream)
	w, browser := join(t, h, "a", WebSocket)
	must(t, gone.Close()) // ends in the loop
	<-began
	h.Publish("told", []byte("{}"), true) // ends in the publisher
	<-began
	if _, err := io.ReadAll(told); err != nil {
		t.Error(err)
	}
	wantWaiting(t, h, w, browser)
	close(release)
	must(t, h.Shutdown(t.Context(), 1012))
}

// entries counts what is in a directory of /proc.
func entries(t *testing.T, dir string) int {
	t.Helper()
	all, err := os.ReadDir(dir)
	must(t, err)
	return len(all)
}

// A thousand browsers wait with one goroutine for all of them, no thread, and one
// descriptor for each.
func TestWhatWaitingTakes(t *testing.T) {
	h := New(Options{PingInterval: time.Hour})
	files := entries(t, "/proc/self/fd")
	for i := range 1000 {
		_, browser := join(t, h, string(rune('a'+i%26))+string(rune('0'+i/26)), Kind(i%2))
		if i%2 == 0 { // the loop has looked at it
			send(t, browser, []byte{final | opPing, masked, 0, 0, 0, 0})
			_, err := io.ReadFull(browser, make([]byte, 2))
			must(t, err)
		}
	}
	if got := runtime.NumGoroutine(); got > 30 {
		t.Errorf("%d goroutines", got)
	}
	if got := entries(t, "/proc/self/task"); got > 100 {
		t.Errorf("%d threads", got)
	}
	// Both ends of each connection are in this process.
	if got := entries(t, "/proc/self/fd") - files; got > 2010 {
		t.Errorf("%d more descriptors, want two for each of 1000 connections", got)
	}
	if sockets, streams := h.Waiting(); sockets+streams != 1000 {
		t.Errorf("%d wait", sockets+streams)
	}
	shut(t, h)
}
