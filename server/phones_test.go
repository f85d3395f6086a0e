package server

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/fasthttp/websocket"

	"nod/config"
)

// Where other devices can reach the phones, an address is said that they can open.
func TestOtherDevicesAreToldWhereThePhonesAre(t *testing.T) {
	for _, everywhere := range []bool{false, true} {
		var out strings.Builder
		s := &site{phonesURL: "http://localhost:3001", phonesEverywhere: everywhere}
		s.announcePhones(&out, "The phones are at")
		if said := strings.Contains(out.String(), "Other devices in this network open "+networkURL(s.phonesURL)); said != everywhere {
			t.Errorf("on all addresses %v: got %q", everywhere, out.String())
		}
	}
}

// A socket is no HTTP any more: what is said over it may look like a bad head.
func TestASocketOfThePhonesCarriesLineFeeds(t *testing.T) {
	s := newSite(config.Config{StopFactor: 60}, slog.New(slog.NewTextHandler(t.Output(), nil)))
	s.patience = endless
	t.Cleanup(func() { must(t, s.running.stop()) })
	ln, err := s.listen("SIMULATOR_ADDR", "127.0.0.1:0")
	must(t, err)
	s.serveHTTP("an echo", ln, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := new(websocket.Upgrader).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		if _, text, err := conn.ReadMessage(); err == nil {
			_ = conn.WriteMessage(websocket.TextMessage, text)
		}
	}))
	conn, _, err := websocket.DefaultDialer.DialContext(t.Context(), "ws://"+ln.Addr().String(), nil)
	must(t, err)
	defer conn.Close()
	const said = "a\n\nb"
	// The client's own frames have a mask, which would hide the line feeds.
	_, err = conn.NetConn().Write(append([]byte{0x81, 0x80 | byte(len(said)), 0, 0, 0, 0}, said...))
	must(t, err)
	if _, heard, err := conn.ReadMessage(); err != nil || string(heard) != said {
		t.Errorf("got %q, %v", heard, err)
	}
}
