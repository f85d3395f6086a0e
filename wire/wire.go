// Package wire records what goes over the connections of a demonstration: the
// browser's with Nod, Nod's with Authy, the callbacks, and those of simulated
// phones.
//
// Owns: a ring of hops, and the masks. A hop is one message in one direction, as
// it was sent: a request, an answer, a frame of a WebSocket, an event of a stream.
// Rooms do not describe what they did: a connection that passed through
// [Recorder.Conn] copies its own bytes, before anybody parses them. Who takes the
// connection beneath ([Conn.UnsafeConn], as the hub does) reports by [Conn.Sent]
// and [Conn.Received]; who knows more than the bytes say adds it by [Conn.Note]
// and [Conn.About].
//
// A hop as JSON, empty fields left out:
//
//	{
//	  "id": 12,                   grows by one; the order in which hops were whole
//	  "exchange": 7,              the same for a request, its answer, and all that follows on its socket
//	  "conn": 3,                  the connection
//	  "at": "…", "end": "…",      first and last byte, RFC 3339; a message may come in pieces
//	  "from": "browser", "to": "nod",          browser, nod, authy, phone
//	  "kind": "request",          request, answer, frame, event, lost, unreadable
//	  "method": "POST", "route": "/login/…",   of the request, also on what follows it;
//	                              the route has names in place of ids: /phones/{id}/events
//	  "status": 303,              of an answer
//	  "op": "text", "code": 1000, of a frame: text, close, ping, pong …; code of a close
//	  "head": "POST /login HTTP/1.1\r\n…",     start line and headers; of a frame its header in hex
//	  "body": "email=ada…",       without the transfer coding; of a frame the unmasked payload
//	  "size": 512,                bytes on the wire, masks and all
//	  "note": "applied",          on the answer to a callback: what became of it
//	  "browser": 1,               the browser by its cookies, counted from 1
//	  "phone": "123",             Authy's id of the phone, where the message names it
//	  "uuid": "…"                 the approval request that it is about; what a waiting browser is told has it, too
//	}
//
// Promises: what is handed out is what was sent, byte for byte, but for the masks
// (each reads "[masked]"). Masks are put on before anything is kept, and by what is
// known to be harmless, not by what is known to be secret: a header, field, path or
// kind of content that no list names is masked. So are keys, passwords, cookies,
// codes and tokens; pages are masked whole, for they hold tokens. A nil *Recorder
// records nothing and costs nothing.
//
// Never: changes, delays or refuses a message; knows a session or a state; is there
// beside a real key.
package wire

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"net"
	"net/url"
	"slices"
	"sync"
	"time"
)

// Mask stands for what is not shown.
const Mask = "[masked]"

// Party is who sends or receives.
type Party string

// The parties of a sign-in.
const (
	Browser Party = "browser"
	Nod     Party = "nod"
	Authy   Party = "authy"
	Phone   Party = "phone"
)

// Kind is what sort of message a hop is.
type Kind string

// The kinds of hops.
const (
	Request    Kind = "request"
	Answer     Kind = "answer"
	Frame      Kind = "frame"      // of a WebSocket
	Event      Kind = "event"      // of an event stream
	Lost       Kind = "lost"       // what the hop before it was to send did not get out
	Unreadable Kind = "unreadable" // no HTTP; the connection is recorded no further
)

// Hop is one message in one direction. The package comment explains each field.
type Hop struct {
	ID       int64     `json:"id"`
	Exchange int64     `json:"exchange"`
	Conn     int64     `json:"conn"`
	At       time.Time `json:"at"`
	End      time.Time `json:"end"`
	From     Party     `json:"from"`
	To       Party     `json:"to"`
	Kind     Kind      `json:"kind"`
	Method   string    `json:"method,omitempty"`
	Route    string    `json:"route,omitempty"`
	Status   int       `json:"status,omitempty"`
	Op       string    `json:"op,omitempty"`
	Code     int       `json:"code,omitempty"`
	Head     string    `json:"head,omitempty"`
	Body     string    `json:"body,omitempty"`
	Size     int       `json:"size"`
	Note     string    `json:"note,omitempty"`
	Browser  int       `json:"browser,omitempty"`
	Phone    string    `json:"phone,omitempty"`
	UUID     string    `json:"uuid,omitempty"`
}

