package hub

import "sync"

// caps counts the places taken, in total and by address; those of one key are
// counted by its shard. A place is a descriptor: it is given back only when the
// connection is closed, not when its browser has been told.
type caps struct {
	perAddr, max int

	mu     sync.Mutex
	total  int
	byAddr map[string]int
}

func (c *caps) take(addr string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.byAddr[addr] >= c.perAddr:
		return ErrTooManyForAddr
	case c.total >= c.max:
		return ErrFull
	}
	c.total++
	c.byAddr[addr]++
	return nil
}

func (c *caps) give(addr string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.total--
	if c.byAddr[addr]--; c.byAddr[addr] == 0 {
		delete(c.byAddr, addr)
	}
}
