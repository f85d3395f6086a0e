package handlers

import (
	"crypto/sha256"
	"sync"
)

// sessionRefs remembers which session a cookie refers to, and spares reading
// and decoding Fiber's session for every request. A reference never changes,
// since each step of a sign-in has a cookie of its own. Whether the session is
// still valid is read from the store every time, so a stale reference grants
// nothing.
type sessionRefs struct {
	mu sync.RWMutex
	to map[[sha256.Size]byte]string
}

// maxCached bounds the memory, at some 150 bytes each; when full, the cache is
// reset.
const maxCached = 50_000

func (r *sessionRefs) get(cookie string) string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.to[sha256.Sum256([]byte(cookie))]
}

func (r *sessionRefs) put(cookie, session string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.to == nil || len(r.to) >= maxCached {
		r.to = map[[sha256.Size]byte]string{}
	}
	r.to[sha256.Sum256([]byte(cookie))] = session
}
