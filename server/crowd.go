package server

import (
	"log/slog"
	"net"
	"sync"
	"time"

	"nod/store"
)

// crowd counts the connections of each source on one listener: an IPv4 address, or
// the /64 of an IPv6 one. It keeps one source from holding all descriptors, and
// does so without shutting out who shares an address: as long as a connection of
// the source only waits for its client, it makes room for the next. A client whose
// idle connection is closed opens another; that is what connections that are kept
// open are always exposed to.
//
// Browsers that wait have left the crowd: the hub has them, with limits of its
// own.
type crowd struct {
	perSource int
	exempt    func(net.Addr) bool // our own proxies, who bring everybody
	logger    *slog.Logger

	mu      sync.Mutex
	sources map[string]map[*client]bool
	turn    uint64    // orders the connections by when they began to be idle
	logged  time.Time // of the last refusal
}

// perSource leaves half of the spare descriptors when one source has all it can
// get and the hub is full.
const perSource = spareDescriptors / 2

func newCrowd(perSource int, exempt func(net.Addr) bool, logger *slog.Logger) *crowd {
	return &crowd{perSource: perSource, exempt: exempt, logger: logger, sources: map[string]map[*client]bool{}}
}

// enter says whether c may come in. It may have closed another one for it.
func (w *crowd) enter(c *client) bool {
	addr := c.RemoteAddr()
	if w.exempt(addr) {
		return true
	}
	source, idlest, ok := w.count(c, sourceOf(addr))
	switch {
	case idlest != nil:
		_ = idlest.Conn.Close() // it has left already
	case !ok:
		w.logRefusal(source)
	}
	return ok
}

// count takes c in, and out the one that it takes the place of, if any.
func (w *crowd) count(c *client, source string) (_ string, idlest *client, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := w.sources[source]
	if len(all) >= w.perSource {
		if idlest = longestIdle(all); idlest == nil {
			return source, nil, false
		}
		delete(all, idlest)
	}
	if all == nil {
		all = map[*client]bool{}
		w.sources[source] = all
	}
	all[c] = true
	c.source = source
	w.turn++
	c.idleSince = w.turn
	return source, idlest, true
}

// longestIdle is nil if all are at work.
func longestIdle(all map[*client]bool) (idlest *client) {
	for c := range all {
		if c.idleSince > 0 && (idlest == nil || c.idleSince < idlest.idleSince) {
			idlest = c
		}
	}
	return idlest
}

// works says that c is amid a request.
func (w *crowd) works(c *client) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c.idleSince = 0
}

// idles says that c waits for its client again.
func (w *crowd) idles(c *client) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.turn++
	c.idleSince = w.turn
}

// leave is for who was closed or taken over; a second time does nothing.
func (w *crowd) leave(c *client) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.sources[c.source], c)
	if len(w.sources[c.source]) == 0 {
		delete(w.sources, c.source)
	}
}

func (w *crowd) logRefusal(source string) {
	w.mu.Lock()
	now := time.Now()
	quiet := now.Sub(w.logged) < logInterval
	if !quiet {
		w.logged = now
	}
	w.mu.Unlock()
	if !quiet {
		w.logger.Warn("an address has too many connections at work: further ones are closed; "+
			"if it is a proxy of yours, name it in TRUSTED_PROXIES", "address", source, "connections", w.perSource)
	}
}

func sourceOf(addr net.Addr) string {
	host, _, err := net.SplitHostPort(addr.String())
	if err != nil {
		host = addr.String()
	}
	return store.Network(host)
}
