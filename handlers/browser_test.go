package handlers_test

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// browser is one person's browser: its own cookies, redirects seen.
type browser struct {
	t    testing.TB
	site *site
	http *http.Client
}

func (s *site) browser() *browser {
	jar, err := cookiejar.New(nil)
	must(s.t, err)
	return &browser{s.t, s, &http.Client{
		Jar:           jar,
		Timeout:       hung,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// page is an answer, read whole.
type page struct {
	Status int
	Header http.Header
	Body   string
}

// Location is where a redirect leads, without the site.
func (p page) Location() string { return p.Header.Get("Location") }

// leadsTo is Location, and what the page there is to say.
func (p page) leadsTo() string {
	for _, c := range (&http.Response{Header: p.Header}).Cookies() {
		if strings.HasPrefix(c.Name, "nod_notice") && c.Value != "" {
			name, _, _ := strings.Cut(c.Value, "@")
			return p.Location() + " says " + name
		}
	}
	return p.Location()
}

func (b *browser) do(req *http.Request) page {
	b.t.Helper()
	res, err := b.http.Do(req)
	must(b.t, err)
	got := readPage(b.t, res)
	hold(b.t, req, got)
	return got
}

func readPage(t testing.TB, res *http.Response) page {
	t.Helper()
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	must(t, err)
	return page{res.StatusCode, res.Header, string(body)}
}

func (b *browser) get(path string) page {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.site.url+path, nil)
	must(b.t, err)
	return b.do(req)
}

var csrfField = regexp.MustCompile(`name="_csrf" value="([^"]+)"`)

// formToken is the token that a form of a page would carry now.
func (b *browser) formToken() string {
	b.t.Helper()
	// Who waits is led away from the first, and finds one on the second.
	for _, path := range []string{"/login", "/"} {
		if found := csrfField.FindStringSubmatch(b.get(path).Body); found != nil {
			return found[1]
		}
	}
	b.t.Fatal("no page carries a form token")
	return ""
}

// post sends a form as a page of the site would.
func (b *browser) post(path string, fields ...string) page {
	b.t.Helper()
	form := url.Values{"_csrf": {b.formToken()}}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return b.postForm(path, form)
}

func (b *browser) postForm(path string, form url.Values) page {
	b.t.Helper()
	return b.send(http.MethodPost, path, form)
}

func (b *browser) send(method, path string, form url.Values) page {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.site.url+path, strings.NewReader(form.Encode()))
	must(b.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", b.site.url)
	got := b.do(req)
	if html := strings.HasPrefix(got.Header.Get("Content-Type"), "text/html"); method == http.MethodPost && got.Status == http.StatusOK && html {
		b.t.Errorf("%s is answered by a page: the back button asks for the form to be sent again", path)
	}
	return got
}

// cookie is a cookie of the site, by its name without the port.
func (b *browser) cookie(name string) string {
	u, err := url.Parse(b.site.url)
	must(b.t, err)
	name += "_" + u.Port()
	for _, c := range b.http.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

func (b *browser) cookieHeader() string {
	u, err := url.Parse(b.site.url)
	must(b.t, err)
	var all []string
	for _, c := range b.http.Jar.Cookies(u) {
		all = append(all, c.Name+"="+c.Value)
	}
	return strings.Join(all, "; ")
}

const goodPassword = "correct horse battery staple"

// person is somebody with an account, and the phone they registered.
type person struct {
	Email string
	phone *phone
}

// signUp makes an account in b. The first request rings at once.
func (s *site) signUp(b *browser, email string) person {
	s.t.Helper()
	s.register(b, email)
	return person{email, s.phoneOf(email)}
}

func (s *site) register(b *browser, email string) {
	s.t.Helper()
	got := b.post("/signup", "name", "Ada", "email", email, "password", goodPassword,
		"country_code", "1", "phone_number", fmt.Sprintf("201555%04d", s.phones.Add(1)))
	wantRedirect(s.t, got, "/login/approval")
}

// account makes an account and comes back signed out, with no request open.
func (s *site) account(email string) person {
	s.t.Helper()
	b := s.browser()
	p := s.signUp(b, email)
	wantRedirect(s.t, b.post("/login/cancel"), "/login", "cancelled")
	return p
}

// passPassword gives the password in b; the phone rings.
func (b *browser) passPassword(p person) {
	b.t.Helper()
	wantRedirect(b.t, b.post("/login", "email", p.Email, "password", goodPassword), "/login/approval")
}

// waits gives the password and opens the socket of the waiting page.
func (b *browser) waits(p person) *socket {
	b.t.Helper()
	b.passPassword(p)
	events := b.events()
	events.want("pending")
	return events
}

// atOnce posts one form n times at the same moment, with the cookies that the
// browser has now, and hands on each answer.
func (b *browser) atOnce(n int, path string, form url.Values, answered func(*http.Response)) {
	b.t.Helper()
	form.Set("_csrf", b.formToken())
	body, cookies := form.Encode(), b.cookieHeader()
	var group sync.WaitGroup
	for range n {
		group.Go(func() {
			req, err := http.NewRequest(http.MethodPost, b.site.url+path, strings.NewReader(body))
			if err != nil {
				b.t.Error(err)
				return
			}
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.Header.Set("Cookie", cookies)
			res, err := http.DefaultTransport.RoundTrip(req)
			if err != nil {
				b.t.Error(err)
				return
			}
			res.Body.Close()
			answered(res)
		})
	}
	group.Wait()
}

// signIn goes the whole way by a tap.
func (b *browser) signIn(p person) {
	b.t.Helper()
	events := b.waits(p)
	p.phone.approve(p.phone.pending())
	events.want("approved")
	wantRedirect(b.t, b.post("/confirm-login"), "/protected")
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantStatus(t testing.TB, got page, status int) {
	t.Helper()
	if got.Status != status {
		t.Fatalf("got status %d, want %d; body:\n%s", got.Status, status, got.Body)
	}
}

// wantRedirect wants that an answer leads to a page, which then says what was done by
// the name of a notice, or nothing.
func wantRedirect(t testing.TB, got page, location string, says ...string) {
	t.Helper()
	want := location
	if len(says) > 0 {
		want += " says " + says[0]
	}
	if got.Status != http.StatusSeeOther || got.leadsTo() != want {
		t.Fatalf("got status %d to %q, want 303 to %q; body:\n%s", got.Status, got.leadsTo(), want, got.Body)
	}
}

func wantBody(t testing.TB, got page, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(got.Body, part) && !strings.Contains(html.UnescapeString(got.Body), part) {
			t.Fatalf("status %d, body lacks %q:\n%s", got.Status, part, got.Body)
		}
	}
}

func getJSON(t testing.TB, url string, into any) {
	t.Helper()
	res, err := http.Get(url)
	must(t, err)
	defer res.Body.Close()
	must(t, json.NewDecoder(res.Body).Decode(into))
}

func postJSON(t testing.TB, url, body string) int {
	t.Helper()
	res, err := http.Post(url, "application/json", strings.NewReader(body))
	must(t, err)
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	must(t, err)
	return res.StatusCode
}
