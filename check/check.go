// Package check opens a page, a WebSocket and an event stream of a running Nod
// through its public address, as a browser does, and reports what a proxy in
// between breaks.
//
// Owns: the checks and the lines that report their results.
// Promises: signs nobody in and changes nothing; every check has a time limit.
// Never: needs a session or a key. It opens the sign-in page and the three public
// paths /check, /check/events and /check/stream, the latter two until their first
// ping.
package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// ErrBroken is returned if at least one check failed.
var ErrBroken = errors.New("something between the browser and Nod breaks it")

// Variables, so that the tests can lift them.
var (
	// timeout is how long a page may take.
	timeout = 10 * time.Second
	// arrival is how long a message that Nod sends at once may take to arrive. A
	// proxy that buffers responses delivers it later or never.
	arrival = 5 * time.Second
	// silence is how long the second ping may take. The first comes within 30 s,
	// the second 30 s later.
	silence = 75 * time.Second
)

// Run checks the site at address (scheme://host[:port]) and writes one line per
// check to out. It returns ErrBroken if a check failed, and another error if
// address is invalid.
func Run(ctx context.Context, address string, out io.Writer) error {
	site, err := url.Parse(strings.TrimSuffix(address, "/"))
	if err != nil || site.Host == "" || (site.Scheme != "http" && site.Scheme != "https") {
		return fmt.Errorf("check: %q is not an address such as https://nod.example.com", address)
	}
	r := &run{ctx: ctx, site: site, out: out}
	opens := r.page()
	r.client() // which may say why the page does not open
	if !opens {
		return ErrBroken // the other checks would fail too
	}
	r.waiting()
	if r.broken {
		return ErrBroken
	}
	fmt.Fprintln(out, "Everything works.")
	return nil
}

// run is one check of a site.
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

func (r *run) get(path string, header http.Header) (*http.Response, error) {
	req, err := http.NewRequestWithContext(r.ctx, http.MethodGet, r.site.String()+path, nil)
	if err != nil {
		return nil, err
	}
	if header != nil {
		req.Header = header
	}
	client := &http.Client{Timeout: timeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return client.Do(req)
}
