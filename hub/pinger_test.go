package hub_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"nod/hub"
)

// Most of these tests run in a synctest bubble, whose clock advances only while
// every goroutine in it is blocked.

// joinPipe joins a pipe and returns the browser's end.
func joinPipe(t *testing.T, h *hub.Hub, key string, kind hub.Kind) net.Conn {
	t.Helper()
	server, browser := net.Pipe()
	must(t, reserve(t, h, key).Join(server, kind, nil))
	return browser
}

// answerPings answers the first n pings, each with this many pongs, and returns
// how many pings came before the connection ended.
func answerPings(t *testing.T, browser net.Conn, n, pongs int) <-chan int {
	seen := make(chan int, 1)
	go func() {
		buf := make([]byte, 2)
		for i := 0; ; i++ {
			if _, err := io.ReadFull(browser, buf); err != nil {
				seen <- i
				return
			}
			if buf[0] != 0x89 || buf[1] != 0 {
				t.Errorf("got %x, want a ping", buf)
			}
			if i < n {
				_, _ = browser.Write(bytes.Repeat(masked(0x8A, nil), pongs))
			}
		}
	}()
	return seen
}

func TestPongsKeepABrowserWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, ends := open(t, hub.Options{PingInterval: 30 * time.Second, MissedPongs: 3})
		start := time.Now()
		seen := answerPings(t, joinPipe(t, h, "a", hub.WebSocket), 10, 20)
		wantEnd(t, ends, hub.Silent)
		if got := <-seen; got != 13 {
			t.Errorf("got %d pings, want 10 answered and 3 missed", got)
		}
		// The shard may be visited at any point of the interval.
		if got := time.Since(start); got < 13*30*time.Second || got > 14*30*time.Second {
			t.Errorf("closed after %v, want the 14th ping", got)
		}
	})
}

func TestHeartbeatsKeepAStreamOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, ends := open(t, hub.Options{PingInterval: 30 * time.Second, MissedPongs: 3})
		browser := joinPipe(t, h, "a", hub.Stream)
		for range 10 {
			buf := make([]byte, 3)
			_, err := io.ReadFull(browser, buf)
			must(t, err)
			if string(buf) != ":\n\n" {
				t.Errorf("got %q, want a comment", buf)
			}
		}
		must(t, browser.Close())
		wantEnd(t, ends, hub.Gone)
	})
}

// A stream's client sends nothing after its request.
func TestAStreamThatSendsBytesIsEnded(t *testing.T) {
	h, ends := open(t, hub.Options{PingInterval: time.Hour})
	server, browser := tcpPair(t)
	must(t, reserve(t, h, "a").Join(server, hub.Stream, nil))
	_, err := browser.Write([]byte("x"))
	must(t, err)
	wantEnd(t, ends, hub.Gone)
}

// No ping is needed to notice that a stream's browser has gone.
func TestAStreamThatHasGoneIsNoticed(t *testing.T) {
	h, ends := open(t, hub.Options{PingInterval: time.Hour})
	server, browser := tcpPair(t)
	must(t, reserve(t, h, "a").Join(server, hub.Stream, nil))
	must(t, browser.CloseWrite())
	wantEnd(t, ends, hub.Gone)
}

func TestUnusedSlotExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := open(t, hub.Options{PerKey: 1, PingInterval: 30 * time.Second})
		slot := reserve(t, h, "a")
		time.Sleep(30 * time.Second)
		if _, err := h.Reserve("a", "x"); !errors.Is(err, hub.ErrTooManyForKey) {
			t.Errorf("after one interval: got %v, want %v", err, hub.ErrTooManyForKey)
		}
		time.Sleep(30*time.Second + time.Millisecond)
		reserve(t, h, "a").Release()
		server, browser := net.Pipe()
		if err := slot.Join(server, hub.WebSocket, nil); !errors.Is(err, hub.ErrGone) {
			t.Errorf("join: got %v, want %v", err, hub.ErrGone)
		}
		if _, err := browser.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("got %v, want the connection closed", err)
		}
	})
}

// Connections that cannot be written without blocking delay a publisher by 20 ms
// at most, however many are waiting under one key.
func TestPublishBlocksForTwentyMillisecondsAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, ends := open(t, hub.Options{PingInterval: time.Hour})
		for range 4 {
			joinPipe(t, h, "a", hub.WebSocket) // does not read
		}
		start := time.Now()
		wantDelivered(t, h.Publish("a", []byte(approved), false), 0)
		if got := time.Since(start); got != 20*time.Millisecond {
			t.Errorf("waited %v, want 20ms", got)
		}
		for range 4 {
			wantEnd(t, ends, hub.Slow)
		}
	})
}

func TestVisitsOfASlotDoNotCountAsMissedPongs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, ends := open(t, hub.Options{PingInterval: 30 * time.Second, MissedPongs: 1})
		slot := reserve(t, h, "a")
		time.Sleep(30 * time.Second)
		server, browser := net.Pipe()
		must(t, slot.Join(server, hub.WebSocket, nil))
		seen := answerPings(t, browser, 0, 0)
		wantEnd(t, ends, hub.Silent)
		if got := <-seen; got != 1 {
			t.Errorf("got %d pings, want 1", got)
		}
	})
}

func TestGraceForTheCloseReply(t *testing.T) {
	for name, answers := range map[string]bool{"answered": true, "not answered": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, ends := open(t, hub.Options{PingInterval: time.Hour, Grace: 2 * time.Second})
				browser := joinPipe(t, h, "a", hub.WebSocket)
				go func() {
					_, _ = io.ReadFull(browser, make([]byte, 2+len(approved)+4))
					if answers {
						_, _ = browser.Write(masked(0x88, []byte{0x03, 0xE8}))
					}
				}()
				start := time.Now()
				wantDelivered(t, h.Publish("a", []byte(approved), true), 1)
				if sockets, _ := h.Waiting(); sockets != 0 {
					t.Errorf("%d wait after the last event", sockets)
				}
				wantEnd(t, ends, hub.Delivered)
				want := 2 * time.Second
				if answers {
					want = 0
				}
				if got := time.Since(start); got != want {
					t.Errorf("closed after %v, want %v", got, want)
				}
			})
		})
	}
}

func TestShutdownWaitsForOneGracePeriod(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, ends := open(t, hub.Options{PingInterval: time.Hour, Grace: 2 * time.Second})
		for range 3 {
			browser := joinPipe(t, h, "a", hub.WebSocket)
			go func() { _, _ = io.ReadFull(browser, make([]byte, 4)) }()
		}
		start := time.Now()
		must(t, h.Shutdown(t.Context(), 1012))
		if got := time.Since(start); got != 2*time.Second {
			t.Errorf("took %v, want 2s", got)
		}
		for range 3 {
			wantEnd(t, ends, hub.Closed)
		}
	})
}

func TestShutdownEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, ends := open(t, hub.Options{PingInterval: time.Hour, Grace: time.Hour})
		browser := joinPipe(t, h, "a", hub.WebSocket)
		go func() { _, _ = io.ReadFull(browser, make([]byte, 4)) }()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if err := h.Shutdown(ctx, 1012); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
		}
		if got := time.Since(start); got != time.Second {
			t.Errorf("took %v, want 1s", got)
		}
		wantEnd(t, ends, hub.Closed)
		if _, err := h.Reserve("a", "x"); !errors.Is(err, hub.ErrClosed) {
			t.Errorf("reserve: got %v, want %v", err, hub.ErrClosed)
		}
	})
}
