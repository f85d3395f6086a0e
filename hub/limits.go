package hub

import (
	"hash/maphash"
	"sync"
)

// limits counts the slots in use, in total and by address; the shard counts those
// of one key. A slot stands for a descriptor, so it is released only when the
// connection is closed, not when the last event was sent.
type limits struct {
	perAddr, max int
	seed         maphash.Seed

	mu     sync.Mutex
	total  int
	byAddr map[addrHash]int32
}

// addrHash stands for an address in an eighth of the memory. Two addresses of one
// hash share their limit, and nothing else; which they are cannot be told from outside.
type addrHash uint32

func (l *limits) hash(addr string) addrHash { return addrHash(maphash.String(l.seed, addr)) }

func (l *limits) acquire(addr addrHash) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case int(l.byAddr[addr]) >= l.perAddr:
		return ErrTooManyForAddr
	case l.total >= l.max:
		return ErrFull
	}
	l.total++
	l.byAddr[addr]++
	return nil
}

func (l *limits) release(addr addrHash) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.total--
	if l.byAddr[addr]--; l.byAddr[addr] == 0 {
		delete(l.byAddr, addr)
	}
}
