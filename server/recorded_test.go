package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"nod/wire"
)

// relay is a proxy for bytes. It keeps what goes through it, without a look at what
// that is.
type relay struct {
	t    *testing.T
	url  string
	mu   sync.Mutex
	seen []*passage
}

// passage is one connection through a relay.
type passage struct {
	mu       sync.Mutex
	up, down bytes.Buffer
}

func newRelay(t *testing.T, target string) *relay {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	r := &relay{t: t, url: "http://" + ln.Addr().String()}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			near, err := ln.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", target)
			if err != nil {
				near.Close()
				continue
			}
			p := &passage{}
			r.mu.Lock()
			r.seen = append(r.seen, p)
			r.mu.Unlock()
			go p.carry(far, near, &p.up)
			go p.carry(near, far, &p.down)
		}
	}()
	return r
}

// carry keeps bytes before it passes them on.
func (p *passage) carry(to, from net.Conn, kept *bytes.Buffer) {
	defer to.Close()
	b := make([]byte, 4096)
	for {
		n, err := from.Read(b)
		p.mu.Lock()
		kept.Write(b[:n])
		p.mu.Unlock()
		if _, werr := to.Write(b[:n]); err != nil || werr != nil {
			return
		}
	}
}

func (p *passage) both() (up, down []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return bytes.Clone(p.up.Bytes()), bytes.Clone(p.down.Bytes())
}

// recorded is the whole process, recorded, with relays before each of its listeners.
type recorded struct {
	t        *testing.T
	url      string
	site     *site
	recorder *wire.Recorder
	now      func() time.Time
	relays   []*relay // to the application, the callback, the phones, the provider
	browser  *http.Client
	jar      *cookiejar.Jar
	phones   string
	page     string
	secrets  map[string]string
}

func newRecorded(t *testing.T) *recorded {
	t.Helper()
	g := &recorded{t: t, secrets: map[string]string{}}
	// Each look at the clock is a millisecond later: no two moments are the same.
	var ms atomic.Int64
	begin := time.Now()
	g.now = func() time.Time { return begin.Add(time.Duration(ms.Add(1)) * time.Millisecond) }
	s := serve(t, endless, func(s *site) {
		s.now, s.Now = g.now, g.now
		s.recorder = wire.New(g.now)
		s.reach = func(addr net.Addr) string {
			r := newRelay(t, addr.String())
			g.relays = append(g.relays, r)
			return r.url
		}
		g.site = s
	})
	g.recorder, g.url = g.site.recorder, g.site.PublicURL
	toApp, toPhones := newRelay(t, s.app), newRelay(t, s.phones)
	g.relays = append(g.relays, toApp, toPhones)
	g.phones = toPhones.url
	var err error
	g.jar, err = cookiejar.New(nil)
	must(t, err)
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, strings.TrimPrefix(toApp.url, "http://"))
	}
	transport := &http.Transport{DialContext: dial}
	t.Cleanup(transport.CloseIdleConnections)
	g.browser = &http.Client{Jar: g.jar, Transport: transport}
	return g
}

// open loads a page, and keeps what is secret about it.
func (g *recorded) open(path string) {
	g.t.Helper()
	g.took(g.browser.Get(g.url + path))
}

func (g *recorded) took(res *http.Response, err error) {
	g.t.Helper()
	must(g.t, err)
	body, err := io.ReadAll(res.Body)
	must(g.t, errors.Join(err, res.Body.Close()))
	if res.StatusCode != http.StatusOK {
		g.t.Fatalf("%s: got %d:\n%s", res.Request.URL, res.StatusCode, body)
	}
	g.page = string(body)
	site, err := url.Parse(g.url)
	must(g.t, err)
	for i, c := range g.jar.Cookies(site) {
		if len(c.Value) >= 16 {
			g.secrets[fmt.Sprintf("cookie %s %d.%d", c.Name, len(g.secrets), i)] = c.Value
		}
	}
	for i, found := range regexp.MustCompile(`name="_csrf" value="([^"]+)"`).FindAllStringSubmatch(g.page, -1) {
		g.secrets[fmt.Sprintf("form token %d.%d", len(g.secrets), i)] = found[1]
	}
}

