package main

import (
	"context"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"
)

const replyTimeout = 15 * time.Second

// browser has cookies and an address of its own. It sees redirects.
type browser struct {
	w      *world
	client *http.Client
	origin *url.URL
	dial   func(ctx context.Context, network, addr string) (net.Conn, error)
}

// page is an answer, read whole.
type page struct {
	status         int
	location, body string
}

// to reports whether the page is a redirect to a path, whatever its query.
func (p page) to(path string) bool {
	at, _, _ := strings.Cut(p.location, "?")
	at, _, _ = strings.Cut(at, "#")
	return p.status == http.StatusSeeOther && at == path
}

func (w *world) newBrowser(from net.IP) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic("a jar without options cannot fail: " + err.Error())
	}
	b := &browser{w: w}
	b.origin, err = url.Parse(w.site.origin())
	if err != nil {
		panic("an origin of ours: " + err.Error())
	}
	// Each person has an address, since limits count by address.
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: from}}
	b.dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return w.site.dial(ctx, dialer)
	}
	b.client = &http.Client{
		Jar: jar, Timeout: replyTimeout,
		// Where there are several processes, each request goes to any of them.
		Transport:     &http.Transport{DialContext: b.dial, DisableKeepAlives: len(w.site.addrs) > 1},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return b
}

// with is the same browser with the cookies that it had before.
func (b *browser) with(cookies []*http.Cookie) *browser {
	old := b.w.newBrowser(nil)
	old.client.Transport = b.client.Transport
	old.client.Jar.SetCookies(b.origin, cookies)
	return old
}

func (b *browser) cookies() []*http.Cookie { return b.client.Jar.Cookies(b.origin) }

func (b *browser) url(path string) string { return b.origin.String() + path }

// once sends a request, with a form if there is one. The reply may be lost.
func (b *browser) once(ctx context.Context, path string, form url.Values) (page, error) {
	method := http.MethodGet
	if form != nil {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(ctx, method, b.url(path), strings.NewReader(form.Encode()))
	if err != nil {
		return page{}, err
	}
	req.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", b.origin.String())
	}
	res, err := b.client.Do(req)
	if err != nil {
		return page{}, err
	}
	defer res.Body.Close()
	got := page{status: res.StatusCode, location: res.Header.Get("Location")}
	body, err := io.ReadAll(res.Body)
	got.body = string(body)
	if got.location != "" {
		err = nil // browsers follow without the body
	}
	return got, err
}

// insist sends the same request until it is answered, as the waiting page does.
// again says that at least one reply was lost. The error is only ctx's.
func (b *browser) insist(ctx context.Context, path string, form url.Values) (got page, again bool, err error) {
	for tries := 0; ; tries++ {
		got, err := b.once(ctx, path, form)
		if err == nil && got.status < 500 {
			return got, tries > 0, nil
		}
		if err == nil {
			b.w.book.fault(path, got)
		}
		if err := pause(ctx, backOff(tries)); err != nil {
			return page{}, false, err
		}
	}
}

func (b *browser) get(ctx context.Context, path string) (page, error) {
	got, _, err := b.insist(ctx, path, nil)
	return got, err
}

// backOff is that of the pages' script.
func backOff(tries int) time.Duration {
	ms := min(4000, 250*float64(int(1)<<min(tries, 10)))
	return time.Duration(ms * (0.5 + rand.Float64()) * float64(time.Millisecond))
}

var formToken = regexp.MustCompile(`name="_csrf" value="([^"]+)"`)

// form is one with the page's token, and fields as name and value.
func (p page) form(fields ...string) url.Values {
	form := url.Values{"_csrf": {first(formToken, p.body)}}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return form
}

// first is the first group of the first match, "" without one.
func first(pattern *regexp.Regexp, text string) string {
	if found := pattern.FindStringSubmatch(text); found != nil {
		return found[1]
	}
	return ""
}
