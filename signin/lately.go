package signin

import (
	"hash/maphash"
	"sync"
	"time"
)

// lately remembers when something was last done for an id, so that ten thousand
// polling pages do not become ten thousand questions. The zero value remembers
// nothing yet.
//
// Thousands of ids are remembered at a time, so each takes two words: its hash,
// which cannot be told from outside, and the time. Two ids of one hash take turns,
// and nothing else. What is old is dropped a whole map at a time; nothing reads
// them through.
type lately struct {
	mu            sync.Mutex
	seed          maphash.Seed
	recent, older map[uint64]int64 // Unix milliseconds
	began         time.Time        // of recent
}

// due says whether it was not done for id within the interval before now, and if so
// notes that it is done now. A time that lies ahead, since the clock was set back,
// holds nothing up.
func (l *lately) due(id string, now time.Time, interval time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.began.IsZero() {
		l.began, l.seed = now, maphash.MakeSeed()
	}
	if l.recent == nil {
		l.recent = map[uint64]int64{}
	}
	key := maphash.String(l.seed, id)
	last, ok := l.recent[key]
	if !ok {
		last, ok = l.older[key]
	}
	if since := now.Sub(time.UnixMilli(last)); ok && since >= 0 && since < interval {
		return false
	}
	l.recent[key] = now.UnixMilli()
	return true
}

// forget drops what was noted longer than keep ago, at the latest when it is twice
// as old.
func (l *lately) forget(now time.Time, keep time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if since := now.Sub(l.began); l.began.IsZero() || since >= 0 && since < keep {
		return
	}
	l.older, l.recent, l.began = l.recent, nil, now
}
