package hub

import (
	"bytes"
	"errors"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

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
