package server

import (
	"log/slog"
	"net"
	"sync"
	"time"

	"nod/store"
)

// crowd counts the connections of each source on each listener: an IPv4 address, or
// the /64 of an IPv6 one. It keeps one source from holding all descriptors, and
// does so without shutting out who shares an address: as long as a connection of
// the source only waits for its client, it makes room for the next. Where many
// sources together hold nearly all descriptors, the one that holds most makes room,
// whoever comes. A client whose idle connection is closed opens another; that is
// what connections that are kept open are always exposed to.
//
// Browsers that wait have left the crowd: the hub has them, with limits of its
// own.
type crowd struct {
	perSource int
	exempt    func(net.Addr) bool // our own proxies, who bring everybody
	room      func() int          // for how many clients there are descriptors now
	logger    *slog.Logger

	mu      sync.Mutex
	sources map[seat]map[*client]bool
	inside  int       // all of them
	turn    uint64    // orders the connections by when they began to be idle
	logged  time.Time // of the last refusal
}

// seat is a source on a listener; the zero one is that of our own proxies.
type seat struct{ listener, source string }

// perSource leaves half of the spare descriptors when one source has all it can
// get and the hub is full.
const perSource = spareDescriptors / 2

func newCrowd(perSource int, exempt func(net.Addr) bool, room func() int, logger *slog.Logger) *crowd {
	return &crowd{perSource: perSource, exempt: exempt, room: room, logger: logger, sources: map[seat]map[*client]bool{}}
}

// enter says whether c may come in. It may have closed another one for it.
func (w *crowd) enter(c *client) bool {
	addr := c.RemoteAddr()
	at := seat{c.LocalAddr().String(), sourceOf(addr)}
	if w.exempt(addr) {
		at = seat{}
	}
	idlest, ok := w.count(c, at, w.room())
	if idlest != nil {
		_ = idlest.Conn.Close() // it has left already
	}
	if !ok {
		w.logRefusal(at.source)
	}
	return ok
}

// count takes c in, and out the one that it takes the place of, if any.
func (w *crowd) count(c *client, at seat, room int) (idlest *client, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch all := w.sources[at]; {
	case at != seat{} && len(all) >= w.perSource:
		if idlest = longestIdle(all); idlest == nil {
			return nil, false
		}
	case w.inside >= room:
		idlest = longestIdle(w.fullest())
	}
	if idlest != nil {
		w.remove(idlest)
	}
	if w.sources[at] == nil {
		w.sources[at] = map[*client]bool{}
	}
	w.sources[at][c] = true
	w.inside++
	w.turn++
	c.at, c.idleSince = at, w.turn
	return idlest, true
}

// fullest is the source, our own proxies apart, that has most connections and one
// that is idle.
func (w *crowd) fullest() (most map[*client]bool) {
	for at, all := range w.sources {
		if at != (seat{}) && len(all) > len(most) && longestIdle(all) != nil {
			most = all
		}
	}
	return most
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
	w.remove(c)
}

func (w *crowd) remove(c *client) {
	if !w.sources[c.at][c] {
		return
	}
	w.inside--
	delete(w.sources[c.at], c)
	if len(w.sources[c.at]) == 0 {
		delete(w.sources, c.at)
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
