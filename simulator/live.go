package simulator

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/fasthttp/websocket"

	"nod/simulator/pages"
)

const (
	maxWatchers  = 200 // open pages and waiters of all phones, but for those of an audience
	maxPageWait  = 30 * time.Second
	minPageWait  = 250 * time.Millisecond
	writeTimeout = 5 * time.Second
	pongTimeout  = 75 * time.Second // pongs come at least every maxPageWait
)

// watchers knows which pages and waiters watch which phone.
type watchers struct {
	mu     sync.Mutex
	phones map[int64]map[chan struct{}]bool
	n      int
	more   int // than maxWatchers may watch
}

// allow lets more watch, for an audience.
func (w *watchers) allow(more int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.more += more
}

// watch returns a channel that gets a nudge after each change of a phone, and
// a function that ends it; ok is false if there are too many watchers, or most of
// this phone. Nudges merge: whoever gets one reads the current state.
func (w *watchers) watch(authyID int64, most int) (nudge chan struct{}, end func(), ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.n >= maxWatchers+w.more || len(w.phones[authyID]) >= most {
		return nil, nil, false
	}
	w.n++
	nudge = make(chan struct{}, 1)
	if w.phones[authyID] == nil {
		w.phones[authyID] = map[chan struct{}]bool{}
	}
	w.phones[authyID][nudge] = true
	return nudge, func() { w.remove(authyID, nudge) }, true
}

func (w *watchers) remove(authyID int64, nudge chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.n--
	delete(w.phones[authyID], nudge)
	if len(w.phones[authyID]) == 0 {
		delete(w.phones, authyID)
	}
}

// notifyAll nudges the watchers of all phones.
func (w *watchers) notifyAll() {
	w.mu.Lock()
	ids := slices.Collect(maps.Keys(w.phones))
	w.mu.Unlock()
	for _, id := range ids {
		w.notify(id)
	}
}

// notify nudges the watchers of a phone. It never blocks.
func (w *watchers) notify(authyID int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for nudge := range w.phones[authyID] {
		select {
		case nudge <- struct{}{}:
		default:
		}
	}
}

// serveEvents is the WebSocket of a phone's page: it sends the whole state in
// one text frame, at once and after each change. The upgrader's default check
// rejects other origins.
func (s *Simulator) serveEvents(w http.ResponseWriter, r *http.Request) error {
	return s.sendStates(w, r, maxWatchers)
}

// sendStates refuses a page where the phone has most open already.
func (s *Simulator) sendStates(w http.ResponseWriter, r *http.Request, most int) error {
	id := phoneID(r)
	if _, err := findUser(r.Context(), s.db, id); err != nil {
		return err
	}
	nudge, end, ok := s.watchers.watch(id, most)
	if !ok {
		return &requestError{http.StatusServiceUnavailable, "too many pages are open"}
	}
	defer end()
	done, open := s.sender.running.begin()
	if !open {
		return &requestError{http.StatusServiceUnavailable, "the simulator is stopping"}
	}
	defer done()
	upgrader := websocket.Upgrader{ReadBufferSize: 512, HandshakeTimeout: writeTimeout}
	conn, err := upgrader.Upgrade(w, r, w.Header())
	if err != nil {
		return nil // the upgrader has replied
	}
	defer conn.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go readUntilClosed(conn, cancel)
	s.relay(ctx, conn, id, nudge, s.language(r))
	return nil
}

// readUntilClosed reads, although a page sends nothing, to handle pongs and to
// notice a closed connection.
func readUntilClosed(conn *websocket.Conn, gone func()) {
	defer gone()
	conn.SetReadLimit(512)
	alive := func(string) error { return conn.SetReadDeadline(time.Now().Add(pongTimeout)) }
	conn.SetPongHandler(alive)
	_ = alive("")
	for {
		if _, _, err := conn.NextReader(); err != nil {
			return
		}
	}
}

