package hub

import (
	"errors"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// watch knows which of the hub's sockets have something to read, with one
// goroutine for all of them. An event says "look" to a waiter and carries nothing
// else: one that comes late finds nobody, or somebody who looks in vain.
//
// Go's poller waits for its epoll instance, so the wait holds no thread. A socket
// is reported as long as it has something to read, and the loop reads one chunk of
// each before it asks again, so a browser that floods the hub gets its turn and no
// more.
type watch struct {
	file *os.File // of epoll, for Go's poller
	raw  syscall.RawConn

	start sync.Once     // of the loop, with the first waiter
	done  chan struct{} // closed when the loop has ended

	mu    sync.Mutex
	epoll int32  // 0 if closed
	slots []slot // the first is never used
	free  int32  // the first free slot, 0 if there is none
}

// slot is the place of a watched waiter. turn tells it from those who had the slot
// before.
type slot struct {
	w    *Waiter // nil if the slot is free
	turn int32
	next int32 // the next free slot
}

// newWatch returns nil if the system has no epoll instance to give. It is made now:
// if it were made at the first Join, one moment without descriptors would leave the
// hub without a watch for good.
func newWatch() *watch {
	p := &watch{slots: make([]slot, 1), done: make(chan struct{})}
	if p.open() != nil {
		return nil
	}
	return p
}

func (p *watch) open() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return err
	}
	_ = unix.SetNonblock(epoll, true) // tells NewFile to use the poller
	file := os.NewFile(uintptr(epoll), "epoll")
	// Only a file that Go's poller has taken can have a deadline.
	if err := file.SetReadDeadline(time.Time{}); err != nil {
		return errors.Join(err, file.Close())
	}
	if p.raw, err = file.SyscallConn(); err != nil {
		return errors.Join(err, file.Close())
	}
	p.file, p.epoll = file, int32(epoll)
	return nil
}

// add watches a waiter's socket and returns its slot, 0 if it cannot be watched.
// The caller keeps fd open meanwhile.
func (p *watch) add(fd int32, w *Waiter) (slot int32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.epoll == 0 {
		return 0
	}
	slot = p.takeSlot(w)
	look := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLRDHUP, Fd: slot, Pad: p.slots[slot].turn}
	if unix.EpollCtl(int(p.epoll), unix.EPOLL_CTL_ADD, int(fd), &look) != nil {
		p.freeSlot(slot)
		return 0
	}
	p.start.Do(func() { go p.run() })
	return slot
}

// remove forgets a socket before it is closed. Closing is not enough where the
// socket has another descriptor, such as in a child process that is just starting:
// its events would go on.
func (p *watch) remove(fd, slot int32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.epoll != 0 {
		_ = unix.EpollCtl(int(p.epoll), unix.EPOLL_CTL_DEL, int(fd), nil)
	}
	p.freeSlot(slot)
}

func (p *watch) takeSlot(w *Waiter) (i int32) {
	if i = p.free; i == 0 {
		i = int32(len(p.slots))
		p.slots = append(p.slots, slot{})
	}
	s := &p.slots[i]
	p.free = s.next
	s.w, s.turn, s.next = w, s.turn+1, 0
	return i
}

func (p *watch) freeSlot(i int32) {
	p.slots[i].w, p.slots[i].next = nil, p.free
	p.free = i
}

// waiter returns the waiter that an event means, nil if it has ended since.
func (p *watch) waiter(e unix.EpollEvent) *Waiter {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.slots[e.Fd]; s.turn == e.Pad {
		return s.w
	}
	return nil
}

// run has each waiter with something to read take a look, until close. Nothing in it
// blocks.
func (p *watch) run() {
	defer close(p.done)
	var events [64]unix.EpollEvent
	var buf chunk
	n := 0
	ready := func(epoll uintptr) bool {
		var err error
		n, err = unix.EpollWait(int(epoll), events[:], 0)
		n = max(n, 0)
		return n > 0 || err == unix.EINTR
	}
	for p.raw.Read(ready) == nil {
		p.turn(events[:n], &buf)
	}
}

// turn lets each waiter that the events mean look once.
func (p *watch) turn(events []unix.EpollEvent, buf *chunk) {
	for _, e := range events {
		if w := p.waiter(e); w != nil && !w.look(buf[:], e.Events) {
			w.teardown()
		}
	}
}

// close ends the loop and waits for it. It is called when nobody waits any more.
func (p *watch) close() {
	if p == nil {
		return
	}
	p.forget()
	_ = p.file.Close()
	p.start.Do(func() { close(p.done) })
	<-p.done
}

// forget has no socket added or removed any more: the number of the epoll instance
// is about to be free.
func (p *watch) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.epoll = 0
}

// look reads once what the browser has sent. more is false if nothing more is to
// be read. Only the loop calls it, so what it reads stays in order.
func (w *Waiter) look(buf []byte, events uint32) (more bool) {
	n, err := w.socket.read(buf)
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
		// A hang-up without an end to read would be reported for ever.
		return events&(unix.EPOLLHUP|unix.EPOLLERR) == 0
	case err != nil || n == 0:
		return false
	}
	w.heard(buf[:n])
	return w.receiveAfter(w.takeRest(), buf[:n])
}

// receiveAfter passes b to receive, after what the last read left over, and keeps
// the beginning of a split frame.
func (w *Waiter) receiveAfter(rest, b []byte) (more bool) {
	if len(rest) > 0 {
		b = append(rest, b...)
	}
	left, more := w.receive(b)
	if len(left) > 0 {
		w.keepRest(left)
	}
	return more
}
