package stage

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/fasthttp/websocket"
)

const (
	writeTimeout = 5 * time.Second
	pingEvery    = 20 * time.Second
	// calm is how long hops gather before they are shown: nobody sees less.
	calm = 40 * time.Millisecond
)

// state is what the page of the stage shows of the wire.
type state struct {
	Steps []Step `json:"steps"`
	Flips []Flip `json:"flips"`
	Other other  `json:"other"`
}

// other is how things stand for the other browser; its text is "" without one.
type other struct {
	Text string `json:"text"`
	Tone string `json:"tone"`
}

func (h *House) state() state {
	hops := h.room().leaveOut(h.Wire.After(0))
	return state{Steps: tell(hops, h.namer()), Flips: flips(hops), Other: outlook(hops)}
}

// namer knows the people by the ids of their phones.
func (h *House) namer() namer {
	names := map[string]string{}
	phones, err := h.Phones.Phones()
	for _, phone := range phones {
		for _, p := range People() {
			if err == nil && p.number == phone.PhoneNumber {
				names[strconv.FormatInt(phone.AuthyID, 10)] = p.First()
			}
		}
	}
	return func(phone string) string { return names[phone] }
}

// serveEvents is the WebSocket of the page: the whole state at once and after each
// change.
func (s *Stage) serveEvents(w http.ResponseWriter, r *http.Request, h *House) error {
	conn, gone := openSocket(w, r, func([]byte) {})
	if conn == nil {
		return nil
	}
	defer conn.Close()
	h.relay(conn, gone, s.open.Done())
	return nil
}

// openSocket upgrades a request, and hands on the short words that the page sends. gone
// is closed once the page is. conn is nil where the upgrader has replied: its default
// check rejects other origins.
func openSocket(w http.ResponseWriter, r *http.Request, heard func(text []byte)) (conn *websocket.Conn, gone <-chan struct{}) {
	upgrader := websocket.Upgrader{ReadBufferSize: 512, HandshakeTimeout: writeTimeout}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return nil, nil
	}
	conn.SetReadLimit(64)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			_, text, err := conn.ReadMessage()
			if err != nil {
				return
			}
			heard(text)
		}
	}()
	return conn, ended
}

// goodbye tells a page that the stage goes.
func goodbye(conn *websocket.Conn) {
	_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseGoingAway, "the demonstration ends"), time.Now().Add(writeTimeout))
}

// relay sends states until the page or the stage has gone.
func (h *House) relay(conn *websocket.Conn, gone, closed <-chan struct{}) {
	news, end := h.Wire.Watch()
	defer end()
	pings := time.NewTicker(pingEvery)
	defer pings.Stop()
	for {
		if send(conn, h.state()) != nil {
			return
		}
		select {
		case <-news:
			time.Sleep(calm)
		case <-pings.C:
			if conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeTimeout)) != nil {
				return
			}
		case <-gone:
			return
		case <-closed:
			goodbye(conn)
			return
		}
	}
}

func send(conn *websocket.Conn, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if err := conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	return conn.WriteMessage(websocket.TextMessage, text)
}

// serveHop is GET /stage/hops/{id}: the real thing.
func serveHop(w http.ResponseWriter, r *http.Request, h *House) error {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err == nil {
		for _, hop := range h.Wire.After(id - 1) {
			if hop.ID == id {
				return writeJSON(w, hop)
			}
		}
	}
	http.Error(w, "the wire no longer has this hop", http.StatusNotFound)
	return nil
}
