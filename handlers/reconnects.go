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
	// owed is when, in Unix milliseconds, each session has paid for all its
	// connections, at reconnectPause each. The keys are hashes, which cannot be told from here: two
	// sessions of one hash share their limit, and nothing else.
	owed map[uint64]int64
}

const (
	reconnectPause = time.Second // that one connection costs
	reconnectBurst = 30          // that may be had at once: five tabs, and a proxy that cuts
)

func newReconnects() *reconnects {
	return &reconnects{seed: maphash.MakeSeed(), owed: map[uint64]int64{}}
}

// wait counts one connection of a session, or says how long it must wait for one.
func (r *reconnects) wait(now time.Time, session string) time.Duration {
	key := maphash.String(r.seed, session)
	r.mu.Lock()
	defer r.mu.Unlock()
	owed := max(r.owed[key], now.UnixMilli()) + reconnectPause.Milliseconds()
	if over := time.UnixMilli(owed).Sub(now) - reconnectBurst*reconnectPause; over > 0 {
		return over
	}
	r.makeRoom(now.UnixMilli())
	r.owed[key] = owed
	return 0
}

// makeRoom forgets who owes nothing; if that is not enough, everybody.
func (r *reconnects) makeRoom(now int64) {
	if len(r.owed) < maxCached {
		return
	}
	for key, owed := range r.owed {
		if owed <= now {
			delete(r.owed, key)
		}
	}
	if len(r.owed) >= maxCached {
		clear(r.owed)
	}
}

// tooOften explains the refusal.
func tooOften(wait time.Duration) error {
	return &pageError{Status: fiber.StatusTooManyRequests, Heading: "error.too_often.title",
		Text: "error.too_often.text", RetryAfter: wait}
}
