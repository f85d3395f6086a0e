package server

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"nod/config"
	"nod/store"
)

// A request that passed its deadline while no process ran is asked about before any page is
// served, and the answer that was given in time counts.
func TestAStartAsksAboutWhatHasJustPassed(t *testing.T) {
	path, now := filepath.Join(t.TempDir(), "nod.db"), time.Date(2026, time.November, 24, 19, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	db, err := store.Open(t.Context(), path, store.Options{Provider: store.Authy, Now: clock})
	must(t, err)
	u, err := db.CreateUser(t.Context(), store.NewUser{Name: "Ada", Email: "ada@example.com", Password: "correct horse battery", PhoneNumber: "+12015550101", CountryCode: 1, Handle: "7"})
	must(t, err)
	sess, err := db.StartSession(t.Context(), u.ID, "", store.Client{IP: "192.0.2.7"})
	must(t, err)
	a, _, err := db.BeginLogin(t.Context(), sess.ID, "", 2*time.Minute)
	must(t, err)
	_, err = db.AttachUUID(t.Context(), a.ID, "a-request")
	must(t, err)
	must(t, db.Close())

	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/onetouch/json/approval_requests/a-request" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, `{"approval_request":{"_authy_id":7,"uuid":"a-request","status":"approved","created_at":"2026-11-24T19:00:00Z","processed_at":"2026-11-24T19:01:00Z"},"success":true}`)
	}))
	defer provider.Close()
	now = now.Add(125 * time.Second)
	s := newSite(config.Config{Addr: "127.0.0.1:0", Database: path, APIKey: "a-key", AuthyURL: provider.URL, PhonesOf: []string{"authy"}, StopFactor: 60}, slog.New(slog.NewTextHandler(t.Output(), nil)))
	s.now = clock
	t.Cleanup(func() { must(t, s.running.stop()) })
	must(t, s.start(t.Context()))
	if got, _, err := s.flow.Load().State(t.Context(), sess.ID); err != nil || got.Status != "approved" {
		t.Errorf("the page is told %q (%v), want approved", got.Status, err)
	}
}
