package hub

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// lives are waiters that may have ended at any moment. Others go on using them.
type lives struct {
	mu      sync.Mutex
	recent  []*Waiter
	numbers map[int]int // how often each descriptor was seen
	total   int
}

func (l *lives) add(w *Waiter) {
	number := w.Descriptor()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.recent = append(l.recent, w); len(l.recent) > 64 {
		l.recent = slices.Delete(l.recent, 0, 1)
	}
	if number != 0 { // else it has ended already
		l.numbers[number]++
		l.total++
	}
}

func (l *lives) list() []*Waiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.recent)
}

// meddle uses all of them, in every way, until stop: the living and the dead.
func (l *lives) meddle(stop *atomic.Bool, how int) {
	for !stop.Load() {
		for i, w := range l.list() {
			switch (i + how) % 7 {
			case 0, 1:
				_ = w.Send([]byte(w.key), false)
			case 2:
				_ = w.write(ping, 0, noEnd)
			case 3:
				w.hub.closeHungUp(w.key)
			case 4:
				w.endGrace()
			case 5:
				w.hub.Publish(w.key, []byte(w.key), false)
			case 6:
				w.hub.CloseKey(w.key, 1008, w.key)
			}
		}
		runtime.Gosched()
	}
}

// The kernel gives the number of a closed descriptor to the next connection. While
// numbers are used again thousands of times, senders, closers and the loop are at
// work at once, on waiters that live, are about to end, or have ended: no browser
// ever sees a byte that is not its own.
func TestReusedDescriptorsKeepBrowsersApart(t *testing.T) {
	for _, procs := range []int{1, 2, 4} {
		t.Run(fmt.Sprint(procs, " processors"), func(t *testing.T) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
			h := New(Options{PingInterval: 10 * time.Millisecond, MissedPongs: 1 << 20, Grace: time.Millisecond})
			known := &lives{numbers: make(map[int]int)}
			var stop atomic.Bool
			var meddlers, browsers sync.WaitGroup
			for how := range 3 {
				meddlers.Go(func() { known.meddle(&stop, how) })
			}
			n := 3000
			if testing.Short() {
				n = 600
			}
			const workers = 4
			for worker := range workers {
				browsers.Go(func() {
					for i := range n / workers {
						live(t, h, known, fmt.Sprintf("key-%d-%d-", worker, i), i)
					}
				})
			}
			browsers.Wait()
			stop.Store(true)
			meddlers.Wait()
			must(t, h.Shutdown(t.Context(), 1012))
			if reused := known.total - len(known.numbers); reused < n/3 {
				t.Errorf("descriptors were used again %d times: the test shows too little", reused)
			}
		})
	}
}

// live is one browser from its first byte to its last. It leaves in one of several
// ways while the hub writes to it.
func live(t *testing.T, h *Hub, known *lives, key string, i int) {
	server, browser := pair(t)
	defer func() { _ = browser.Close() }()
	w, err := h.Reserve(key, "x")
	must(t, err)
	must(t, w.Join(server, WebSocket, nil))
	known.add(w)
	_ = w.Send([]byte(key), false)
	_, _ = browser.Write(clientFrame(opPing, []byte(key)))
	switch i % 4 {
	case 0:
		h.Publish(key, []byte(key), true)
	case 1:
		h.CloseKey(key, 1008, key)
	case 2:
		_, _ = browser.Write(clientFrame(opClose, nil))
	case 3:
		_ = browser.CloseWrite()
	}
	// A browser that goes on sending is reset; what came before counts.
	got, _ := io.ReadAll(browser)
	wantOwn(t, key, got)
}

func clientFrame(op byte, payload []byte) []byte {
	return append([]byte{final | op, 0x80 | byte(len(payload)), 0, 0, 0, 0}, payload...)
}

// wantOwn checks each frame that a browser got.
func wantOwn(t *testing.T, key string, got []byte) {
	for len(got) >= 2 && len(got) >= 2+int(got[1]) {
		op, payload := got[0]&0x0F, got[2:2+int(got[1])]
		if op == opClose && len(payload) >= 2 {
			payload = payload[2:]
		}
		if len(payload) > 0 && !bytes.Equal(payload, []byte(key)) {
			t.Errorf("%s got %q", key, payload)
		}
		got = got[2+int(got[1]):]
	}
}
