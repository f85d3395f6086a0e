package hub_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"nod/hub"
)

// open creates a hub that is shut down at the end of the test, and a channel that
// receives every End.
func open(t testing.TB, o hub.Options) (*hub.Hub, <-chan hub.End) {
	t.Helper()
	ends := make(chan hub.End, 100_000)
	o.OnEnd = func(_ hub.Kind, end hub.End) { ends <- end }
	h := hub.New(o)
	t.Cleanup(func() { shut(t, h) })
	return h, ends
}

// shut shuts a hub down without waiting for its browsers.
func shut(t testing.TB, h *hub.Hub) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := h.Shutdown(ctx, 1012); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func wantEnd(t testing.TB, ends <-chan hub.End, want hub.End) {
	t.Helper()
	if got := <-ends; got != want {
		t.Errorf("got end %v, want %v", got, want)
	}
}

func wantEvent(t testing.TB, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got event %q, want %q", got, want)
	}
}

func wantDelivered(t testing.TB, got, want int) {
	t.Helper()
	if got != want {
		t.Errorf("told %d, want %d", got, want)
	}
}

func TestPublishReachesOnlyItsKey(t *testing.T) {
	h, ends := open(t, hub.Options{})
	addr := serve(t, h, greetPending)
	a, again, other := dial(t, addr, "a"), dial(t, addr, "a"), dial(t, addr, "b")
	wantEvent(t, next(t, a), pending)
	wantEvent(t, next(t, again), pending)
	wantEvent(t, next(t, other), pending)

	wantDelivered(t, h.Publish("a", []byte(approved), true), 2)
	wantDelivered(t, h.Publish("a", []byte(approved), true), 0)
	wantDelivered(t, h.Publish("nobody", []byte(approved), true), 0)
	wantDelivered(t, h.Publish("b", []byte(`{"for":"b"}`), false), 1)

	wantEvent(t, next(t, a), approved)
	wantEvent(t, next(t, again), approved)
	wantEvent(t, next(t, other), `{"for":"b"}`)
	for _, code := range []int{closedWith(t, a), closedWith(t, again)} {
		if code != 1000 {
			t.Errorf("got close code %d, want 1000", code)
		}
	}
	wantEnd(t, ends, hub.Delivered)
	wantEnd(t, ends, hub.Delivered)
	if sockets, streams := h.Waiting(); sockets != 1 || streams != 0 {
		t.Errorf("got %d and %d waiting, want 1 and 0", sockets, streams)
	}
}

func TestLongEventsKeepTheirLength(t *testing.T) {
	h, _ := open(t, hub.Options{})
	browser := dial(t, serve(t, h, greetPending), "a")
	wantEvent(t, next(t, browser), pending)
	for _, size := range []int{0, 125, 126, 65_535, 65_536, 200_000} {
		event := strings.Repeat("x", size)
		got := make(chan string)
		go func() { got <- next(t, browser) }()
		wantDelivered(t, h.Publish("a", []byte(event), false), 1)
		if read := <-got; read != event {
			t.Errorf("size %d: got %d bytes", size, len(read))
		}
	}
}

func TestCloseKeySendsCodeAndReason(t *testing.T) {
	h, ends := open(t, hub.Options{})
	addr := serve(t, h, greetPending)
	browser, other := dial(t, addr, "a"), dial(t, addr, "b")
	next(t, browser)
	next(t, other)
	wantDelivered(t, h.CloseKey("a", 1008, "signed out"), 1)
	_, _, err := browser.ReadMessage()
	if err == nil || !strings.Contains(err.Error(), "1008") || !strings.Contains(err.Error(), "signed out") {
		t.Errorf("got %v, want 1008 signed out", err)
	}
	wantEnd(t, ends, hub.Closed)
	wantDelivered(t, h.Publish("b", []byte(approved), false), 1)
}

func TestLongCloseReasonIsTruncated(t *testing.T) {
	h, _ := open(t, hub.Options{})
	browser := dial(t, serve(t, h, greetPending), "a")
	next(t, browser)
	wantDelivered(t, h.CloseKey("a", 4000, strings.Repeat("é", 100)), 1)
	_, _, err := browser.ReadMessage()
	if err == nil || !strings.Contains(err.Error(), "4000") || strings.Count(err.Error(), "é") != 61 {
		t.Errorf("got %v, want 4000 and 61 letters", err)
	}
}

// subscribe opens an event stream and reads its head.
func subscribe(t testing.TB, addr, key string) *bufio.Reader {
	t.Helper()
	response, err := http.Get("http://" + addr + "/stream?key=" + key)
	must(t, err)
	t.Cleanup(func() { _ = response.Body.Close() })
	if got := response.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Fatalf("got %s %s", response.Status, got)
	}
	return bufio.NewReader(response.Body)
}

func wantLines(t testing.TB, r *bufio.Reader, want ...string) {
	t.Helper()
	for _, w := range want {
		got, err := r.ReadString('\n')
		if err != nil || got != w+"\n" {
			t.Fatalf("got line %q, %v, want %q", got, err, w)
		}
	}
}

