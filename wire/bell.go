package wire

import "sync"

// Bell tells whoever watches that there is something new. The zero value is ready. Safe
// for concurrent use.
type Bell struct {
	mu       sync.Mutex
	watchers map[chan struct{}]bool
}

// Watch returns a channel that gets a nudge at each Ring, and a function that ends that.
// Nudges merge.
func (b *Bell) Watch() (nudge <-chan struct{}, end func()) {
	c := make(chan struct{}, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.watchers == nil {
		b.watchers = map[chan struct{}]bool{}
	}
	b.watchers[c] = true
	return c, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.watchers, c)
	}
}

// Ring waits for nobody.
func (b *Bell) Ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c := range b.watchers {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}
