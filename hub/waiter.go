package hub

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// End is why a browser is no longer waiting.
type End uint8

const (
	noEnd     End = iota // still waiting
	Delivered            // its last event was sent
	Closed               // by CloseKey or Shutdown
	Gone                 // it closed the connection or the connection failed
	Slow                 // it did not read what was sent
	Silent               // it did not answer pings
	Refused              // it broke the protocol or sent data
)

func (e End) String() string {
	return [...]string{"", "delivered", "closed", "gone", "slow", "silent", "refused"}[e]
}

// state of a waiter. It only moves forward.
type state uint8

const (
	reserved state = iota // a slot without a browser
	waiting               // a browser that receives events
	ended                 // receives nothing more; its connection is about to be closed
)

// Waiter is one waiting browser, or the slot reserved for it. It is never reused:
// a call on one that has ended returns [ErrGone] and cannot reach the connection
// that has its descriptor now.
type Waiter struct {
	hub       *Hub
	key, addr string
	next      *Waiter // in the list of this key; guarded by the shard's lock

	conn net.Conn
	raw  syscall.RawConn // of conn if it is a plain socket on Linux; else nil

	missed   atomic.Int32 // unanswered pings; while reserved, visits of the pinger
	received atomic.Int32 // frames since the last ping; bytes too once they are only drained

	mu    sync.Mutex // held for one write at most; orders writes and guards the fields below
	kind  Kind
	state state
	end   End
	early bool // an event or a close was sent while the slot was reserved
}

// Release frees a slot that nobody joined. A second call, or one after Join, does
// nothing.
func (w *Waiter) Release() {
	w.mu.Lock()
	unused := w.state == reserved
	if unused {
		w.state = ended
	}
	w.mu.Unlock()
	if unused {
		w.hub.free(w)
	}
}

// Join connects conn to the slot: once it returns, the browser receives events.
// head, if not empty, is written first, such as the response head and the retry
// line of an event stream. The hub owns conn from the call on and closes it, even
// if Join fails; the server must not close or reuse it (fasthttp:
// KeepHijackedConns). Wrappers with a method UnsafeConn, such as fasthttp's pooled
// one, are removed.
func (w *Waiter) Join(conn net.Conn, kind Kind, head []byte) error {
	conn = unwrap(conn)
	w.mu.Lock()
	err := w.join(conn, kind, head)
	w.mu.Unlock()
	if err != nil {
		w.Release()
		return errors.Join(err, conn.Close())
	}
	if w.hasReader() {
		go w.run()
	}
	return nil
}

// hasReader reports whether a goroutine reads from the browser. A stream sends
// nothing after its request, so the pinger can find out at its next visit that it
// has hung up; that saves the goroutine, four fifths of what a waiter costs.
func (w *Waiter) hasReader() bool { return w.kind == WebSocket || w.raw == nil }

func (w *Waiter) join(conn net.Conn, kind Kind, head []byte) error {
	switch {
	case w.hub.closed.Load():
		return ErrClosed
	case w.state != reserved:
		return ErrGone
	}
	w.conn, w.raw, w.kind = conn, rawConn(conn), kind
	err := w.prepare()
	if err == nil {
		err = w.tryWrite(head, writeTimeout)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrGone, err)
	}
	w.missed.Store(0)
	w.state = waiting
	w.hub.waiting[kind].Add(1)
	w.hub.running.Add(1)
	return nil
}

// Send sends one event to this browser only; data and last are as for
// [Hub.Publish].
func (w *Waiter) Send(data []byte, last bool) error {
	return w.write(event(data, last), writeTimeout, endAfter(last))
}

// Early reports whether an event or a close was sent to this slot before Join, when
// no browser could receive it. A caller that read the state between Reserve and
// Join must then read it again.
func (w *Waiter) Early() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.early
}

// write makes one attempt to send m in the encoding of this waiter's kind. It ends
// the waiter if that fails, or if end is not noEnd.
func (w *Waiter) write(m message, timeout time.Duration, end End) error {
	w.mu.Lock()
	if w.state != waiting {
		w.early = w.early || w.state == reserved
		w.mu.Unlock()
		return ErrGone
	}
	err := w.tryWrite(m[w.kind], timeout)
	if err != nil {
		err, end = fmt.Errorf("%w: %w", ErrGone, err), endFor(err)
	}
	if end != noEnd {
		w.finish(end)
	}
	w.mu.Unlock()
	if end != noEnd && !w.hasReader() {
		w.teardown()
	}
	return err
}

func endAfter(last bool) End {
	if last {
		return Delivered
	}
	return noEnd
}

// finish stops events to a waiter and makes its reader return, which closes the
// connection: at once, or, after a close frame, once the WebSocket has had time
// to answer it. Closing at once could reset the connection, and a reset may
// discard the event before the browser has read it.
func (w *Waiter) finish(end End) {
	w.state, w.end = ended, end
	w.hub.waiting[w.kind].Add(-1)
	if w.kind == WebSocket && (end == Delivered || end == Closed || end == Refused) {
		w.stopReading(time.Now().Add(w.hub.opts.Grace))
	} else {
		w.stopReading(past)
	}
}

// endGrace closes the connection of an ended waiter without waiting for an answer
// to the close frame.
func (w *Waiter) endGrace() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conn != nil {
		w.stopReading(past)
	}
}

// run is the waiter's only goroutine. It makes no deep call before it blocks,
// because a stack that has grown keeps its size while the goroutine is parked.
func (w *Waiter) run() {
	w.readLoop()
	w.teardown()
}

// teardown closes the connection and frees the slot. It is called exactly once per
// joined waiter: by its reader or, if it has none, by the call that ended it.
func (w *Waiter) teardown() {
	w.mu.Lock()
	if w.state == waiting {
		w.finish(Gone)
	}
	w.mu.Unlock()
	// Nothing to do if it fails: the descriptor is released all the same.
	_ = w.closeConn()
	w.hub.free(w)
	if w.hub.opts.OnEnd != nil {
		w.hub.opts.OnEnd(w.kind, w.end)
	}
	w.hub.running.Done()
}

// free gives the waiter's slot back.
func (h *Hub) free(w *Waiter) {
	h.shard(w.key).remove(w)
	h.limits.release(w.addr)
}
