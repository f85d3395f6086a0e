// Package hub delivers events to waiting browsers.
//
// It owns the connections of waiting browsers from the moment they join,
// WebSockets and event streams alike, grouped by a key such as a session. On Linux,
// of a plain socket it keeps only its own descriptor: no goroutine, no buffer, no
// timer. One goroutine watches all of them by epoll. Any other connection (TLS that
// ends in this process, a wrapper that may process the bytes itself, another system)
// is read by a goroutine of its own, and so is a plain socket that cannot be watched.
//
// It promises that a frame for one key never reaches another, whatever the
// server's pools do with the objects around a connection and however often the
// kernel reuses a descriptor number; that publishing does not wait for slow
// browsers (there is one attempt to write, which takes 20 ms at most where the
// connection cannot be written without blocking; a browser that cannot take the
// event is closed); that a browser that floods the hub gets its turn and no more;
// that every connection passed to [Waiter.Join] is closed exactly once; and that
// [Hub.Shutdown] leaves no goroutine and no descriptor of the hub behind.
//
// It never decides anything and never stores an event: an event is a nudge, and
// a browser that joins late or misses one reads the stored state. It never
// interprets events, accepts nothing from browsers but control frames, and knows
// no users, cookies or pages.
//
// To lose no event, call [Hub.Reserve] before the upgrade (so that a refusal is
// still an HTTP response), [Waiter.Join] right after it, then read the stored
// state and pass it to [Waiter.Send]. The state may be read between Reserve and
// Join instead, provided that it is read again if [Waiter.Early] reports true.
//
// Only bytes that arrive after the upgrade are read. Anything a client sends in
// the same packet as its upgrade request stays in the HTTP server's buffer and
// is lost; RFC 6455, section 4.1 forbids sending before the 101, and browsers
// do not.
package hub

