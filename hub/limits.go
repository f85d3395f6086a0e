package hub

import "sync"

// limits counts the slots in use, in total and by address; the shard counts those
// of one key. A slot stands for a descriptor, so it is released only when the
// connection is closed, not when the last event was sent.
type limits struct {
	perAddr, max int

	mu     sync.Mutex
	total  int
	byAddr map[string]int
}

func (l *limits) acquire(addr string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.byAddr[addr] >= l.perAddr:
		return ErrTooManyForAddr
	case l.total >= l.max:
		return ErrFull
	}
	l.total++
	l.byAddr[addr]++
	return nil
}

func (l *limits) release(addr string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.total--
	if l.byAddr[addr]--; l.byAddr[addr] == 0 {
		delete(l.byAddr, addr)
	}
}
