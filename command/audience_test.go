package command

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
)

// startRoom starts a demonstration with an audience in a network of this machine alone.
func startRoom(t *testing.T) *program {
	t.Helper()
	return start(t, demoIsReady, []string{"demo", "--no-browser", "--lan=127.0.0.2:0"})
}

// wall is an open wall of the stage.
type wall struct {
	p *program
	*websocket.Conn
	Revision int64
	URL      string
	Tiles    []wallTile
}

type wallTile struct {
	Name, State, Number string
	MS                  float64
}

func (p *program) wall() *wall {
	p.t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial(strings.Replace(p.phones, "http", "ws", 1)+"/stage/wall", nil)
	must(p.t, err)
	p.t.Cleanup(func() { conn.Close() })
	w := &wall{p: p, Conn: conn}
	w.until("the room opens", func() bool { return w.URL != "" })
	return w
}

// until shows what comes, and says that it is on the screen, until something is true.
func (w *wall) until(what string, is func() bool) {
	w.p.t.Helper()
	must(w.p.t, w.SetReadDeadline(time.Now().Add(stopDeadline))) // it only ends a test that hangs
	for {
		_, text, err := w.ReadMessage()
		if err != nil {
			w.p.t.Fatalf("waiting until %s: %v; the wall shows %+v", what, err, w.Tiles)
		}
		w.Tiles = nil
		must(w.p.t, json.Unmarshal(text, w))
		must(w.p.t, w.WriteMessage(websocket.TextMessage, fmt.Append(nil, w.Revision)))
		if is() {
			return
		}
	}
}

// all says whether every tile is in a state.
func (w *wall) all(n int, state string) func() bool {
	return func() bool {
		in := 0
		for _, tile := range w.Tiles {
			if tile.State == state {
				in++
			}
		}
		return in == n && len(w.Tiles) == n
	}
}

// guest is a phone in the audience.
type guest struct {
	t    *testing.T
	http http.Client
	page string // of the phone
	*websocket.Conn
	uuid   string // of the request that waits
	number string
}

func (w *wall) guest() *guest {
	t := w.p.t.(*testing.T)
	jar, err := cookiejar.New(nil)
	must(t, err)
	g := &guest{t: t, http: http.Client{Jar: jar, Transport: &http.Transport{}}}
	t.Cleanup(g.http.CloseIdleConnections)
	res, err := g.http.Post(w.URL, "", nil)
	must(t, err)
	g.page = res.Request.URL.String()
	if page := g.text(res); res.StatusCode != http.StatusOK || !strings.Contains(page, "data-events-url") {
		t.Errorf("joining leads to %s: %d %s", g.page, res.StatusCode, page)
		return g
	}
	g.Conn, _, err = websocket.DefaultDialer.Dial(strings.Replace(g.page, "http", "ws", 1)+"/events", nil)
	must(t, err)
	t.Cleanup(func() { g.Conn.Close() })
	return g
}

func (g *guest) text(res *http.Response) string {
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	must(g.t, err)
	return string(text)
}

// rings waits for a request.
func (g *guest) rings() {
	var state struct {
		Requests []struct {
			UUID, Status string
			Details      map[string]string
		}
	}
	for {
		must(g.t, g.ReadJSON(&state))
		for _, r := range state.Requests {
			if r.Status == "pending" {
				g.uuid, g.number = r.UUID, r.Details["Number"]
				return
			}
		}
	}
}

func (g *guest) tap(answer string) {
	res, err := g.http.Post(g.page+"/requests/"+g.uuid+"/"+answer, "", nil)
	must(g.t, err)
	if text := g.text(res); res.StatusCode != http.StatusOK {
		g.t.Errorf("a tap: got %d %s", res.StatusCode, text)
	}
}

// together does something for each guest at once.
func together(guests []*guest, do func(*guest)) {
	var all sync.WaitGroup
	for _, g := range guests {
		all.Go(func() { do(g) })
	}
	all.Wait()
}

func (p *program) everybody() (asked int) {
	p.t.Helper()
	res, err := http.Post(p.phones+"/stage/everybody", "", nil)
	must(p.t, err)
	defer res.Body.Close()
	var said struct{ Asked int }
	must(p.t, json.NewDecoder(res.Body).Decode(&said))
	return said.Asked
}