import (
	"cmp"
	"errors"
	"hash/maphash"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The errors of Reserve, Join and Send. Compare with [errors.Is]; the comments
// name the HTTP status that fits.
var (
	ErrTooManyForKey  = errors.New("hub: too many browsers waiting under this key")    // 429
	ErrTooManyForAddr = errors.New("hub: too many browsers waiting from this address") // 429
	ErrFull           = errors.New("hub: full")                                        // 503
	ErrClosed         = errors.New("hub: closed")                                      // 503
	ErrGone           = errors.New("hub: the browser is no longer waiting")            // none: the connection is closed
)

// Kind is the transport a browser waits on.
type Kind uint8

const (
	WebSocket Kind = iota // frames of RFC 6455, starting with the first byte after the 101
	Stream                // server-sent events, in a response that ends when the connection closes
	kinds
)

func (k Kind) String() string { return [...]string{"websocket", "stream"}[k] }

// Options configure a hub. Zero fields take the defaults given here.
type Options struct {
	PerKey  int // max slots under one key; 0 = 5
	PerAddr int // max slots for one address; 0 = 20,000, because many people may share one behind a proxy
	Total   int // max slots in all; 0 = 20,000; keep it below RLIMIT_NOFILE minus the descriptors used elsewhere

	PingInterval time.Duration // between two pings of one browser; 0 = 30 s
	MissedPongs  int           // unanswered pings in a row before the browser is closed; 0 = 3, and from 255 on it never is
	Grace        time.Duration // how long a browser may take to answer a close frame; 0 = 2 s
	SendBuffer   int           // SO_SNDBUF in bytes: how much the kernel buffers for a browser that does not read; 0 = the system's default

	// OnEnd, if set, is called exactly once per joined waiter, after its
	// connection is closed, in a goroutine of its own. [Hub.Shutdown] waits for it.
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

// perShard is how many browsers share a lock when the hub is full, and minShards how
// many locks a small hub has.
const (
	perShard  = 4
	minShards = 256
)

// Hub is the registry of waiting browsers. It is safe for concurrent use.
type Hub struct {
	opts    Options
	seed    maphash.Seed
	limits  limits
	waiting [kinds]atomic.Int64

	closed  atomic.Bool
	stop    chan struct{}  // closed by Shutdown; ends the pinger
	running sync.WaitGroup // the pinger, and one for every joined waiter
	watch   *watch         // of plain sockets; nil where the system has none

	shards []shard
}

// New creates a hub and starts its pinger; [Hub.Shutdown] stops it.
func New(o Options) *Hub {
	o = o.withDefaults()
	h := &Hub{opts: o, seed: maphash.MakeSeed(), stop: make(chan struct{}), watch: newWatch()}
	h.shards = make([]shard, max(minShards, o.Total/perShard))
	h.limits = limits{perAddr: o.PerAddr, max: o.Total, seed: h.seed, byAddr: make(map[addrHash]int32)}
	h.running.Add(1)
	go h.runPinger()
	return h
}

// Reserve takes a slot for one more browser under key, coming from addr (any
// text that identifies the client, such as its IP address). The slot is taken
// until the connection of the browser that joins is closed. A slot that nobody
// joins is freed by [Waiter.Release], or expires within two ping intervals: the
// HTTP server does not report a client that hangs up before its 101 is written.
func (h *Hub) Reserve(key, addr string) (*Waiter, error) {
	// Cloned, because HTTP servers reuse the memory behind such a string.
	w := &Waiter{hub: h, key: strings.Clone(key), addr: h.limits.hash(addr)}
	if err := h.limits.acquire(w.addr); err != nil {
		return nil, err
	}
	err := h.shard(key).add(w)
	if err == ErrTooManyForKey {
		h.closeHungUp(key)
		err = h.shard(key).add(w)
	}
	if err != nil {
		h.limits.release(w.addr)
		return nil, err
	}
	return w, nil
}

// closeHungUp closes those of a key whose browser has hung up and whom the watch
// has not looked at yet, so that a reloaded page is not refused because of its own
// earlier connections.
func (h *Hub) closeHungUp(key string) {
	for _, w := range h.shard(key).waiters(key, nil) {
		if w.hungUp() {
			w.teardown()
		}
	}
}

// Publish sends one event to every browser waiting under key and returns how many
// took it. data is one JSON text; if last is set, their connections are closed after
// it. A browser that cannot take the event at once is closed and not counted.
func (h *Hub) Publish(key string, data []byte, last bool) (delivered int) {
	return h.deliver(key, event(data, last), endAfter(last))
}

// CloseKey closes every browser waiting under key and returns how many took the
// close: a WebSocket gets this close code and reason (truncated to 123 bytes), a
// stream just ends.
func (h *Hub) CloseKey(key string, code int, reason string) int {
	return h.deliver(key, message{WebSocket: closeFrame(code, reason)}, Closed)
}

// deliver writes to every waiter of a key, never under the shard's lock, and
// counts those that took the message. Together they get no more than one
// writeTimeout, however many they are.
func (h *Hub) deliver(key string, m message, end End) (delivered int) {
	var few [8]*Waiter
	list := h.shard(key).waiters(key, few[:0])
	for _, w := range list {
		if w.write(m, writeTimeout/time.Duration(len(list)), end) == nil {
			delivered++
		}
	}
	return delivered
}

// Waiting returns how many browsers an event could reach now.
func (h *Hub) Waiting() (websockets, streams int) {
	return int(h.waiting[WebSocket].Load()), int(h.waiting[Stream].Load())
}

// Waits says whether a browser waits under key.
func (h *Hub) Waits(key string) bool {
	var few [8]*Waiter
	return len(h.shard(key).waiters(key, few[:0])) > 0
}

// Keys returns the keys under which browsers wait.
func (h *Hub) Keys() []string {
	var keys []string
	var list []*Waiter
	for i := range h.shards {
		list = h.shards[i].all(list[:0])
		for n, w := range list {
			if !slices.ContainsFunc(list[:n], func(before *Waiter) bool { return before.key == w.key }) {
				keys = append(keys, w.key)
			}
		}
	}
	return keys
}

func (h *Hub) shard(key string) *shard {
	return &h.shards[maphash.String(h.seed, key)%uint64(len(h.shards))]
}

// shard is a list of waiters and its lock, which is never held during a system call.
// There are so many shards that the lists are short: they take the place of a map,
// which would cost each waiter a third of its own size.
type shard struct {
	mu   sync.Mutex
	head *Waiter // the newest
}

func (s *shard) add(w *Waiter) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	// Checked under the lock: Shutdown sets closed before it visits the shards.
	if w.hub.closed.Load() {
		return ErrClosed
	}
	n := 0
	for other := s.head; other != nil; other = other.next {
		if other.key == w.key {
			n++
		}
	}
	if n >= w.hub.opts.PerKey {
		return ErrTooManyForKey
	}
	w.next, s.head = s.head, w
	return nil
}

func (s *shard) remove(w *Waiter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for at := &s.head; *at != nil; at = &(*at).next {
		if *at == w {
			*at = w.next
			return
		}
	}
}

// waiters appends the waiters of one key to list.
func (s *shard) waiters(key string, list []*Waiter) []*Waiter {
	s.mu.Lock()
	defer s.mu.Unlock()
	for w := s.head; w != nil; w = w.next {
		if w.key == key {
			list = append(list, w)
		}
	}
	return list
}

// all appends every waiter to list.
func (s *shard) all(list []*Waiter) []*Waiter {
	s.mu.Lock()
	defer s.mu.Unlock()
	for w := s.head; w != nil; w = w.next {
		list = append(list, w)
	}
	return list
}
