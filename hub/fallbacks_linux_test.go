package hub

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

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
			if w.reads != c.reader {
				t.Errorf("has a reader: got %v, want %v", w.reads, c.reader)
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
			if !w.reads || w.Descriptor() != 0 {
				t.Errorf("has a reader: %v; descriptor %d, want none", w.reads, w.Descriptor())
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

// wrapped is a connection that may process the bytes itself.
type wrapped struct{ *net.TCPConn }

func TestAWrappedConnectionIsRead(t *testing.T) {
	ends := make(chan End, 1)
	h := New(Options{PingInterval: time.Hour, OnEnd: func(_ Kind, e End) { ends <- e }})
	server, browser := pair(t)
	w, err := h.Reserve("a", "x")
	must(t, err)
	must(t, w.Join(wrapped{server}, WebSocket, nil))
	if !w.reads {
		t.Error("the wrapper is bypassed")
	}
	wantWaiting(t, h, w, browser)
	<-ends
	must(t, h.Shutdown(t.Context(), 1012))
}
