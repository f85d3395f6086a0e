package stage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/fasthttp/websocket"

	"nod/wire"
)

// rivalAgent is what the other browser says that it is: the phone shows it as Firefox
// on Windows, and its last word tells its hops from those of any other.
const rivalAgent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0 NodStage/1"

// rival is another browser than the one in the frame, of somebody elsewhere who knows
// the password. It is a client like any: what it sends is really sent, and the wire
// tells of it.
type rival struct {
	app  string
	http *http.Client
	page string // what it shows
}

func newRival(app string) (*rival, error) {
	jar, err := cookiejar.New(nil)
	return &rival{app: app, http: &http.Client{Jar: jar, Transport: &http.Transport{}}}, err
}

// open goes to a page.
func (r *rival) open(ctx context.Context, path string) error {
	return r.send(ctx, http.MethodGet, path, nil)
}

var formToken = regexp.MustCompile(`name="_csrf" value="([^"]+)"`)

// post sends a form of the page that it shows.
func (r *rival) post(ctx context.Context, path string, form url.Values) error {
	token := formToken.FindStringSubmatch(r.page)
	if token == nil {
		return fmt.Errorf("stage: the other browser finds no form for %s", path)
	}
	form.Set("_csrf", token[1])
	return r.send(ctx, http.MethodPost, path, strings.NewReader(form.Encode()))
}

func (r *rival) send(ctx context.Context, method, path string, body io.Reader) error {
	req, err := http.NewRequestWithContext(ctx, method, r.app+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("User-Agent", rivalAgent)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", r.app)
	}
	res, err := r.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	r.page = string(page)
	return err
}

// signIn sends the e-mail and the password, and listens for what becomes of it.
func (r *rival) signIn(ctx context.Context, p Person) (*websocket.Conn, error) {
	if err := r.open(ctx, "/login"); err != nil {
		return nil, err
	}
	if err := r.post(ctx, "/login", url.Values{"email": {p.Email}, "password": {p.Password}}); err != nil {
		return nil, err
	}
	dialer := websocket.Dialer{Jar: r.http.Jar, HandshakeTimeout: writeTimeout}
	header := http.Header{"Origin": {r.app}, "User-Agent": {rivalAgent}}
	conn, _, err := dialer.DialContext(ctx, strings.Replace(r.app, "http", "ws", 1)+"/login/events", header)
	return conn, err
}

// listen returns the last that the page is told.
func listen(ctx context.Context, conn *websocket.Conn) (last told) {
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	for {
		_, text, err := conn.ReadMessage()
		if err != nil {
			return last
		}
		last = toldBy(wire.Hop{Kind: wire.Frame, To: wire.Browser, Body: string(text)})
	}
}

// rivalry is what another browser does once it has signed in as the first of the
// people, and listens.
type rivalry func(ctx context.Context, h *House, r *rival, conn *websocket.Conn) error

var rivalries = map[string]rivalry{"wait": rideAlong, "bomb": bomb}

// rideAlong waits, and wants in as soon as the phone has approved anything.
func rideAlong(ctx context.Context, h *House, r *rival, conn *websocket.Conn) error {
	news, end := h.Wire.Watch()
	defer end()
	listen(ctx, conn)
	for !tapCounted(h.Wire.After(0)) {
		select {
		case <-news:
		case <-ctx.Done():
			return nil
		}
	}
	return r.post(ctx, "/confirm-login", url.Values{})
}

func tapCounted(hops []wire.Hop) bool {
	for _, h := range hops {
		if h.Kind == wire.Answer && h.Route == "/authy/callback" && h.Note == "applied" {
			return true
		}
	}
	return false
}

// bomb asks the phone again after each Deny, in the hope that its owner gives in, until
// the phone is not asked any more.
func bomb(ctx context.Context, _ *House, r *rival, conn *websocket.Conn) (err error) {
	for listen(ctx, conn).Status == "denied" && ctx.Err() == nil {
		if conn, err = r.signIn(ctx, People()[0]); err != nil {
			return err
		}
	}
	return nil
}

// rivals are the other browsers that are at work.
type rivals struct {
	mu     sync.Mutex
	cancel context.CancelFunc // nil: none is
	done   sync.WaitGroup
}

// begin has another browser sign in, and go on by itself.
func (all *rivals) begin(ctx context.Context, h *House, act rivalry, failed func(error)) error {
	all.mu.Lock()
	defer all.mu.Unlock()
	r, err := newRival(h.AppURL)
	if err != nil {
		return err
	}
	conn, err := r.signIn(ctx, People()[0])
	if err != nil {
		return err
	}
	all.end()
	ctx, all.cancel = context.WithCancel(context.WithoutCancel(ctx))
	all.done.Go(func() {
		defer r.http.CloseIdleConnections()
		if err := act(ctx, h, r, conn); err != nil && !errors.Is(err, context.Canceled) {
			failed(err)
		}
	})
	return nil
}

// end ends what is at work, and waits until it has; it needs the lock.
func (all *rivals) end() {
	if all.cancel != nil {
		all.cancel()
		all.cancel = nil
	}
	all.done.Wait()
}

func (all *rivals) stop() {
	all.mu.Lock()
	defer all.mu.Unlock()
	all.end()
}

// serveRival is POST /stage/rival: another browser signs in as the first of the people.
func (s *Stage) serveRival(w http.ResponseWriter, r *http.Request, h *House) error {
	act := rivalries[r.FormValue("how")]
	if act == nil {
		http.Error(w, "how must be wait or bomb", http.StatusBadRequest)
		return nil
	}
	failed := func(err error) { s.logger.Error("the other browser failed", "error", err) }
	if err := s.rivals.begin(r.Context(), h, act, failed); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// otherBrowsers are the numbers that the wire gives to rivals.
func otherBrowsers(hops []wire.Hop) map[int]bool {
	all := map[int]bool{}
	for _, h := range hops {
		if h.Kind == wire.Request && h.Browser != 0 && strings.Contains(h.Head, rivalAgent) {
			all[h.Browser] = true
		}
	}
	return all
}

// ofTheOther makes a sentence of the other browser of one of a browser.
var ofTheOther = strings.NewReplacer(
	"The browser that asked", "The other browser", "The browser", "The other browser",
	"the browser", "the other browser", "this browser", "the other browser",
)

// outlook is how things stand for the other browser.
func outlook(hops []wire.Hop) (o other) {
	others := otherBrowsers(hops)
	for _, h := range hops {
		if !others[h.Browser] {
			continue
		}
		switch state := toldBy(h); {
		case h.Route == "/login" && h.Kind == wire.Request && h.Method == http.MethodPost:
			o = other{"has sent the password", ""}
		case state.Status == "pending":
			o = other{"waits, number " + state.Number, ""}
		case state.Status != "":
			told, _ := news(state)
			o = other{"is told: " + strings.TrimPrefix(told, "Nod tells the browser: "), "no"}
		case h.Route == "/confirm-login" && h.Kind == wire.Answer && letsIn(h):
			o = other{"is in", "yes"}
		case h.Route == "/confirm-login" && h.Kind == wire.Answer:
			o = other{"is kept out", "no"}
		}
	}
	return o
}
