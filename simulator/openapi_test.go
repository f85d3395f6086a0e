package simulator_test

import (
	"context"
	"encoding/json"
	"net/http"
	"path"
	"strings"
	"sync"
	"testing"

	"nod/simulator"
	"nod/tools/openapi"
)

var described = sync.OnceValues(func() (openapi.Document, error) { return openapi.Read("openapi.json") })

// hold is for every answer that a test gets: JSON must be what openapi.json says.
// Faults make replies that nobody describes.
func (s *sim) hold(r *http.Request, got reply) {
	s.t.Helper()
	description, err := described()
	must(s.t, err)
	if !json.Valid([]byte(got.body)) {
		return
	}
	if err := description.CheckJSON(r.Method, path.Clean(r.URL.Path), got.status, got.header, []byte(got.body)); err != nil {
		s.t.Errorf("openapi.json: %v", err)
	}
}

// What openapi.json describes is there, and it is served. That what is there is
// described, every test of this package holds.
func TestWhatIsDescribedIsThere(t *testing.T) {
	description, err := described()
	must(t, err)
	s := newSim(t, func(c *simulator.Config) { c.ResetLimits = func(context.Context) error { return nil } })
	s.get("/openapi.json").wantStatus(200)
	for path, item := range description.Paths.Map() {
		for method := range item.Operations() {
			path := strings.NewReplacer("{id}", "1", "{user}", "1", "{uuid}", "x", "{token}", "1234567").Replace(path)
			got := s.do(method, path, "", nil)
			if got.status == http.StatusMethodNotAllowed || strings.Contains(got.body, "Requested URL was not found") {
				t.Errorf("%s %s is described, and not there: %d", method, path, got.status)
			}
		}
	}
}