// How much is kept: the newest hops that fit into both.
const (
	maxHops  = 4000
	maxBytes = 16 << 20
)

// Recorder keeps the newest hops. It is safe for concurrent use, and nil for one
// that records nothing. Make one with New.
type Recorder struct {
	now  func() time.Time
	seed maphash.Seed
	bell Bell

	mu        sync.Mutex
	hops      []Hop // oldest first
	bytes     int   // of their heads and bodies
	last      int64 // id of the newest hop
	exchanges int64
	conns     int64
	secrets   [][]byte
	browsers  map[uint64]int // by the hashes of their cookies
	named     int            // browsers so far
}

// New returns an empty recorder. now is the clock of the hops; nil = time.Now.
func New(now func() time.Time) *Recorder {
	if now == nil {
		now = time.Now
	}
	return &Recorder{now: now, seed: maphash.MakeSeed(), browsers: map[uint64]int{}}
}

// minSecret is how long a text must be to be searched for: a shorter one would
// stand in half of all messages.
const minSecret = 8

// Hide masks this text wherever it stands from now on, such as the key of the
// provider. It is no substitute for the masks by place.
func (r *Recorder) Hide(secret string) {
	if r == nil || len(secret) < minSecret {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, spelling := range []string{secret, url.QueryEscape(secret)} {
		if !slices.ContainsFunc(r.secrets, func(s []byte) bool { return string(s) == spelling }) {
			r.secrets = append(r.secrets, []byte(spelling))
		}
	}
}

// Conn records what goes over c, a connection at this point. The caller uses the
// result in the place of c. A nil recorder returns c itself.
func (r *Recorder) Conn(c net.Conn, p Point) net.Conn {
	if r == nil {
		return c
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conns++
	return &Conn{Conn: c, tap: tap{rec: r, point: p, conn: r.conns}}
}

// After returns the hops with a larger id, oldest first, as far as they are kept.
func (r *Recorder) After(id int64) []Hop {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	from, _ := slices.BinarySearchFunc(r.hops, id+1, func(h Hop, id int64) int { return cmp.Compare(h.ID, id) })
	return slices.Clone(r.hops[from:])
}

// Watch returns a channel that gets a nudge when there is something new, and a
// function that ends that. Nudges merge: who gets one asks After.
func (r *Recorder) Watch() (nudge <-chan struct{}, end func()) {
	if r == nil {
		return nil, func() {}
	}
	return r.bell.Watch()
}

// Reset forgets all hops and browsers. Ids go on.
func (r *Recorder) Reset() {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hops, r.bytes, r.named = nil, 0, 0
	clear(r.browsers)
	r.bell.Ring()
}

// add keeps a hop whose secrets are masked by their place.
func (r *Recorder) add(h Hop) {
	r.mu.Lock()
	defer r.mu.Unlock()
	h.Head, h.Body = r.hide(h.Head), r.hide(h.Body)
	r.last++
	h.ID = r.last
	r.hops = append(r.hops, h)
	r.bytes += len(h.Head) + len(h.Body)
	drop := 0
	for len(r.hops)-drop > maxHops || r.bytes > maxBytes {
		r.bytes -= len(r.hops[drop].Head) + len(r.hops[drop].Body)
		r.hops[drop] = Hop{} // what it held is free
		drop++
	}
	r.hops = r.hops[drop:]
	r.bell.Ring()
}

// hide masks the known secrets; it needs the lock.
func (r *Recorder) hide(text string) string {
	b := []byte(text)
	for _, secret := range r.secrets {
		b = bytes.ReplaceAll(b, secret, []byte(Mask))
	}
	return string(b)
}

func (r *Recorder) nextExchange() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.exchanges++
	return r.exchanges
}