// post sends a form of the page that is open.
func (g *recorded) post(path string, fields ...string) {
	g.t.Helper()
	form := url.Values{"_csrf": {regexp.MustCompile(`name="_csrf" value="([^"]+)"`).FindStringSubmatch(g.page)[1]}}
	for pair := range slices.Chunk(fields, 2) {
		form.Set(pair[0], pair[1])
	}
	g.took(g.browser.PostForm(g.url+path, form))
}

// socket opens a WebSocket through the relay at host, and reads its first event.
func (g *recorded) socket(host, address string, header http.Header) *websocket.Conn {
	g.t.Helper()
	dialer := websocket.Dialer{Jar: g.jar, NetDialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, strings.TrimPrefix(host, "http://"))
	}}
	conn, _, err := dialer.DialContext(g.t.Context(), strings.Replace(address, "http", "ws", 1), header)
	must(g.t, err)
	g.t.Cleanup(func() { conn.Close() })
	_, _, err = conn.ReadMessage()
	must(g.t, err)
	return conn
}

// newest is the address of the newest phone.
func (g *recorded) newest() string {
	g.t.Helper()
	var list []struct {
		ID json.Number `json:"authy_id"`
	}
	g.phoneJSON(http.MethodGet, g.phones+"/phones", &list)
	return fmt.Sprintf("%s/phones/%v", g.phones, list[0].ID)
}

func (g *recorded) phoneJSON(method, address string, into any) {
	g.t.Helper()
	req, err := http.NewRequestWithContext(g.t.Context(), method, address, strings.NewReader("{}"))
	must(g.t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Close = true // what is not recorded has a connection of its own
	res, err := http.DefaultClient.Do(req)
	must(g.t, err)
	defer res.Body.Close()
	must(g.t, json.NewDecoder(res.Body).Decode(into))
}

// tap approves the newest request of a phone, and returns when that was by the
// phone's own account.
func (g *recorded) tap(phone string) (uuid string) {
	g.t.Helper()
	var requests []struct {
		UUID string `json:"uuid"`
	}
	g.phoneJSON(http.MethodGet, phone+"/requests", &requests)
	var answered struct{ Status string }
	g.phoneJSON(http.MethodPost, phone+"/requests/"+requests[0].UUID+"/approve", &answered)
	if answered.Status != "approved" {
		g.t.Fatalf("the tap: got %+v", answered)
	}
	return requests[0].UUID
}

// signUp ends on the account page. A phone and a browser show what happens.
func (g *recorded) signUp() (phone string) {
	g.t.Helper()
	const password = "Canary of a password 7"
	g.secrets["password"] = password
	g.open("/signup")
	g.post("/signup", "name", "Ada", "email", "ada@example.com", "password", password, "country_code", "1", "phone_number", "2015550101")
	phone = g.newest()
	g.socket(g.phones, phone+"/events", nil)
	toApp := g.relays[len(g.relays)-2].url
	events := g.socket(toApp, g.url+"/login/events", http.Header{"Origin": {g.url}})
	g.tap(phone)
	if _, event, err := events.ReadMessage(); err != nil || !strings.Contains(string(event), `"approved"`) {
		g.t.Fatalf("after the tap: got %s, %v", event, err)
	}
	_, _, err := events.ReadMessage() // answers the close frame
	if !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
		g.t.Fatalf("after the last event: %v", err)
	}
	g.await(func(h wire.Hop) bool { return h.From == wire.Browser && h.Op == "close" })
	g.post("/confirm-login")
	return phone
}

// await returns the hops once there is one that fits.
func (g *recorded) await(fits func(wire.Hop) bool) []wire.Hop {
	g.t.Helper()
	nudge, end := g.recorder.Watch()
	defer end()
	for {
		hops := g.recorder.After(0)
		if slices.ContainsFunc(hops, fits) {
			return hops
		}
		select {
		case <-nudge:
		case <-g.t.Context().Done():
			g.t.Fatal("there is no such hop")
		}
	}
}
