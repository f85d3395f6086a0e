// Package check opens a page, a WebSocket and an event stream of a running Nod
// through its public address, as a browser does, and reports what a proxy in
// between breaks.
//
// Owns: the checks and the lines that report their results.
// Promises: signs nobody in and changes nothing; every check has a time limit.
// Never: needs a session or a key. It opens the sign-in page and the three public
// paths /check, /check/events and /check/stream.
package check

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/fasthttp/websocket"
)

// ErrBroken is returned if at least one check failed.
var ErrBroken = errors.New("something between the browser and Nod breaks it")

// timeout is how long a message that Nod sends at once may take to arrive. A proxy
// that buffers responses delivers it later or never. It is a variable so that the
// tests can lift it.
var timeout = 5 * time.Second

// Run checks the site at address (scheme://host[:port]) and writes one line per
// check to out. It returns ErrBroken if a check failed, and another error if
// address is invalid.
func Run(ctx context.Context, address string, out io.Writer) error {
	site, err := url.Parse(strings.TrimSuffix(address, "/"))
	if err != nil || site.Host == "" || (site.Scheme != "http" && site.Scheme != "https") {
		return fmt.Errorf("check: %q is not an address such as https://nod.example.com", address)
	}
	r := &run{ctx: ctx, site: site, out: out}
	if !r.page() {
		return ErrBroken // the other checks would fail too
	}
	r.client()
	r.socket()
	r.stream()
	if r.broken {
		return ErrBroken
	}
	fmt.Fprintln(out, "Everything works.")
	return nil
}

type run struct {
	ctx    context.Context
	site   *url.URL
	out    io.Writer
	broken bool
}

func (r *run) ok(what, format string, args ...any) {
	fmt.Fprintf(r.out, "ok      %-8s %s\n", what, fmt.Sprintf(format, args...))
}

func (r *run) fail(what, format string, args ...any) {
	r.broken = true
	fmt.Fprintf(r.out, "BROKEN  %-8s %s\n", what, fmt.Sprintf(format, args...))
}

func (r *run) get(path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(r.ctx, http.MethodGet, r.site.String()+path, nil)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Timeout: 2 * timeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return client.Do(req)
}

// page opens the sign-in page. It reports whether the other checks make sense.
func (r *run) page() bool {
	res, err := r.get("/login")
	if err != nil {
		r.fail("page", "cannot be opened: %v", err)
		return false
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode >= 300 && res.StatusCode < 400:
		r.fail("page", "is redirected to %s: set PUBLIC_URL to the address people use, and let the proxy pass the Host header on", res.Header.Get("Location"))
		return false
	case res.StatusCode != http.StatusOK:
		r.fail("page", "answers %s", res.Status)
		return false
	case res.Header.Get("Content-Security-Policy") == "":
		r.fail("page", "arrives without its Content-Security-Policy header")
		return true
	}
	r.ok("page", "opens")
	return true
}

// client compares what Nod sees of this client with what the client knows.
func (r *run) client() {
	res, err := r.get("/check")
	if err != nil {
		r.fail("client", "/check cannot be opened: %v", err)
		return
	}
	defer res.Body.Close()
	var seen struct {
		Site      string `json:"site"`
		IP        string `json:"ip"`
		Forwarded bool   `json:"forwarded"`
		Trusted   bool   `json:"trusted"`
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, 4096)).Decode(&seen); err != nil {
		r.fail("client", "the response of /check is not Nod's: %v", err)
		return
	}
	if seen.Site != r.site.Scheme+"://"+r.site.Host {
		r.fail("client", "Nod takes %s for its own address: set PUBLIC_URL, which signatures and origins depend on", seen.Site)
		return
	}
	if seen.Forwarded && !seen.Trusted {
		r.fail("client", "the proxy at %s forwards addresses but is not trusted, so all visitors have the same address: add it to TRUSTED_PROXIES", seen.IP)
		return
	}
	r.ok("client", "is seen as %s", seen.IP)
}

// socket opens a WebSocket and waits for its first message.
func (r *run) socket() {
	address := *r.site
	address.Scheme = strings.Replace(r.site.Scheme, "http", "ws", 1)
	dialer := &websocket.Dialer{HandshakeTimeout: timeout, Proxy: http.ProxyFromEnvironment}
	conn, res, err := dialer.DialContext(r.ctx, address.String()+"/check/events", http.Header{"Origin": {r.site.Scheme + "://" + r.site.Host}})
	if err != nil {
		status := "no response"
		if res != nil {
			status = res.Status
		}
		r.fail("socket", "the upgrade does not get through (%s, %v): let the proxy pass the Upgrade and Connection headers on; until then pages use the stream", status, err)
		return
	}
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(timeout)); err != nil {
		r.fail("socket", "%v", err)
		return
	}
	if _, body, err := conn.ReadMessage(); err != nil || !strings.Contains(string(body), "pending") {
		r.fail("socket", "opens, but the first message does not arrive: %v", err)
		return
	}
	r.ok("socket", "opens and delivers at once")
}

// stream opens the event stream and waits for its first event.
func (r *run) stream() {
	ctx, cancel := context.WithTimeout(r.ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.site.String()+"/check/stream", nil)
	if err != nil {
		r.fail("stream", "%v", err)
		return
	}
	req.Header.Set("Accept", "text/event-stream")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.fail("stream", "does not open in time (%v): turn off response buffering in the proxy", cause(err))
		return
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		r.fail("stream", "answers %s, %s", res.Status, res.Header.Get("Content-Type"))
		return
	}
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "data: ") {
			r.ok("stream", "opens and delivers at once")
			return
		}
	}
	r.fail("stream", "opens, but nothing arrives (%v): turn off response buffering in the proxy", cause(lines.Err()))
}

// cause shortens a timeout to one word.
func cause(err error) error {
	var netErr net.Error
	if errors.As(err, &netErr) && netErr.Timeout() {
		return errors.New("timeout")
	}
	return err
}
