package simulator_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// app is an application that records the callbacks it gets.
type app struct {
	t      *testing.T
	url    string
	got    chan callback
	status chan int // of its next replies; 200 when empty
	hangs  atomic.Bool
}

type callback struct {
	method, query    string
	body             []byte
	signature, nonce string
	header           http.Header
}

func newApp(t *testing.T) *app {
	a := &app{t: t, got: make(chan callback, 1000), status: make(chan int, 10)}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	a.url = server.URL
	return a
}

func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := new(bytes.Buffer)
	if _, err := body.ReadFrom(r.Body); err != nil {
		a.t.Error(err)
	}
	a.got <- callback{r.Method, r.URL.RawQuery, body.Bytes(),
		r.Header.Get("X-Authy-Signature"), r.Header.Get("X-Authy-Signature-Nonce"), r.Header}
	if a.hangs.Load() {
		<-r.Context().Done()
	}
	select {
	case status := <-a.status:
		w.Header().Set("Location", "/elsewhere") // for clients that follow redirects
		w.WriteHeader(status)
	default:
	}
}

// next waits for a callback.
func (a *app) next() callback {
	a.t.Helper()
	select {
	case c := <-a.got:
		return c
	case <-time.After(hangLimit):
		a.t.Fatal("no callback came")
		return callback{}
	}
}

// all returns the callbacks received so far.
func (a *app) all() (got []callback) {
	for range len(a.got) {
		got = append(got, <-a.got)
	}
	return got
}
