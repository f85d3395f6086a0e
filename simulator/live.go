package simulator

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/fasthttp/websocket"
)

const (
	maxWatchers   = 200 // pages open at once, of all phones
	maxWaitPage   = 30 * time.Second
	minWaitPage   = 250 * time.Millisecond
	writeTimeout  = 5 * time.Second
	silenceAllows = 75 * time.Second // pongs come every maxWaitPage
)

// switchboard knows which pages watch which phone.
type switchboard struct {
	mu     sync.Mutex
	phones map[int64]map[chan struct{}]bool
	n      int
}

// watch returns a channel on which a page is nudged after each change of its
// phone, and the end of that; false if too many watch already. Nudges do not
// add up: the page is sent the state of the moment.
func (b *switchboard) watch(authyID int64) (nudge chan struct{}, end func(), ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.n >= maxWatchers {
		return nil, nil, false
	}
	b.n++
	nudge = make(chan struct{}, 1)
	if b.phones[authyID] == nil {
		b.phones[authyID] = map[chan struct{}]bool{}
	}
	b.phones[authyID][nudge] = true
	return nudge, func() { b.forget(authyID, nudge) }, true
}

func (b *switchboard) forget(authyID int64, nudge chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.n--
	delete(b.phones[authyID], nudge)
	if len(b.phones[authyID]) == 0 {
		delete(b.phones, authyID)
	}
}

// publishAll nudges every page.
func (b *switchboard) publishAll() {
	b.mu.Lock()
	ids := slices.Collect(maps.Keys(b.phones))
	b.mu.Unlock()
	for _, id := range ids {
		b.publish(id)
	}
}

// publish nudges who watches a phone. It never waits.
func (b *switchboard) publish(authyID int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for nudge := range b.phones[authyID] {
		select {
		case nudge <- struct{}{}:
		default:
		}
	}
}

// serveEvents is the WebSocket of a phone's page: the whole state in one text
// frame, at once and after each change. The default check of the upgrader
// refuses other origins.
func (s *Simulator) serveEvents(w http.ResponseWriter, r *http.Request) error {
	id := phoneID(r)
	if _, err := findUser(r.Context(), s.db, id); err != nil {
		return err
	}
	nudge, end, ok := s.live.watch(id)
	if !ok {
		return &requestError{http.StatusServiceUnavailable, "too many pages are open"}
	}
	defer end()
	done, open := s.callback.running.begin()
	if !open {
		return &requestError{http.StatusServiceUnavailable, "the simulator stops"}
	}
	defer done()
	upgrader := websocket.Upgrader{ReadBufferSize: 512, HandshakeTimeout: writeTimeout}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return nil // the upgrader has answered
	}
	defer conn.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go listen(conn, cancel)
	s.relay(ctx, conn, id, nudge)
	return nil
}

// listen reads what a page never sends, to notice its going.
func listen(conn *websocket.Conn, gone func()) {
	defer gone()
	conn.SetReadLimit(512)
	alive := func(string) error { return conn.SetReadDeadline(time.Now().Add(silenceAllows)) }
	conn.SetPongHandler(alive)
	_ = alive("")
	for {
		if _, _, err := conn.NextReader(); err != nil {
			return
		}
	}
}

// relay sends states until the page goes, the phone is removed or the
// simulator closes.
func (s *Simulator) relay(ctx context.Context, conn *websocket.Conn, authyID int64, nudge <-chan struct{}) {
	pinged := time.Now()
	for {
		state, next, err := s.state(ctx, authyID)
		if err != nil || writeFrame(conn, state) != nil {
			goodbye(conn, websocket.CloseNormalClosure, "the phone is gone")
			return
		}
		if time.Since(pinged) > maxWaitPage/2 {
			pinged = time.Now()
			_ = conn.WriteControl(websocket.PingMessage, nil, pinged.Add(writeTimeout))
		}
		timer := time.NewTimer(min(max(next, minWaitPage), maxWaitPage))
		select {
		case <-nudge:
		case <-timer.C: // a token ran out, or a request did
		case <-ctx.Done():
		case <-s.closing:
			goodbye(conn, websocket.CloseGoingAway, "the simulator stops")
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

func goodbye(conn *websocket.Conn, code int, why string) {
	_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, why), time.Now().Add(writeTimeout))
}

// State is the JSON of one frame: a phone with all it shows.
type State struct {
	Phone      Phone     `json:"phone"`
	Requests   []Request `json:"requests"` // newest first
	Messages   []Message `json:"messages"` // newest first
	Call       *Call     `json:"call"`     // null when nothing rings
	Token      *Token    `json:"token"`    // null without the app
	Generic    *Token    `json:"generic"`  // null without a generic authenticator
	ServerTime Stamp     `json:"server_time"`
}

// state is what a phone shows now, and how long it stays so by itself.
func (s *Simulator) state(ctx context.Context, authyID int64) (State, time.Duration, error) {
	now := s.now()
	u, err := findUser(ctx, s.db, authyID)
	if err != nil {
		return State{}, 0, err
	}
	state := State{Phone: phoneOf(u), ServerTime: Stamp{now}}
	if state.Requests, err = s.requests(ctx, authyID); err != nil {
		return State{}, 0, err
	}
	if state.Messages, err = s.messagesTo(ctx, u.countryCode, u.phoneNumber); err != nil {
		return State{}, 0, err
	}
	if state.Call, err = s.ringing(ctx, u); err != nil {
		return State{}, 0, err
	}
	if state.Token, state.Generic, err = s.tokens(u); err != nil {
		return State{}, 0, err
	}
	return state, state.steadyFor(now), nil
}

// steadyFor is the time to the next change that nobody makes.
func (state State) steadyFor(now time.Time) time.Duration {
	next := maxWaitPage
	for _, t := range []*Token{state.Token, state.Generic} {
		if t != nil {
			next = min(next, time.Duration(t.ExpiresIn)*time.Second)
		}
	}
	for _, r := range state.Requests {
		if r.Status == Pending && !r.ExpiresAt.IsZero() {
			next = min(next, r.ExpiresAt.Sub(now))
		}
	}
	return next
}