func TestStreamGetsTheSameEvents(t *testing.T) {
	h, ends := open(t, hub.Options{})
	browser := subscribe(t, serve(t, h, greetPending), "a")
	wantLines(t, browser, "retry: 1000", "", "data: "+pending, "")
	if sockets, streams := h.Waiting(); sockets != 0 || streams != 1 {
		t.Errorf("got %d and %d waiting, want 0 and 1", sockets, streams)
	}
	wantDelivered(t, h.Publish("a", []byte("{\r\n\"a\":1}\n\nevent: forged"), false), 1)
	wantLines(t, browser, "data: {", `data: "a":1}`, "data: ", "data: event: forged", "")
	wantDelivered(t, h.Publish("a", []byte(approved), true), 1)
	wantLines(t, browser, "data: "+approved, "")
	if line, err := browser.ReadString('\n'); err != io.EOF {
		t.Errorf("got %q, %v, want the end", line, err)
	}
	wantEnd(t, ends, hub.Delivered)
}

func TestLimitsAreCheckedBeforeTheUpgrade(t *testing.T) {
	h, ends := open(t, hub.Options{PerKey: 2, PerAddr: 3, Total: 4})
	addr := serve(t, h, greetPending)
	first := dial(t, addr, "a")
	next(t, first)
	next(t, dial(t, addr, "a"))
	wantStatus(t, addr, "/stream?key=a", http.StatusTooManyRequests)
	next(t, dial(t, addr, "b"))
	wantStatus(t, addr, "/stream?key=c", http.StatusTooManyRequests)

	slot, err := h.Reserve("d", "elsewhere")
	must(t, err)
	if _, err := h.Reserve("e", "elsewhere"); !errors.Is(err, hub.ErrFull) {
		t.Errorf("got %v, want %v", err, hub.ErrFull)
	}
	slot.Release()
	slot.Release() // frees no second slot
	must(t, first.Close())
	wantEnd(t, ends, hub.Gone)
	next(t, dial(t, addr, "a"))
	wantStatus(t, addr, "/stream?key=c", http.StatusTooManyRequests)
}

func wantStatus(t testing.TB, addr, path string, want int) {
	t.Helper()
	response, err := http.Get("http://" + addr + path)
	must(t, err)
	must(t, response.Body.Close())
	if response.StatusCode != want {
		t.Errorf("%s: got %s, want %d", path, response.Status, want)
	}
}

// A reloaded page takes the slot that its connection of before has left.
func TestAReloadedPageIsNotRefused(t *testing.T) {
	for _, kind := range []hub.Kind{hub.WebSocket, hub.Stream} {
		t.Run(kind.String(), func(t *testing.T) {
			h, ends := open(t, hub.Options{PerKey: 1, PingInterval: time.Hour})
			server, browser := tcpPair(t)
			must(t, reserve(t, h, "a").Join(server, kind, nil))
			if _, err := h.Reserve("a", "x"); !errors.Is(err, hub.ErrTooManyForKey) {
				t.Errorf("got %v, want %v", err, hub.ErrTooManyForKey)
			}
			must(t, browser.CloseWrite())
			wantEnd(t, ends, hub.Gone)
			reserve(t, h, "a")
		})
	}
}

func reserve(t testing.TB, h *hub.Hub, key string) *hub.Waiter {
	t.Helper()
	slot, err := h.Reserve(key, "127.0.0.1")
	must(t, err)
	return slot
}

// tcpPair connects two ends over loopback.
func tcpPair(t testing.TB) (server, browser *net.TCPConn) {
	t.Helper()
	l := listen(t)
	defer func() { _ = l.Close() }()
	conn, err := net.Dial("tcp", l.Addr().String())
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	server, err = l.AcceptTCP()
	must(t, err)
	return server, conn.(*net.TCPConn)
}

// pooled is a wrapper as servers put it around connections and reuse it.
type pooled struct{ net.Conn }

func (p *pooled) UnsafeConn() net.Conn { return p.Conn }

func TestJoinRemovesWrappers(t *testing.T) {
	h, _ := open(t, hub.Options{})
	server, browser := tcpPair(t)
	wrapper := &pooled{&pooled{server}}
	must(t, reserve(t, h, "a").Join(wrapper, hub.Stream, nil))
	wrapper.Conn = nil
	wantDelivered(t, h.Publish("a", []byte(approved), true), 1)
	got, err := io.ReadAll(browser)
	must(t, err)
	wantEvent(t, string(got), "data: "+approved+"\n\n")
}

func TestSlotIsUsedOnce(t *testing.T) {
	h, _ := open(t, hub.Options{})
	slot := reserve(t, h, "a")
	if err := slot.Send([]byte(pending), false); !errors.Is(err, hub.ErrGone) {
		t.Errorf("send before join: got %v, want %v", err, hub.ErrGone)
	}
	server, first := tcpPair(t)
	must(t, server.SetDeadline(time.Unix(1, 0))) // as a server may leave it
	must(t, slot.Join(server, hub.WebSocket, nil))
	_, err := first.Write(masked(0x89, nil))
	must(t, err)
	_, err = io.ReadFull(first, make([]byte, 2))
	must(t, err) // the hub reads it
	second, browser := tcpPair(t)
	if err := slot.Join(second, hub.WebSocket, nil); !errors.Is(err, hub.ErrGone) {
		t.Errorf("second join: got %v, want %v", err, hub.ErrGone)
	}
	if n, err := browser.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("second connection: got %d, %v, want it closed", n, err)
	}
	slot.Release() // does nothing after Join
	wantDelivered(t, h.Publish("a", []byte(approved), false), 1)
}
