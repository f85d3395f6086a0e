// Package hub knows who is waiting, and tells them.
//
// It owns the connections of waiting browsers from the moment they join,
// WebSockets and event streams alike, keyed by session: of each it keeps the
// bare [net.Conn] and a goroutine parked without a buffer.
//
// It promises that a frame for one key never reaches another, whatever the
// server's pools do with the objects around a connection; that publishing never
// waits for a browser (one try to write, and who cannot take it is closed);
// that every connection it was given is closed exactly once, on every path; and
// that after [Hub.Shutdown] no goroutine and no descriptor of it is left.
//
// It never decides anything and never stores an event: an event is a nudge, and
// whoever joins late, or was not told, reads the stored state. It never looks
// into the events, never listens to what browsers say beyond pongs and closes,
// and knows no users, sessions, cookies or pages.
//
// The order that loses nothing: [Hub.Reserve] before the upgrade (so that a
// refusal is still an HTTP answer), [Waiter.Join] first thing after it, then
// read the stored state, then [Waiter.Send] it. The state may be read between
// Reserve and Join instead, if it is read again when [Waiter.Early] says so.
//
// Only bytes that arrive after the upgrade are read. What a client glued to its
// upgrade request stays in the HTTP server's buffer and is lost; RFC 6455,
// section 4.1 forbids sending before the 101, and browsers do not.
package hub

