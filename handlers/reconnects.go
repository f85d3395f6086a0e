package handlers

import (
	"hash/maphash"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
)

// reconnects limits how often one session opens sockets and streams: each costs a
// handshake and a look into the database. A page waits longer and longer between
// its tries, so only a client that does not is ever refused.
type reconnects struct {
	mu   sync.Mutex
	seed maphash.Seed
	// recent and older say when, in Unix seconds, each session has paid for all its
	// connections. The keys are hashes, which cannot be told from here: two sessions of
	// one hash share their limit, and nothing else. Whoever is only in older when that is
	// dropped owes nothing any more.
	recent, older map[uint32]uint32
	began         uint32 // recent, in Unix seconds
	latest        uint32 // the latest second seen
}

const (
	reconnectPause = time.Second // that one connection costs
	reconnectBurst = 30          // that may be had at once: five tabs, and a proxy that cuts
)

func newReconnects() *reconnects { return &reconnects{seed: maphash.MakeSeed()} }

// wait counts one connection of a session, or says how long it must wait for one.
func (r *reconnects) wait(now time.Time, session string) time.Duration {
	key := uint32(maphash.String(r.seed, session))
	r.mu.Lock()
	defer r.mu.Unlock()
	at := r.advance(uint32(now.Unix()))
	r.forget(at)
	owed, ok := r.recent[key]
	if !ok {
		owed = r.older[key]
	}
	if owed < at || owed > at+reconnectBurst { // it is paid, or the clock was set back
		owed = at
	}
	owed++
	if owed > at+reconnectBurst {
		return time.Duration(owed-at-reconnectBurst) * reconnectPause
	}
	r.recent[key] = owed
	return 0
}

// advance returns the time that counts. A request that has read the clock before another
// one may come after it; only a clock that lies far behind was set back.
func (r *reconnects) advance(at uint32) uint32 {
	if at > r.latest || r.latest-at > reconnectBurst {
		r.latest = at
	}
	return r.latest
}

// forget drops who has paid long ago; so many sessions at once that they take too much
// memory are forgotten early.
func (r *reconnects) forget(at uint32) {
	if since := at - r.began; r.recent == nil || since >= reconnectBurst || len(r.recent) >= maxCached {
		r.recent, r.older, r.began = map[uint32]uint32{}, r.recent, at
	}
}

// tooOften explains the refusal.
func tooOften(wait time.Duration) error {
	return &pageError{Status: fiber.StatusTooManyRequests, Heading: "error.too_often.title",
		Text: "error.too_often.text", RetryAfter: wait}
}