// relay sends the state until the page closes, the phone is removed or the
// simulator closes.
func (s *Simulator) relay(ctx context.Context, conn *websocket.Conn, authyID int64, nudge <-chan struct{}, in *pages.Language) {
	pinged := time.Now()
	for {
		state, next, err := s.state(ctx, authyID, in)
		if err != nil || writeFrame(conn, state) != nil {
			closeSocket(conn, websocket.CloseNormalClosure, "the phone was removed")
			return
		}
		if time.Since(pinged) > maxPageWait/2 {
			pinged = time.Now()
			_ = conn.WriteControl(websocket.PingMessage, nil, pinged.Add(writeTimeout))
		}
		timer := time.NewTimer(min(max(next, minPageWait), maxPageWait))
		select {
		case <-nudge:
		case <-timer.C: // a token or a request expired
		case <-ctx.Done():
		case <-s.closing:
			closeSocket(conn, websocket.CloseGoingAway, "the simulator is stopping")
			timer.Stop()
			return
		}
		timer.Stop()
		if ctx.Err() != nil {
			return
		}
	}
}

func writeFrame(conn *websocket.Conn, state any) error {
	text, err := marshal(state)
	if err != nil {
		return err
	}
	if err := conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	return conn.WriteMessage(websocket.TextMessage, text)
}

func closeSocket(conn *websocket.Conn, code int, why string) {
	_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, why), time.Now().Add(writeTimeout))
}

// State is the JSON of one frame: a phone and everything it shows.
type State struct {
	Phone      Phone        `json:"phone"`
	Requests   []Request    `json:"requests"`   // newest first
	Messages   []Message    `json:"messages"`   // newest first; a call that was missed has no text
	Call       *Call        `json:"call"`       // null without an incoming call
	Token      *Token       `json:"token"`      // null without the app
	Generic    *Token       `json:"generic"`    // null without a generic authenticator
	Apps       []ScannedApp `json:"apps"`       // what was scanned
	Faults     []string     `json:"faults"`     // in force for this phone, in the reader's language
	CodesFrom  Stamp        `json:"codes_from"` // when the next SMS or call may come; null = now
	ServerTime Stamp        `json:"server_time"`
}

// state is what a phone shows now, and how long until it changes by itself.
func (s *Simulator) state(ctx context.Context, authyID int64, in *pages.Language) (State, time.Duration, error) {
	now := s.now()
	u, err := findUser(ctx, s.db, authyID)
	if err != nil {
		return State{}, 0, err
	}
	state := State{Phone: phoneOf(u), Faults: s.faults.effective(authyID).words(in), ServerTime: Stamp{now}}
	if state.Requests, err = s.requests(ctx, authyID); err != nil {
		return State{}, 0, err
	}
	messages, err := s.messagesTo(ctx, u.countryCode, u.phoneNumber)
	if err != nil {
		return State{}, 0, err
	}
	state.Call, state.Messages = heard(messages)
	from, err := s.noCodesUntil(ctx, s.db, u, now)
	if err != nil {
		return State{}, 0, err
	}
	state.CodesFrom = Stamp{from}
	if state.Token, state.Generic, err = s.tokens(u); err != nil {
		return State{}, 0, err
	}
	if state.Apps, err = s.apps(ctx, u); err != nil {
		return State{}, 0, err
	}
	return state, state.untilNextChange(now), nil
}

// untilNextChange is the time until a token or a request expires, and at most
// maxPageWait.
func (state State) untilNextChange(now time.Time) time.Duration {
	next := maxPageWait
	for _, t := range []*Token{state.Token, state.Generic} {
		if t != nil {
			next = min(next, time.Duration(t.ExpiresIn)*time.Second)
		}
	}
	next = soonest(state.Apps, next)
	if !state.CodesFrom.IsZero() {
		next = min(next, state.CodesFrom.Sub(now))
	}
	for _, r := range state.Requests {
		if r.Status == Pending && !r.ExpiresAt.IsZero() {
			next = min(next, r.ExpiresAt.Sub(now))
		}
	}
	return next
}
