package hub_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	fastws "github.com/fasthttp/websocket"

	"nod/hub"
)

func TestShutdownClosesEveryBrowser(t *testing.T) {
	h, ends := open(t, hub.Options{})
	addr := serve(t, h, greetPending)
	var sockets [20]*fastws.Conn
	for i := range sockets {
		sockets[i] = dial(t, addr, fmt.Sprint("socket-", i))
		next(t, sockets[i])
	}
	stream := subscribe(t, addr, "stream")
	wantLines(t, stream, "retry: 1000", "", "data: "+pending, "")
	late := reserve(t, h, "late")

	var readers sync.WaitGroup
	for _, socket := range sockets {
		readers.Go(func() {
			if code := closedWith(t, socket); code != 1012 {
				t.Errorf("got close code %d, want 1012", code)
			}
		})
	}
	must(t, h.Shutdown(context.Background(), 1012))
	readers.Wait()
	if line, err := stream.ReadString('\n'); err != io.EOF {
		t.Errorf("stream: got %q, %v, want its end", line, err)
	}
	if len(ends) != len(sockets)+1 {
		t.Errorf("got %d ends, want %d", len(ends), len(sockets)+1)
	}
	wantRefused(t, h, late)
	must(t, h.Shutdown(context.Background(), 1012)) // again
}

func wantRefused(t *testing.T, h *hub.Hub, late *hub.Waiter) {
	t.Helper()
	server, browser := tcpPair(t)
	if err := late.Join(server, hub.WebSocket, nil); !errors.Is(err, hub.ErrClosed) {
		t.Errorf("join: got %v, want %v", err, hub.ErrClosed)
	}
	if _, err := browser.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("got %v, want the connection closed", err)
	}
	if _, err := h.Reserve("a", "x"); !errors.Is(err, hub.ErrClosed) {
		t.Errorf("reserve: got %v, want %v", err, hub.ErrClosed)
	}
}

// departure ends a connection before Shutdown.
type departure func(h *hub.Hub, key string, browser *net.TCPConn)

func hangUp(_ *hub.Hub, _ string, browser *net.TCPConn) { _ = browser.Close() }

func reset(_ *hub.Hub, _ string, browser *net.TCPConn) {
	_ = browser.SetLinger(0)
	_ = browser.Close()
}

func receiveLast(h *hub.Hub, key string, browser *net.TCPConn) {
	h.Publish(key, []byte(approved), true)
	readToEnd(browser)
}

func closedByKey(h *hub.Hub, key string, browser *net.TCPConn) {
	h.CloseKey(key, 1008, "signed out")
	readToEnd(browser)
}

func sendClose(_ *hub.Hub, _ string, browser *net.TCPConn) {
	_, _ = browser.Write(masked(0x88, nil))
	readToEnd(browser)
}

func sendText(_ *hub.Hub, _ string, browser *net.TCPConn) {
	_, _ = browser.Write(masked(0x81, []byte("text")))
	readToEnd(browser)
}

var departures = map[hub.Kind][]departure{
	hub.WebSocket: {hangUp, reset, receiveLast, closedByKey, sendClose, sendText},
	hub.Stream:    {hangUp, reset, receiveLast, closedByKey},
}

// readToEnd reads one message, then closes, as a browser does after the last event.
func readToEnd(browser *net.TCPConn) {
	buf := make([]byte, 256)
	_, _ = browser.Read(buf)
	_ = browser.CloseWrite()
	_, _ = io.Copy(io.Discard, browser)
	_ = browser.Close()
}

func TestShutdownLeavesNothingBehind(t *testing.T) {
	goroutines, files := runtime.NumGoroutine(), descriptors(t)
	h := hub.New(hub.Options{PingInterval: time.Second, MissedPongs: 1000})
	const workers = 8
	var browsers [workers][]net.Conn
	var all sync.WaitGroup
	for worker := range workers {
		all.Go(func() { browsers[worker] = joinAndLeave(t, h, worker, iterations(100_000)/workers) })
	}
	all.Wait()
	shut(t, h)
	for _, browser := range slices.Concat(browsers[:]...) {
		_ = browser.Close()
	}
	if sockets, streams := h.Waiting(); sockets != 0 || streams != 0 {
		t.Errorf("got %d and %d waiting, want none", sockets, streams)
	}
	waitUntilAtMost(t, goroutines, "goroutines", runtime.NumGoroutine)
	waitUntilAtMost(t, files, "descriptors", func() int { return descriptors(t) })
}

// joinAndLeave joins n browsers, one after the other, and returns them. All but
// the last 20 leave at once.
func joinAndLeave(t *testing.T, h *hub.Hub, worker, n int) (browsers []net.Conn) {
	listener := listen(t)
	defer func() { _ = listener.Close() }()
	for i := range n {
		key := fmt.Sprintf("%d-%d", worker, i)
		browser, err := net.Dial("tcp", listener.Addr().String())
		must(t, err)
		server, err := listener.AcceptTCP()
		must(t, err)
		kind := hub.Kind(i % 2)
		must(t, reserve(t, h, key).Join(server, kind, nil))
		if i < n-20 {
			departures[kind][i/2%len(departures[kind])](h, key, browser.(*net.TCPConn))
		}
		browsers = append(browsers, browser)
	}
	return browsers
}

// waitUntilAtMost waits for goroutines that are about to return and descriptors
// that are about to be closed. The limit only ends a test that would hang.
func waitUntilAtMost(t *testing.T, want int, what string, count func() int) {
	t.Helper()
	got := count()
	for limit := time.Now().Add(5 * time.Minute); got > want && time.Now().Before(limit); got = count() {
		runtime.Gosched()
	}
	if got > want {
		t.Errorf("%d %s are left of %d", got-want, what, got)
	}
}

// All operations concurrently, for the race detector.
func TestConcurrentUse(t *testing.T) {
	h := hub.New(hub.Options{PerKey: 20, PingInterval: 10 * time.Millisecond, MissedPongs: 1, Grace: time.Millisecond})
	var all sync.WaitGroup
	for worker := range 6 {
		all.Go(func() {
			for i := range iterations(1000) {
				doAnything(t, h, fmt.Sprint("key-", i%5), worker+i)
			}
		})
	}
	all.Wait()
	shut(t, h)
	if sockets, streams := h.Waiting(); sockets != 0 || streams != 0 {
		t.Errorf("got %d and %d waiting, want none", sockets, streams)
	}
}

// doAnything picks one operation by i.
func doAnything(t *testing.T, h *hub.Hub, key string, i int) {
	switch i % 6 {
	case 0, 1, 2:
		slot, err := h.Reserve(key, "x")
		if err != nil {
			return
		}
		server, _ := tcpPair(t)
		if err := slot.Join(server, hub.Kind(i%2), nil); err == nil {
			_ = slot.Send([]byte(pending), false)
		}
	case 3, 4:
		h.Publish(key, []byte(approved), i%2 == 0)
	case 5:
		h.CloseKey(key, 1008, "")
	}
}
