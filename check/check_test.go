package check_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"nod/check"
)

// site answers as Nod does; a test breaks one path as a proxy would.
type site struct {
	*httptest.Server
	mux map[string]http.HandlerFunc
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{mux: map[string]http.HandlerFunc{
		"/login": func(w http.ResponseWriter, _ *http.Request) {
			nodsHeaders(w)
			fmt.Fprint(w, "<h1>Sign in</h1>")
		},
		"/check/events": func(w http.ResponseWriter, r *http.Request) {
			conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
			if err != nil {
				return
			}
			defer conn.Close()
			conn.WriteMessage(websocket.TextMessage, []byte(`{"status":"pending"}`))
			ping(conn)
			ping(conn)
			conn.ReadMessage() // until the check hangs up
		},
		"/check/stream": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			fmt.Fprint(w, "retry: 2000\n\ndata: {\"status\":\"pending\"}\n\n:\n\n:\n\n")
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

func ping(conn *websocket.Conn) {
	conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Hour))
}

// nodsHeaders are those of Nod's pages.
func nodsHeaders(w http.ResponseWriter) {
	w.Header().Set("Content-Security-Policy", "default-src 'none'")
	w.Header().Set("Referrer-Policy", "same-origin")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Set-Cookie", "__Host-nod_csrf=x; Path=/; Secure")
}

// login is the page with its headers changed.
func (s *site) login(change func(http.Header)) {
	s.mux["/login"] = func(w http.ResponseWriter, _ *http.Request) {
		nodsHeaders(w)
		change(w.Header())
		fmt.Fprint(w, "<h1>Sign in</h1>")
	}
}

// sees sets what Nod reports of the client.
func (s *site) sees(answer map[string]any) {
	s.mux["/check"] = func(w http.ResponseWriter, _ *http.Request) { json.NewEncoder(w).Encode(answer) }
}

func TestNothingIsBroken(t *testing.T) {
	s := newSite(t)
	var out strings.Builder
	if err := check.Run(t.Context(), s.URL+"/", &out); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	for _, line := range []string{"ok      page", "ok      client   is seen as 127.0.0.1", "ok      socket", "ok      stream", "Everything works."} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("%q is missing:\n%s", line, &out)
		}
	}
}

