// Package check opens a page, a socket and a stream of a running Nod through
// its public address, as a browser would, and says what a proxy in between
// breaks.
//
// Owns: the questions and the sentences of the answers.
// Promises: signs nobody in and changes nothing; ends within a bounded time.
// Never: needs a session or a key: it uses the three addresses under /check
// that answer everybody.
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

// ErrBroken is returned when at least one answer was not as it should be.
var ErrBroken = errors.New("something between the browser and Nod is in the way")

// prompt is how soon something that is sent at once must arrive; a proxy that
// collects a stream first delivers it later or never.
const prompt = 5 * time.Second

// Run checks the site at address (scheme://host[:port]) and writes a line for
// each answer to out. It returns ErrBroken if any was wrong.
func Run(ctx context.Context, address string, out io.Writer) error {
	site, err := url.Parse(strings.TrimSuffix(address, "/"))
	if err != nil || site.Host == "" || (site.Scheme != "http" && site.Scheme != "https") {
		return fmt.Errorf("check: %q is not an address such as https://nod.example.com", address)
	}
	r := &run{ctx: ctx, site: site, out: out}
	if !r.page() {
		return ErrBroken // nothing below could answer
	}
	r.seen()
	r.socket()
	r.stream()
	if r.broken {
		return ErrBroken
	}
	fmt.Fprintln(out, "All ways are open.")
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
	client := &http.Client{Timeout: 2 * prompt, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return client.Do(req)
}

// page opens the sign-in page.
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
		r.fail("page", "has lost its Content-Security-Policy header on the way")
		return true
	}
	r.ok("page", "opens")
	return true
}

// seen compares what Nod sees of this client with what the client knows.
func (r *run) seen() {
	res, err := r.get("/check")
	if err != nil {
		r.fail("client", "cannot be asked: %v", err)
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
		r.fail("client", "the answer of /check is not Nod's: %v", err)
		return
	}
	if seen.Site != r.site.Scheme+"://"+r.site.Host {
		r.fail("client", "Nod believes to be %s: signatures and origins rest on PUBLIC_URL", seen.Site)
		return
	}
	if seen.Forwarded && !seen.Trusted {
		r.fail("client", "a proxy at %s forwards addresses that are not believed: every visitor looks alike; put it into TRUSTED_PROXIES", seen.IP)
		return
	}
	r.ok("client", "is seen as %s", seen.IP)
}

// socket opens a WebSocket and waits for its first message.
func (r *run) socket() {
	address := *r.site
	address.Scheme = strings.Replace(r.site.Scheme, "http", "ws", 1)
	dialer := &websocket.Dialer{HandshakeTimeout: prompt, Proxy: http.ProxyFromEnvironment}
	conn, res, err := dialer.DialContext(r.ctx, address.String()+"/check/events", http.Header{"Origin": {r.site.Scheme + "://" + r.site.Host}})
	if err != nil {
		status := "no answer"
		if res != nil {
			status = res.Status
		}
		r.fail("socket", "the upgrade does not get through (%s, %v): let the proxy pass the Upgrade and Connection headers on; until then pages live by stream", status, err)
		return
	}
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(prompt)); err != nil {
		r.fail("socket", "%v", err)
		return
	}
	if _, body, err := conn.ReadMessage(); err != nil || !strings.Contains(string(body), "pending") {
		r.fail("socket", "opens, but the first message does not arrive: %v", err)
		return
	}
	r.ok("socket", "opens and is heard at once")
}

// stream opens the event stream and waits for its first event.
func (r *run) stream() {
	ctx, cancel := context.WithTimeout(r.ctx, prompt)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.site.String()+"/check/stream", nil)
	if err != nil {
		r.fail("stream", "%v", err)
		return
	}
	req.Header.Set("Accept", "text/event-stream")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.fail("stream", "does not open in time (%v): switch off buffering of responses in the proxy", cause(err))
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
			r.ok("stream", "opens and is heard at once")
			return
		}
	}
	r.fail("stream", "opens, but nothing arrives (%v): switch off buffering of responses in the proxy", cause(lines.Err()))
}

// cause is the short of a network error.
func cause(err error) error {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return errors.New("timeout")
	}
	return err
}
