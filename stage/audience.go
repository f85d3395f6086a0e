package stage

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/fasthttp/websocket"

	"nod/signin"
	"nod/simulator"
	"nod/store"
)

// TellState is what the flow tells the browser of a session. It waits for nobody.
func (s *Stage) TellState(sessionID string, state signin.State) {
	if r := s.room.Load(); r != nil {
		r.told(sessionID, state)
	}
}

// Audience is the room as the listener for its phones has it.
func (s *Stage) Audience() simulator.Room { return audience{s} }

type audience struct{ *Stage }

func (a audience) Open(secret string) bool {
	r := a.room.Load()
	return r != nil && r.secret == secret
}

func (a audience) Join(ctx context.Context) (phone string, err error) {
	r := a.room.Load()
	if r == nil {
		return "", simulator.ErrRoomClosed
	}
	return r.join(ctx)
}

func (a audience) Phone(secret string) int64 {
	if r := a.room.Load(); r != nil {
		return r.phone(secret)
	}
	return 0
}

func (a audience) Tapped(phone string) {
	if r := a.room.Load(); r != nil {
		r.tapped(phone)
	}
}

// serveWall is the WebSocket of the wall: all tiles at once and after each change. What
// comes back is the revision that is on the screen.
func (s *Stage) serveWall(w http.ResponseWriter, r *http.Request, _ *House) error {
	conn, gone := openSocket(w, r, func(text []byte) {
		if revision, err := strconv.ParseInt(string(text), 10, 64); err == nil {
			s.room.Load().seen(revision)
		}
	})
	if conn == nil {
		return nil
	}
	defer conn.Close()
	s.relayWall(conn, gone)
	return nil
}

// relayWall sends the first news at once, and what follows it no more often than
// anybody sees.
func (s *Stage) relayWall(conn *websocket.Conn, gone <-chan struct{}) {
	news, end := s.bell.Watch()
	defer end()
	pings := time.NewTicker(pingEvery)
	defer pings.Stop()
	for {
		if send(conn, s.room.Load().wall()) != nil {
			return
		}
		time.Sleep(calm)
		select {
		case <-news:
		case <-pings.C:
		case <-gone:
			return
		case <-s.open.Done():
			goodbye(conn)
			return
		}
	}
}

// serveQR is GET /stage/join.png: the QR code of the address where people join.
func (s *Stage) serveQR(w http.ResponseWriter, r *http.Request, _ *House) error {
	room := s.room.Load()
	if room == nil {
		http.NotFound(w, r)
		return nil
	}
	picture, err := simulator.QRCode(room.url())
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "image/png")
	_, _ = w.Write(picture) // a client that has gone needs no answer
	return nil
}

// serveSignInAll is POST /stage/everybody: the wall signs in everybody.
func (s *Stage) serveSignInAll(w http.ResponseWriter, r *http.Request, _ *House) error {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	asked := s.room.Load().signInAll(store.Client{IP: host, UserAgent: r.UserAgent()})
	return writeJSON(w, map[string]int{"asked": asked})
}