func TestWhatAProxyBreaksIsReported(t *testing.T) {
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	tests := []struct {
		name    string
		damage  func(s *site)
		want    string
		stillOK []string // what is checked all the same
	}{
		{"another Host is passed on", func(s *site) {
			s.mux["/login"] = func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "https://nod.example.com/login", http.StatusFound)
			}
		}, "BROKEN  page     is redirected to https://nod.example.com/login: set PUBLIC_URL", nil},
		{"the page fails", func(s *site) { s.mux["/login"] = status(http.StatusBadGateway) }, "BROKEN  page     answers 502", nil},
		{"headers are lost", func(s *site) { s.mux["/login"] = status(http.StatusOK) }, "BROKEN  page     arrives without its Content-Security-Policy", []string{"socket", "stream"}},
		{"another Referrer-Policy is set", func(s *site) { s.login(func(h http.Header) { h.Set("Referrer-Policy", "no-referrer") }) },
			"BROKEN  page     arrives with another Referrer-Policy (no-referrer)", []string{"socket", "stream"}},
		{"another Referrer-Policy is added", func(s *site) { s.login(func(h http.Header) { h.Add("Referrer-Policy", "no-referrer") }) },
			"BROKEN  page     arrives with another Referrer-Policy (no-referrer)", []string{"socket", "stream"}},
		{"the Referrer-Policy is lost", func(s *site) { s.login(func(h http.Header) { h.Del("Referrer-Policy") }) },
			"BROKEN  page     arrives without its Referrer-Policy", []string{"socket", "stream"}},
		{"pages are cached", func(s *site) { s.login(func(h http.Header) { h.Set("Cache-Control", "max-age=60") }) },
			"BROKEN  page     arrives with another Cache-Control (max-age=60)", []string{"socket", "stream"}},
		{"cookies are lost", func(s *site) { s.login(func(h http.Header) { h.Del("Set-Cookie") }) },
			"BROKEN  page     arrives without its cookie", []string{"socket", "stream"}},
		{"the Host is lost", func(s *site) { s.sees(map[string]any{"site": s.URL, "host": "nod:3000", "ip": "127.0.0.1"}) },
			"and Nod is asked for nod:3000: let the proxy pass the Host header on", []string{"socket", "stream"}},
		{"the Host is lost, and the page is redirected for ever", func(s *site) {
			s.mux["/login"] = status(http.StatusMisdirectedRequest)
			s.sees(map[string]any{"site": s.URL, "host": "nod:3000", "ip": "127.0.0.1"})
		}, "and Nod is asked for nod:3000: let the proxy pass the Host header on", nil},
		{"a trusted proxy forwards no address", func(s *site) { s.sees(map[string]any{"site": s.URL, "ip": "10.0.0.9", "trusted": true}) },
			"BROKEN  client   the proxy at 10.0.0.9 is trusted but forwards no addresses", []string{"socket", "stream"}},
		{"a made-up address is passed on", func(s *site) {
			s.mux["/check"] = func(w http.ResponseWriter, r *http.Request) {
				ip := cmp.Or(r.Header.Get("X-Forwarded-For"), "203.0.113.7")
				json.NewEncoder(w).Encode(map[string]any{"site": s.URL, "ip": ip, "forwarded": true, "trusted": true})
			}
		}, "BROKEN  client   is taken for 192.0.2.99, which it made up", []string{"socket", "stream"}},
		{"Nod has another address", func(s *site) { s.sees(map[string]any{"site": "https://other.example"}) },
			"BROKEN  client   Nod takes https://other.example for its own address", []string{"socket", "stream"}},
		{"the proxy is not trusted", func(s *site) { s.sees(map[string]any{"site": s.URL, "ip": "10.0.0.9", "forwarded": true}) },
			"BROKEN  client   the proxy at 10.0.0.9", []string{"socket", "stream"}},
		{"not Nod", func(s *site) {
			s.mux["/check"] = func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }
		},
			"BROKEN  client   the response of /check is not Nod's", []string{"socket", "stream"}},
		{"upgrades are blocked", func(s *site) { s.mux["/check/events"] = status(http.StatusUpgradeRequired) },
			"BROKEN  socket   the upgrade does not get through (426 Upgrade Required", []string{"stream"}},
		{"the socket closes at once", func(s *site) {
			s.mux["/check/events"] = func(w http.ResponseWriter, r *http.Request) {
				if conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil); err == nil {
					conn.Close()
				}
			}
		}, "BROKEN  socket   opens, but the first message does not arrive", []string{"stream"}},
		{"a socket is cut while it is silent", func(s *site) {
			s.mux["/check/events"] = func(w http.ResponseWriter, r *http.Request) {
				if conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil); err == nil {
					conn.WriteMessage(websocket.TextMessage, []byte(`{"status":"pending"}`))
					conn.Close()
				}
			}
		}, "BROKEN  socket   is cut after", []string{"stream"}},
		{"a socket is cut after an early ping", func(s *site) {
			s.mux["/check/events"] = func(w http.ResponseWriter, r *http.Request) {
				if conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil); err == nil {
					conn.WriteMessage(websocket.TextMessage, []byte(`{"status":"pending"}`))
					conn.SetPongHandler(func(string) error { return io.EOF })
					ping(conn)
					conn.ReadMessage() // until the answer to the ping
					conn.Close()
				}
			}
		}, "BROKEN  socket   is cut after", []string{"stream"}},
		{"a stream is cut after an early ping", func(s *site) {
			s.mux["/check/stream"] = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream")
				fmt.Fprint(w, "data: {\"status\":\"pending\"}\n\n:\n\n")
			}
		}, "BROKEN  stream   is cut after", []string{"socket"}},
		{"a stream is cut while it is silent", func(s *site) {
			s.mux["/check/stream"] = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream")
				fmt.Fprint(w, "data: {\"status\":\"pending\"}\n\n")
			}
		}, "BROKEN  stream   is cut after", []string{"socket"}},
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
			var out strings.Builder
			if err := check.Run(t.Context(), s.URL, &out); !errors.Is(err, check.ErrBroken) {
				t.Errorf("got %v, want ErrBroken", err)
			}
			if !strings.Contains(out.String(), test.want) {
				t.Errorf("got:\n%swant: %s", &out, test.want)
			}
			for _, what := range test.stillOK {
				if !strings.Contains(out.String(), "ok      "+what) {
					t.Errorf("%s was not checked:\n%s", what, &out)
				}
			}
			if strings.Contains(out.String(), "Everything works.") {
				t.Error("and yet everything is said to work")
			}
		})
	}
}

