// Package check opens a page, a WebSocket and an event stream of a running Nod
// through its public address, as a browser does, and reports what a proxy in
// between breaks.
//
// Owns: the checks and the lines that report their results.
// Promises: signs nobody in and changes nothing; every check has a time limit; who
// interrupts it is not told that something is broken.
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

// ErrInterrupted is returned if the context ended before the checks did.
var ErrInterrupted = errors.New("the check was interrupted: what it has not said yet is not known")

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
// check to out. It returns ErrBroken if a check failed, ErrInterrupted if ctx ended
// first, and another error if address is invalid.
func Run(ctx context.Context, address string, out io.Writer) error {
	site, err := url.Parse(strings.TrimSuffix(address, "/"))
	if err != nil || site.Host == "" || (site.Scheme != "http" && site.Scheme != "https") || site.Path != "" || site.RawQuery != "" {
		return errors.New("check: the address must be like https://nod.example.com, without a path")
	}
	r := &run{ctx: ctx, site: site, out: out}
	r.everything()
	switch {
	case ctx.Err() != nil:
		return ErrInterrupted
	case r.broken:
		return ErrBroken
	default:
		fmt.Fprintln(out, "Everything works.")
		return nil
	}
}

func (r *run) everything() {
	opens := r.page()
	r.client() // which may say why the page does not open
	if opens { // the other checks would fail too
		r.waiting()
	}
}

// run is one check of a site.
type run struct {
	ctx    context.Context
	site   *url.URL
	out    io.Writer
	broken bool
}

func (r *run) ok(what, format string, args ...any) { r.say("ok    ", what, format, args...) }

func (r *run) fail(what, format string, args ...any) {
	r.broken = true
	r.say("BROKEN", what, format, args...)
}

// say reports a result, unless the check was interrupted: that fails, too, and says
// nothing of the proxy.
func (r *run) say(verdict, what, format string, args ...any) {
	if r.ctx.Err() == nil {
		fmt.Fprintf(r.out, "%s  %-8s %s\n", verdict, what, fmt.Sprintf(format, args...))
	}
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
