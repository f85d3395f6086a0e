package handlers

import (
	"crypto/sha256"
	"sync"
)

// pointers remembers which session a cookie points to, and spares reading and
// decoding Fiber's session for every request. A pointer never changes, since
// each step of a sign-in has a cookie of its own; whether what it points to
// still counts is asked of the store every time. So a stale one opens nothing.
type pointers struct {
	mu sync.RWMutex
	to map[[sha256.Size]byte]string
}

// mostPointers bounds the memory, at some 150 bytes each. Beyond it all are
// read again.
const mostPointers = 50_000

func (p *pointers) get(cookie string) string {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.to[sha256.Sum256([]byte(cookie))]
}

func (p *pointers) put(cookie, session string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.to == nil || len(p.to) >= mostPointers {
		p.to = map[[sha256.Size]byte]string{}
	}
	p.to[sha256.Sum256([]byte(cookie))] = session
}
