package server

import (
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"testing"

	"nod/config"
	"nod/wire"
)

// Where nothing records, a note costs nothing.
func TestANoteForNobodyCostsNothing(t *testing.T) {
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	c := &client{Conn: near}
	if n := testing.AllocsPerRun(100, func() { c.Note("applied"); c.About("a request") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkANoteForNobody(b *testing.B) {
	near, _ := net.Pipe()
	c := &client{Conn: near}
	b.ReportAllocs()
	for b.Loop() {
		c.Note("applied")
	}
}

// Whatever a browser may ask for has a name on the wire, or is left out on purpose.
func TestEveryRouteHasAName(t *testing.T) {
	s := newSite(config.Config{PublicURL: "http://localhost:1", Database: filepath.Join(t.TempDir(), "nod.db")}, slog.New(slog.DiscardHandler))
	db, sessions, err := s.openDatabases(t.Context())
	must(t, err)
	defer func() { must(t, s.running.stop()) }()
	rooms, err := s.connect(t.Context(), db, sessions, "a key")
	must(t, err)
	recorder := wire.New(nil)
	tape := recorder.Conn(nil, wire.Application).(*wire.Conn)
	n := 0
	for _, route := range rooms.handlers.App().GetRoutes(true) {
		path := regexp.MustCompile(`:[a-z]+`).ReplaceAllString(route.Path, "12")
		tape.Received([]byte(route.Method + " " + path + " HTTP/1.1\r\nHost: x\r\n\r\n"))
		n++
	}
	hops := recorder.After(0)
	for _, h := range hops {
		if h.Route == "" {
			t.Errorf("%s %q has no name", h.Method, h.Head)
		}
	}
	if n < 60 || len(hops) < n/2 {
		t.Errorf("%d routes made %d hops", n, len(hops))
	}
}

// Beside a real key nothing is recorded, whatever was asked for.
func TestBesideARealKeyNothingIsRecorded(t *testing.T) {
	var running *site
	served := serve(t, endless, func(s *site) {
		s.APIKey, s.AuthyURL, s.recorder = "a-real-key-for-this-test-only", "http://127.0.0.1:9", wire.New(nil)
		running = s
	})
	recorder := running.recorder
	res, err := http.Get("http://" + host(served.app) + "/login")
	must(t, err)
	must(t, res.Body.Close())
	if recorder != nil {
		t.Error("there is a recorder")
	}
}