import (
	"cmp"
	"errors"
	"hash/maphash"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// What Reserve, Join and Send answer. Compare with [errors.Is].
var (
	ErrTooManyForKey  = errors.New("hub: too many waiting under this key")      // answer 429
	ErrTooManyForAddr = errors.New("hub: too many waiting from this address")   // answer 429
	ErrFull           = errors.New("hub: full")                                 // answer 503
	ErrClosed         = errors.New("hub: closed")                               // answer 503
	ErrGone           = errors.New("hub: this browser is not waiting any more") // nothing to answer
)

// Kind is how a browser waits.
type Kind uint8

const (
	WebSocket Kind = iota // frames of RFC 6455, from the byte after the 101
	Stream                // server-sent events, in a response that ends with its connection
	kinds
)

func (k Kind) String() string { return [...]string{"websocket", "stream"}[k] }

// Options of a hub. The zero value is usable.
type Options struct {
	PerKey  int // waiting at once under one key; 0 = 5
	PerAddr int // waiting at once from one address; 0 = 20,000, since many people may share one behind a proxy
	Total   int // waiting at once; 0 = 20,000; set it below RLIMIT_NOFILE by what else needs descriptors

	PingInterval time.Duration // between two pings of one browser; 0 = 30 s
	MissedPongs  int           // pings in a row without an answer before it is closed; 0 = 3
	Grace        time.Duration // for a browser to answer a close frame before it is cut; 0 = 2 s
	SendBuffer   int           // SO_SNDBUF in bytes: what the kernel holds for one that does not read; 0 = the system's

	// OnEnd, if set, is told once of every browser that had joined, after its
	// connection is closed. It is called by many goroutines at once, publishers
	// among them, and should not take long.
	OnEnd func(Kind, End)
}

func (o Options) withDefaults() Options {
	o.PerKey = cmp.Or(o.PerKey, 5)
	o.PerAddr = cmp.Or(o.PerAddr, 20_000)
	o.Total = cmp.Or(o.Total, 20_000)
	o.PingInterval = cmp.Or(o.PingInterval, 30*time.Second)
	o.MissedPongs = cmp.Or(o.MissedPongs, 3)
	o.Grace = cmp.Or(o.Grace, 2*time.Second)
	return o
}

// shards bounds how many keys share one lock, and is the step of the pinger.
const shards = 256

// Hub is a registry of waiting browsers. It is safe for concurrent use.
type Hub struct {
	opts    Options
	seed    maphash.Seed
	caps    caps
	waiting [kinds]atomic.Int64

	closed  atomic.Bool
	stop    chan struct{}  // closed by Shutdown; ends the pinger
	running sync.WaitGroup // the pinger, and a reader for every browser that joined

	shards [shards]shard
}

// New makes a hub and starts its pinger; [Hub.Shutdown] ends it.
func New(o Options) *Hub {
	o = o.withDefaults()
	h := &Hub{opts: o, seed: maphash.MakeSeed(), stop: make(chan struct{})}
	h.caps = caps{perAddr: o.PerAddr, max: o.Total, byAddr: make(map[string]int)}
	h.running.Add(1)
	go h.ping()
	return h
}

// Reserve takes a place for one more browser under key, coming from addr (any
// text that names the client, such as its IP address). The place counts until
// the browser that joins on it ends. A place that nobody joins is given up by
// [Waiter.Release], or by itself within two ping intervals: the server never
// says so when a client hangs up before its 101 is written.
func (h *Hub) Reserve(key, addr string) (*Waiter, error) {
	// Cloned, because HTTP servers reuse the memory behind such strings.
	w := &Waiter{hub: h, key: strings.Clone(key), addr: strings.Clone(addr)}
	if err := h.caps.take(w.addr); err != nil {
		return nil, err
	}
	err := h.shard(key).add(w)
	if err == ErrTooManyForKey && h.sweep(key) {
		err = h.shard(key).add(w)
	}
	if err != nil {
		h.caps.give(w.addr)
		return nil, err
	}
	return w, nil
}

// sweep looks for streams of this key whose browser has gone unnoticed, so that
// a page that is reloaded is not refused for its own past.
func (h *Hub) sweep(key string) (found bool) {
	for _, w := range h.shard(key).of(key, nil) {
		w.probe()
		found = found || w.now() == over
	}
	return found
}

// Publish sends one event to every browser waiting under key and says how many
// took it. data is one JSON text; with last, their connections end with it. A
// browser that cannot take it at once is closed and not counted.
func (h *Hub) Publish(key string, data []byte, last bool) (told int) {
	return h.tell(key, event(data, last), endIf(last))
}

// CloseKey ends all who wait under key and says how many they were: a WebSocket
// with this close code and reason (cut at 123 bytes), a stream without a word.
func (h *Hub) CloseKey(key string, code int, reason string) int {
	return h.tell(key, frames{WebSocket: closeFrame(code, reason)}, Closed)
}

// tell writes to all waiters of a key, never under the shard's lock, and counts
// those who took it. However many they are, they share the patience that one of
// them would get.
func (h *Hub) tell(key string, f frames, end End) (told int) {
	var few [8]*Waiter
	list := h.shard(key).of(key, few[:0])
	for _, w := range list {
		if w.write(f, patience/time.Duration(len(list)), end) == nil {
			told++
		}
	}
	return told
}

// Waiting counts the browsers that would hear an event now.
func (h *Hub) Waiting() (websockets, streams int) {
	return int(h.waiting[WebSocket].Load()), int(h.waiting[Stream].Load())
}

func (h *Hub) shard(key string) *shard {
	return &h.shards[maphash.String(h.seed, key)%shards]
}

// shard holds the waiters of some keys, those of one key as a chain. Its lock
// is held for memory work only, never during a system call.
type shard struct {
	mu     sync.Mutex
	chains map[string]*Waiter
}

func (s *shard) add(w *Waiter) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	// Asked under the lock: Shutdown sets it first and then visits every shard.
	if w.hub.closed.Load() {
		return ErrClosed
	}
	n := 0
	for other := s.chains[w.key]; other != nil; other = other.next {
		n++
	}
	if n >= w.hub.opts.PerKey {
		return ErrTooManyForKey
	}
	if s.chains == nil {
		s.chains = make(map[string]*Waiter)
	}
	w.next = s.chains[w.key]
	s.chains[w.key] = w
	return nil
}

// remove takes out this very waiter; a later one under the same key stays.
func (s *shard) remove(w *Waiter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	head := s.chains[w.key]
	for at := &head; *at != nil; at = &(*at).next {
		if *at == w {
			*at = w.next
			break
		}
	}
	if head == nil {
		delete(s.chains, w.key)
		return
	}
	s.chains[w.key] = head
}

// of appends the waiters of one key to list.
func (s *shard) of(key string, list []*Waiter) []*Waiter {
	s.mu.Lock()
	defer s.mu.Unlock()
	for w := s.chains[key]; w != nil; w = w.next {
		list = append(list, w)
	}
	return list
}

// all appends every waiter of the shard to list.
func (s *shard) all(list []*Waiter) []*Waiter {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, head := range s.chains {
		for w := head; w != nil; w = w.next {
			list = append(list, w)
		}
	}
	return list
}