// Nothing of a stream arrives before it ends, and it does not end.
func TestABufferedStreamIsReported(t *testing.T) {
	check.SetArrival(t, 50*time.Millisecond)
	s := newSite(t)
	s.mux["/check/stream"] = func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	var out strings.Builder
	if err := check.Run(t.Context(), s.URL, &out); !errors.Is(err, check.ErrBroken) || !strings.Contains(out.String(), "BROKEN  stream   does not open in time (timeout): turn off response buffering") {
		t.Errorf("got %v\n%s", err, &out)
	}
}

// Who presses Ctrl-C waits no longer, and reads nothing about the proxy.
func TestAnInterruptedCheckBlamesNobody(t *testing.T) {
	hold := func(reached chan<- struct{}, end <-chan struct{}) http.HandlerFunc {
		return func(http.ResponseWriter, *http.Request) {
			select {
			case reached <- struct{}{}:
				<-end
			case <-end:
			}
		}
	}
	tests := []struct {
		name  string
		held  int // requests that are held
		holds func(s *site, reached chan<- struct{}, end <-chan struct{})
	}{
		{"before the page opens", 1, func(s *site, reached chan<- struct{}, end <-chan struct{}) {
			s.mux["/login"] = hold(reached, end)
		}},
		{"before the client is seen", 1, func(s *site, reached chan<- struct{}, end <-chan struct{}) {
			s.mux["/check"] = hold(reached, end)
		}},
		{"while a socket and a stream open", 2, func(s *site, reached chan<- struct{}, end <-chan struct{}) {
			s.mux["/check/events"], s.mux["/check/stream"] = hold(reached, end), hold(reached, end)
		}},
		{"while a socket and a stream are silent", 2, func(s *site, reached chan<- struct{}, end <-chan struct{}) {
			s.mux["/check/events"] = func(w http.ResponseWriter, r *http.Request) {
				conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
				if err != nil {
					return
				}
				defer conn.Close()
				conn.WriteMessage(websocket.TextMessage, []byte(`{"status":"pending"}`))
				conn.SetPongHandler(func(string) error { return io.EOF })
				ping(conn)
				conn.ReadMessage() // until the answer to the ping
				hold(reached, end)(w, r)
			}
			s.mux["/check/stream"] = func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream")
				fmt.Fprint(w, "data: {\"status\":\"pending\"}\n\n:\n\n")
				w.(http.Flusher).Flush()
				hold(reached, end)(w, r)
			}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t)
			reached, end := make(chan struct{}), make(chan struct{})
			defer close(end)
			test.holds(s, reached, end)
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			go func() {
				for range test.held {
					<-reached
				}
				interrupt()
			}()
			var out strings.Builder
			if err := check.Run(ctx, s.URL, &out); !errors.Is(err, check.ErrInterrupted) {
				t.Errorf("got %v, want ErrInterrupted", err)
			}
			if strings.Contains(out.String(), "BROKEN") || strings.Contains(out.String(), "Everything works.") {
				t.Errorf("an interrupted check has a verdict:\n%s", &out)
			}
		})
	}
}

func TestUnreachableSite(t *testing.T) {
	s := newSite(t)
	s.Close()
	var out strings.Builder
	if err := check.Run(t.Context(), s.URL, &out); !errors.Is(err, check.ErrBroken) || !strings.Contains(out.String(), "BROKEN  page     cannot be opened") {
		t.Errorf("got %v\n%s", err, &out)
	}
}

func TestInvalidAddresses(t *testing.T) {
	for _, address := range []string{"", "nod.example.com", "ftp://nod.example.com", "https://", "https://nod.example.com/login", "https://nod.example.com?x=1"} {
		var out strings.Builder
		if err := check.Run(t.Context(), address, &out); err == nil || errors.Is(err, check.ErrBroken) {
			t.Errorf("%q: got %v, want an error about the address", address, err)
		}
	}
}
