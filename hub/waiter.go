package hub

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
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
	hub  *Hub
	key  string
	next *Waiter // in the list of the shard; guarded by its lock

	socket descriptor // closed if reads is set
	addr   addrHash

	received atomic.Int32 // frames since the last ping; bytes too once they are only drained

	mu     sync.Mutex // held for Join or one write; orders writes and guards the fields below
	rare   *rare
	kind   Kind
	state  state
	end    End
	missed uint8 // unanswered pings; while reserved, visits of the pinger
	early  bool  // an event or a close was sent while the slot was reserved
	left   bool  // teardown has begun
	reads  bool  // a goroutine reads from rare.conn; set before the browser joins
	taped  bool  // rare has a tape; set before the browser joins
}

// rare is what few waiters have, or only at times.
type rare struct {
	conn  net.Conn    // in the place of the socket, if a goroutine reads from it
	rest  []byte      // the beginning of a split frame
	grace *time.Timer // ends the wait for the answer to a close frame
	tape  Tape
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
// one, are removed; one that is a [Tape] is told all the same what is sent and read.
func (w *Waiter) Join(conn net.Conn, kind Kind, head []byte) error {
	conn, tape := unwrap(conn)
	w.mu.Lock()
	if tape != nil {
		w.taped, w.seldom().tape = true, tape
	}
	err := w.join(conn, kind, head)
	w.mu.Unlock()
	if err != nil {
		w.Release()
		return errors.Join(err, conn.Close())
	}
	if w.reads {
		go w.run()
	}
	return nil
}

func (w *Waiter) join(conn net.Conn, kind Kind, head []byte) error {
	switch {
	case w.hub.closed.Load():
		return ErrClosed
	case w.state != reserved:
		return ErrGone
	}
	w.kind = kind
	if err := w.take(conn, head); err != nil {
		return fmt.Errorf("%w: %w", ErrGone, err)
	}
	w.missed = 0
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
	closeNow := end != noEnd && w.finish(end)
	w.mu.Unlock()
	if closeNow {
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

// finish stops events to a waiter. Its connection is to be closed at once, or,
// after a close frame, once the WebSocket has had time to answer it: closing at
// once could reset the connection, and a reset may discard the event before the
// browser has read it. closeNow tells the caller, who holds the lock, to call
// teardown when it has let it go; a waiter with a reader leaves that to it.
func (w *Waiter) finish(end End) (closeNow bool) {
	w.state, w.end = ended, end
	w.hub.waiting[w.kind].Add(-1)
	grace := w.kind == WebSocket && (end == Delivered || end == Closed || end == Refused)
	switch {
	case w.reads && grace:
		w.stopReading(time.Now().Add(w.hub.opts.Grace))
	case w.reads:
		w.stopReading(past)
	case grace:
		w.seldom().grace = time.AfterFunc(w.hub.opts.Grace, w.teardown)
	default:
		return true
	}
	return false
}

// seldom returns the fields that few waiters have; the caller holds the lock.
func (w *Waiter) seldom() *rare {
	if w.rare == nil {
		w.rare = new(rare)
	}
	return w.rare
}

// takeRest returns the beginning of a split frame that the last read left over.
func (w *Waiter) takeRest() (rest []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.rare != nil {
		rest, w.rare.rest = w.rare.rest, nil
	}
	return rest
}

func (w *Waiter) keepRest(rest []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seldom().rest = bytes.Clone(rest)
}

// endGrace closes the connection of an ended waiter without waiting for an answer
// to the close frame.
func (w *Waiter) endGrace() {
	w.mu.Lock()
	if w.reads {
		w.stopReading(past)
	}
	waits := w.rare != nil && w.rare.grace != nil
	w.mu.Unlock()
	if waits {
		w.teardown()
	}
}

// run reads from a connection that the watch cannot look at. It makes no deep call
// before it blocks, because a stack that has grown keeps its size while the
// goroutine is parked.
func (w *Waiter) run() {
	w.readLoop()
	w.teardown()
}

// hungUp reports whether the browser of a watched waiter has closed its end.
func (w *Waiter) hungUp() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state != reserved && w.socket.hungUp(w.kind)
}

// teardown closes the connection and frees the slot, the first time it is called. The
// reader calls it when it is done. Without a reader it is called by whoever ends the
// waiter, by the loop when the browser has gone, or by the grace timer.
func (w *Waiter) teardown() {
	if !w.leave() {
		return
	}
	// Nothing to do if it fails: the descriptor is released all the same.
	_ = w.closeConn()
	w.hub.free(w)
	switch {
	case w.hub.opts.OnEnd == nil:
		w.hub.running.Done()
	case w.reads:
		w.reportEnd()
	default:
		go w.reportEnd() // neither the watch nor a publisher waits for it
	}
}

// leave ends a waiter that still waits and reports whether it is the first to
// tear it down.
func (w *Waiter) leave() (first bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.state == waiting {
		w.finish(Gone)
	}
	if w.rare != nil && w.rare.grace != nil {
		w.rare.grace.Stop()
	}
	first, w.left = !w.left, true
	return first
}

func (w *Waiter) reportEnd() {
	w.hub.opts.OnEnd(w.kind, w.end)
	w.hub.running.Done()
}

// free gives the waiter's slot back.
func (h *Hub) free(w *Waiter) {
	h.shard(w.key).remove(w)
	h.limits.release(w.addr)
}
