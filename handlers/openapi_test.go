package handlers_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"nod/tools/openapi"
)

var described = sync.OnceValues(func() (openapi.Document, error) { return openapi.Read("openapi.json") })

// hold is for every answer that a test gets: JSON must be what openapi.json says.
func hold(t testing.TB, req *http.Request, got page) {
	t.Helper()
	description, err := described()
	must(t, err)
	if err := description.CheckJSON(req.Method, req.URL.Path, got.Status, got.Header, []byte(got.Body)); err != nil {
		t.Errorf("openapi.json: %v", err)
	}
}

// What openapi.json describes is there, and it is served. That what is there is
// described, every test of this package holds.
func TestWhatIsDescribedIsThere(t *testing.T) {
	description, err := described()
	must(t, err)
	s, own := newSite(t), newOwnOnlySite(t)
	var served any
	must(t, json.Unmarshal([]byte(s.browser().get("/openapi.json").Body), &served))
	for path, item := range description.Paths.Map() {
		for method := range item.Operations() {
			at := s
			if strings.HasPrefix(path, "/phone/") || strings.HasPrefix(path, "/signup/") {
				at = own // where there are such phones
			}
			allowed := at.request("OPTIONS", path).Header.Get("Allow")
			if !strings.Contains(", "+allowed+",", ", "+method+",") {
				t.Errorf("%s %s is described, and %q is there", method, path, allowed)
			}
		}
	}
}

// Sockets and streams tell what polls do.
func TestEventsAreDescribed(t *testing.T) {
	description, err := described()
	must(t, err)
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.passPassword(ada)
	events := b.events()
	for _, then := range []func(){func() { ada.phone.approve(ada.phone.pending()) }, func() {}} {
		_, body, err := events.conn.ReadMessage()
		must(t, err)
		if err := description.CheckSchema("State", body); err != nil {
			t.Errorf("%s: %v", body, err)
		}
		then()
	}
}
