package server

import (
	"log/slog"
	"net"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"nod/config"
	"nod/hub"
)

// How the wait of a browser ended is counted.
func TestEndsOfWaitsAreCounted(t *testing.T) {
	s := newSite(config.Config{PublicURL: "http://localhost:1", Database: filepath.Join(t.TempDir(), "nod.db")}, slog.New(slog.DiscardHandler))
	db, sessions, err := s.openDatabases(t.Context())
	must(t, err)
	defer func() { must(t, s.running.stop()) }()
	r, err := s.connect(t.Context(), db, sessions, "a key")
	must(t, err)
	slot, err := r.hub.Reserve("session", "192.0.2.7")
	must(t, err)
	browser, conn := net.Pipe()
	defer browser.Close()
	must(t, slot.Join(conn, hub.Stream, nil))
	r.hub.CloseKey("session", 1012, "try again")
	must(t, r.hub.Shutdown(t.Context(), 1012))
	answer := httptest.NewRecorder()
	r.metrics.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	if want := `nod_waits_ended_total{reason="closed",transport="stream"} 1`; !strings.Contains(answer.Body.String(), want) {
		t.Errorf("the metrics lack %q", want)
	}
}
