package hub

import (
	"errors"
	"io"
	"os"
	"runtime"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

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

// A waiter is the largest part of what a waiting browser takes.
func TestAWaiterIsSmall(t *testing.T) {
	if got := unsafe.Sizeof(Waiter{}); got > 80 {
		t.Errorf("got %d bytes: the allocator rounds that up to 96", got)
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
