package check_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/fasthttp/websocket"

	"nod/check"
)

// site answers as Nod does; a test breaks one address as a proxy would.
type site struct {
	*httptest.Server
	mux map[string]http.HandlerFunc
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{mux: map[string]http.HandlerFunc{
		"/login": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Security-Policy", "default-src 'none'")
			fmt.Fprint(w, "<h1>Sign in</h1>")
		},
		"/check/events": func(w http.ResponseWriter, r *http.Request) {
			conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
			if err != nil {
				return
			}
			defer conn.Close()
			conn.WriteMessage(websocket.TextMessage, []byte(`{"status":"pending"}`))
		},
		"/check/stream": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			fmt.Fprint(w, "retry: 2000\n\ndata: {\"status\":\"pending\"}\n\n")
		},
	}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if answer, ok := s.mux[r.URL.Path]; ok {
			answer(w, r)
			return
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(s.Close)
	s.sees(map[string]any{"site": s.URL, "ip": "127.0.0.1", "forwarded": false, "trusted": false})
	return s
}

// sees sets what Nod would say of the client.
func (s *site) sees(answer map[string]any) {
	s.mux["/check"] = func(w http.ResponseWriter, _ *http.Request) { json.NewEncoder(w).Encode(answer) }
}

func TestAllIsWell(t *testing.T) {
	s := newSite(t)
	var said strings.Builder
	if err := check.Run(t.Context(), s.URL+"/", &said); err != nil {
		t.Fatalf("%v\n%s", err, &said)
	}
	for _, line := range []string{"ok      page", "ok      client   is seen as 127.0.0.1", "ok      socket", "ok      stream", "All ways are open."} {
		if !strings.Contains(said.String(), line) {
			t.Errorf("%q is not said:\n%s", line, &said)
		}
	}
}

func TestWhatAProxyBreaksIsSaid(t *testing.T) {
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	tests := []struct {
		name     string
		damage   func(s *site)
		want     string
		stillFor []string // what is looked at all the same
	}{
		{"another host is passed on", func(s *site) {
			s.mux["/login"] = func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "https://nod.example.com/login", http.StatusFound)
			}
		}, "BROKEN  page     is redirected to https://nod.example.com/login: set PUBLIC_URL", nil},
		{"the page fails", func(s *site) { s.mux["/login"] = status(http.StatusBadGateway) }, "BROKEN  page     answers 502", nil},
		{"headers are lost", func(s *site) { s.mux["/login"] = status(http.StatusOK) }, "BROKEN  page     has lost its Content-Security-Policy", []string{"socket", "stream"}},
		{"Nod has another address", func(s *site) { s.sees(map[string]any{"site": "https://other.example"}) },
			"BROKEN  client   Nod believes to be https://other.example", []string{"socket", "stream"}},
		{"the proxy is not trusted", func(s *site) { s.sees(map[string]any{"site": s.URL, "ip": "10.0.0.9", "forwarded": true}) },
			"BROKEN  client   a proxy at 10.0.0.9", []string{"socket", "stream"}},
		{"not Nod at all", func(s *site) {
			s.mux["/check"] = func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }
		},
			"BROKEN  client   the answer of /check is not Nod's", []string{"socket", "stream"}},
		{"upgrades are eaten", func(s *site) { s.mux["/check/events"] = status(http.StatusUpgradeRequired) },
			"BROKEN  socket   the upgrade does not get through (426 Upgrade Required", []string{"stream"}},
		{"the socket is closed at once", func(s *site) {
			s.mux["/check/events"] = func(w http.ResponseWriter, r *http.Request) {
				if conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil); err == nil {
					conn.Close()
				}
			}
		}, "BROKEN  socket   opens, but the first message does not arrive", []string{"stream"}},
		{"the stream is another page", func(s *site) { s.mux["/check/stream"] = status(http.StatusOK) }, "BROKEN  stream   answers 200 OK", []string{"socket"}},
		{"the stream is silent", func(s *site) {
			s.mux["/check/stream"] = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream")
				fmt.Fprint(w, "retry: 2000\n\n")
			}
		}, "BROKEN  stream   opens, but nothing arrives", []string{"socket"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t)
			test.damage(s)
			var said strings.Builder
			if err := check.Run(t.Context(), s.URL, &said); !errors.Is(err, check.ErrBroken) {
				t.Errorf("got %v, want ErrBroken", err)
			}
			if !strings.Contains(said.String(), test.want) {
				t.Errorf("got:\n%swant: %s", &said, test.want)
			}
			for _, what := range test.stillFor {
				if !strings.Contains(said.String(), "ok      "+what) {
					t.Errorf("%s was not looked at:\n%s", what, &said)
				}
			}
			if strings.Contains(said.String(), "All ways are open.") {
				t.Error("and yet all is said to be well")
			}
		})
	}
}

func TestNobodyAnswers(t *testing.T) {
	s := newSite(t)
	s.Close()
	var said strings.Builder
	if err := check.Run(t.Context(), s.URL, &said); !errors.Is(err, check.ErrBroken) || !strings.Contains(said.String(), "BROKEN  page     cannot be opened") {
		t.Errorf("got %v\n%s", err, &said)
	}
}

func TestWhatIsNoAddress(t *testing.T) {
	for _, address := range []string{"", "nod.example.com", "ftp://nod.example.com", "https://"} {
		var said strings.Builder
		if err := check.Run(t.Context(), address, &said); err == nil || errors.Is(err, check.ErrBroken) {
			t.Errorf("%q: got %v, want a word on the address", address, err)
		}
	}
}
