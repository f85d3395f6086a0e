package server

import (
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/fasthttp/websocket"

	"nod/config"
)

// Where other devices can reach the phones, each address that they can open is said.
func TestOtherDevicesAreToldWhereThePhonesAre(t *testing.T) {
	var out strings.Builder
	s := &site{phonesURL: "http://localhost:3001", phonesNetwork: []string{"http://192.0.2.7:3001", "http://[2001:db8::7]:3001"}}
	s.announcePhones(&out, "The phones are at")
	const want = "The phones are at http://localhost:3001\n" +
		"Other devices in this network open http://192.0.2.7:3001\n" +
		"Other devices in this network open http://[2001:db8::7]:3001\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestWhereOtherDevicesFindAListener(t *testing.T) {
	at := func(text string) net.Addr { return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(text)) }
	for _, loopback := range []string{"127.0.0.1:3001", "[::1]:3001"} {
		if got := inNetwork(at(loopback)); got != nil {
			t.Errorf("%s: got %v, want nothing", loopback, got)
		}
	}
	if got := inNetwork(at("192.0.2.7:3001")); !slices.Equal(got, []string{"http://192.0.2.7:3001"}) {
		t.Errorf("got %v", got)
	}
	got := inNetwork(at("0.0.0.0:3001"))
	if len(got) != len(networkHosts()) || !slices.Equal(got, inNetwork(at("[::]:3001"))) {
		t.Errorf("got %v, want an address for each of %v", got, networkHosts())
	}
	for _, url := range got {
		if strings.Contains(url, "127.0.0.1") || strings.Contains(url, "0.0.0.0") || !strings.HasSuffix(url, ":3001") {
			t.Errorf("%s cannot be opened by others", url)
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
