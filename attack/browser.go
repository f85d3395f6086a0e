package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"sync"
)

// browser has cookies of its own, and sees redirects.
type browser struct {
	s    *site
	http *http.Client
}

func (s *site) browser() *browser {
	jar, err := cookiejar.New(nil)
	must(err)
	return &browser{s, &http.Client{
		Jar: jar, Timeout: patience, Transport: s.transport(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// page is an answer, read whole.
type page struct {
	status int
	header http.Header
	body   string
}

// to is where a redirect leads, without its query.
func (p page) to() string {
	path, _, _ := strings.Cut(p.header.Get("Location"), "?")
	return path
}

// do sends a request as it is.
func (b *browser) do(req *http.Request) (page, error) {
	res, err := b.http.Do(req)
	if err != nil {
		return page{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return page{res.StatusCode, res.Header, string(body)}, err
}

// request is one to a path of the site; headers come as name and value.
func (b *browser) request(method, path, body string, headers ...string) *http.Request {
	req, err := http.NewRequestWithContext(b.s.ctx, method, b.s.origin.String()+path, strings.NewReader(body))
	must(err)
	req.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		}
	}
	return req
}

func (b *browser) get(path string, headers ...string) page {
	got, err := b.do(b.request(http.MethodGet, path, "", headers...))
	must(err)
	return got
}

var formToken = regexp.MustCompile(`name="_csrf" value="([^"]+)"`)

// token is what the forms of a page carry now.
func (b *browser) token() string {
	// Who waits is led away from the first, and finds one on the second.
	for _, path := range []string{"/login", "/"} {
		if found := formToken.FindStringSubmatch(b.get(path).body); found != nil {
			return found[1]
		}
	}
	need(false, "no page carries a form token")
	return ""
}

// form is one as a page of the site sends it, with fields as name and value.
func (b *browser) form(fields ...string) url.Values {
	form := url.Values{"_csrf": {b.token()}}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return form
}

func (b *browser) post(path string, fields ...string) page {
	return b.send(path, b.form(fields...))
}

// send posts a form, with further headers, which win.
func (b *browser) send(path string, form url.Values, headers ...string) page {
	headers = append([]string{"Content-Type", "application/x-www-form-urlencoded", "Origin", b.s.origin.String()}, headers...)
	got, err := b.do(b.request(http.MethodPost, path, form.Encode(), headers...))
	must(err)
	return got
}

// atOnce posts one form n times at the same moment, with the cookies that the
// browser has now, and keeps none that comes back.
func (b *browser) atOnce(n int, path string, fields ...string) []page {
	form := b.form(fields...)
	return parallel(n, func(int) page { return b.twin().send(path, form) })
}

// twin is another browser with the same cookies: a thief's, or the same one in a
// second request.
func (b *browser) twin() *browser {
	t := b.s.browser()
	t.http.Jar.SetCookies(b.s.origin, b.http.Jar.Cookies(b.s.origin))
	return t
}

// parallel does something n times at once. What panics in one of them panics here.
func parallel[T any](n int, do func(int) T) []T {
	all, failed := make([]T, n), make([]any, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			defer func() { failed[i] = recover() }()
			all[i] = do(i)
		})
	}
	group.Wait()
	for _, e := range failed {
		if e != nil {
			panic(e)
		}
	}
	return all
}

// cookie is the value of a cookie by the middle of its name, such as session.
func (b *browser) cookie(name string) string {
	for _, c := range b.http.Jar.Cookies(b.s.origin) {
		if strings.Contains(c.Name, "nod_"+name) {
			return c.Value
		}
	}
	return ""
}

// plant sets a cookie of the site.
func (b *browser) plant(name, value string) {
	name = "nod_" + name + "_" + b.s.origin.Port()
	b.http.Jar.SetCookies(b.s.origin, []*http.Cookie{{Name: name, Value: value, Path: "/"}})
}

func (b *browser) cookieHeader() string {
	var all []string
	for _, c := range b.http.Jar.Cookies(b.s.origin) {
		all = append(all, c.Name+"="+c.Value)
	}
	return strings.Join(all, "; ")
}

// inside says whether the browser sees what only both steps open.
func (b *browser) inside() bool { return b.get("/protected").status == http.StatusOK }

// count is how many pages have a status.
func count(pages []page, status int) (n int) {
	for _, p := range pages {
		if p.status == status {
			n++
		}
	}
	return n
}
