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

// End is why a browser does not wait any more.
type End uint8

const (
	stays   End = iota // it goes on waiting
	Told               // its last event was sent
	Closed             // by CloseKey or Shutdown
	Gone               // it went away
	Slow               // it did not take what was sent
	Silent             // it answered no pings
	Refused            // it sent what a waiting browser may not send
)

func (e End) String() string {
	return [...]string{"", "told", "closed", "gone", "slow", "silent", "refused"}[e]
}

// state of a waiter; it only grows.
type state uint8

const (
	reserved state = iota // a place, no browser yet
	waiting               // a browser that hears events
	over                  // hears nothing more; its reader is about to close it
)

// Waiter is one browser that waits, or the place reserved for it. It is never
// reused: a call on one that has ended answers [ErrGone], and cannot reach
// whoever got its descriptor or its memory next.
type Waiter struct {
	hub       *Hub
	key, addr string
	next      *Waiter // in the chain of this key; guarded by the shard's lock

	conn net.Conn
	raw  syscall.RawConn // of conn, where it can be read without a buffer; else nil

	missed atomic.Int32 // pings without an answer; visits while reserved
	heard  atomic.Int32 // frames since the last ping

	mu    sync.Mutex // held for one write at most; guards what follows and orders writes
	kind  Kind
	state state
	end   End
	early bool // something was sent here while it was only a place
}

// Release gives a place back that nobody joined. Afterwards, and after Join, it
// does nothing.
func (w *Waiter) Release() {
	w.mu.Lock()
	free := w.state == reserved
	if free {
		w.state = over
	}
	w.mu.Unlock()
	if free {
		w.hub.drop(w)
	}
}

// Join puts conn in the place: from its return on, the browser hears events.
// head, if any, is written before all else, such as the response head and the
// retry line of an event stream. The hub owns conn from the call on, also if it
// fails, and closes it; the server must let go of it (with fasthttp,
// KeepHijackedConns). Wrappers with a method UnsafeConn, as fasthttp's pooled
// one has, are taken off.
func (w *Waiter) Join(conn net.Conn, kind Kind, head []byte) error {
	conn = bare(conn)
	w.mu.Lock()
	err := w.join(conn, kind, head)
	w.mu.Unlock()
	if err != nil {
		w.Release()
		return errors.Join(err, conn.Close())
	}
	if w.attended() {
		go w.run()
	}
	return nil
}

// attended is whether a goroutine reads from the browser. A stream has nothing
// to say but that it went away, which the pinger finds out at its next visit;
// that saves the goroutine, four fifths of what a waiter costs.
func (w *Waiter) attended() bool { return w.kind == WebSocket || w.raw == nil }

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
		err = w.try(head, patience)
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

// Send sends one event to this browser; with last, its connection ends with it.
// data is one JSON text, as for [Hub.Publish].
func (w *Waiter) Send(data []byte, last bool) error {
	return w.write(event(data, last), patience, endIf(last))
}

// Early says whether an event was sent to this place before Join, when nobody
// heard it. Who reads the state between Reserve and Join reads it again then.
func (w *Waiter) Early() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.early
}

// write makes one try to send what is meant for this kind of waiter, and ends
// it if that fails, or if an end is given.
func (w *Waiter) write(f frames, patience time.Duration, end End) error {
	w.mu.Lock()
	if w.state != waiting {
		w.early = w.early || w.state == reserved
		w.mu.Unlock()
		return ErrGone
	}
	err := w.try(f[w.kind], patience)
	if err != nil {
		err, end = fmt.Errorf("%w: %w", ErrGone, err), whyFailed(err)
	}
	if end != stays {
		w.finish(end)
	}
	w.mu.Unlock()
	if end != stays && !w.attended() {
		w.leave()
	}
	return err
}

func endIf(last bool) End {
	if last {
		return Told
	}
	return stays
}

// finish makes a waiter deaf to events and wakes its reader, which closes the
// connection: at once, or after a WebSocket had the time to answer the close
// frame it was sent. To close at once might reset the connection, and a reset
// may destroy the event before the browser has read it.
func (w *Waiter) finish(end End) {
	w.state, w.end = over, end
	w.hub.waiting[w.kind].Add(-1)
	if w.kind == WebSocket && (end == Told || end == Closed || end == Refused) {
		w.wake(time.Now().Add(w.hub.opts.Grace))
	} else {
		w.wake(past)
	}
}

// cut closes without grace a waiter that has ended.
func (w *Waiter) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conn != nil {
		w.wake(past)
	}
}

// run is the waiter's only goroutine. It makes no deep call until the end: what
// the deepest needed is what its stack keeps while it is parked.
func (w *Waiter) run() {
	w.listen()
	w.leave()
}

// leave is the only place that closes a connection that had joined. Its reader
// comes here, or who ended it if there is none: exactly one, exactly once.
func (w *Waiter) leave() {
	w.mu.Lock()
	if w.state == waiting {
		w.finish(Gone)
	}
	w.mu.Unlock()
	// A failed close leaves nothing to do: the descriptor is gone all the same.
	_ = w.hangUp()
	w.hub.drop(w)
	if w.hub.opts.OnEnd != nil {
		w.hub.opts.OnEnd(w.kind, w.end)
	}
	w.hub.running.Done()
}

// drop gives the waiter's place back.
func (h *Hub) drop(w *Waiter) {
	h.shard(w.key).remove(w)
	h.caps.give(w.addr)
}
