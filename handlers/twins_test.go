package handlers_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// ask sends a GET with Cookie headers as they are, and returns the answer.
func (s *site) ask(path string, cookies ...string) string {
	s.t.Helper()
	var lines strings.Builder
	for _, line := range cookies {
		fmt.Fprintf(&lines, "Cookie: %s\r\n", line)
	}
	return s.rawAnswer(fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\nAccept: text/html\r\n%sConnection: close\r\n\r\n",
		path, strings.TrimPrefix(strings.TrimPrefix(s.handlers.PublicURL, "https://"), "http://"), lines.String()))
}

// A page on another port of the host plants a cookie for a path: browsers send that
// one first. Neither is believed, whichever comes first and however they are sent.
func TestOfTwoCookiesOfOneNameNeitherCounts(t *testing.T) {
	s := newSite(t)
	ada, mallory := s.account("ada@example.com"), s.account("mallory@example.com")
	b, thief := s.browser(), s.browser()
	b.signIn(ada)
	thief.signIn(mallory)
	_, port, _ := strings.Cut(strings.TrimPrefix(s.url, "http://"), ":")
	name := "nod_session_" + port + "="
	own, planted := name+b.cookie("nod_session"), name+thief.cookie("nod_session")
	rest := "nod_csrf_" + port + "=" + b.cookie("nod_csrf")
	for what, cookies := range map[string][]string{
		"planted first":      {planted + "; " + own + "; " + rest},
		"planted last":       {own + "; " + rest + "; " + planted},
		"in two headers":     {planted, own + "; " + rest},
		"twice the same":     {own + "; " + own},
		"no blank between":   {planted + ";" + own},
		"an empty one":       {name + "; " + own},
		"one in quotes":      {own + "; " + name + `"` + thief.cookie("nod_session") + `"`},
		"of a known browser": {own + "; nod_device_" + port + "=a; nod_device_" + port + "=" + b.cookie("nod_device")},
		"of a form":          {own + "; nod_csrf_" + port + "=a-secret-that-was-planted-here; " + rest},
	} {
		got := s.ask("/protected", cookies...)
		if !strings.HasPrefix(got, "HTTP/1.1 400 ") || !strings.Contains(got, words("error.twin_cookies.title")) {
			t.Errorf("%s: got %.200s", what, got)
		}
		for _, p := range []person{ada, mallory} {
			if strings.Contains(got, p.Email) {
				t.Errorf("%s: the page is that of %s", what, p.Email)
			}
		}
	}
	for what, path := range map[string]string{"a socket": "/login/events", "a status": "/authy/status"} {
		if got := s.ask(path, planted+"; "+own); !strings.HasPrefix(got, "HTTP/1.1 400 ") {
			t.Errorf("%s: got %.200s", what, got)
		}
	}
	// One of each name is the visitor's, whatever others there are.
	if got := s.ask("/protected", own+"; "+rest+"; other=1; other=2"); !strings.HasPrefix(got, "HTTP/1.1 200 ") {
		t.Errorf("got %.200s for cookies that are not ours", got)
	}
}

// Both expire, wherever the browser may have them from.
func TestTwoCookiesOfOneNameExpire(t *testing.T) {
	for public, want := range map[string][]string{
		"http://127.0.0.1:3000": {"/", "/login", "/login/", "/login/number"},
		"http://nod.example.test:3000": {
			"/", "/ nod.example.test", "/ example.test",
			"/login", "/login nod.example.test", "/login example.test",
			"/login/", "/login/ nod.example.test", "/login/ example.test",
			"/login/number", "/login/number nod.example.test", "/login/number example.test",
		},
	} {
		s := newSite(t, func(c *config) { c.PublicURL = public })
		got := expired(t, s.ask("/login/number", "nod_session_3000=a; nod_session_3000=b"), "nod_session_3000")
		wantSame(t, public, got, want)
	}
	secure := newSite(t, func(c *config) { c.PublicURL = "https://nod.example.test" })
	if got := secure.ask("/login", "__Host-nod_session=a; __Host-nod_session=b"); !strings.Contains(got, "\r\nSet-Cookie: __Host-nod_session=; Max-Age=0; HttpOnly; SameSite=Lax; Path=/; Secure\r\n") {
		t.Errorf("on https: got %.900s", got)
	}
	s := newSite(t, func(c *config) { c.PublicURL = "http://nod.test" })
	for path, want := range map[string][]string{
		"/":             {"/", "/ nod.test"},
		"/login;Path=x": {"/", "/ nod.test"},
		"/a/b/c/d/e/f/g": {"/", "/ nod.test", "/a", "/a nod.test", "/a/", "/a/ nod.test", "/a/b", "/a/b nod.test", "/a/b/", "/a/b/ nod.test",
			"/a/b/c", "/a/b/c nod.test", "/a/b/c/", "/a/b/c/ nod.test", "/a/b/c/d/e/f/g", "/a/b/c/d/e/f/g nod.test"},
	} {
		wantSame(t, path, expired(t, s.ask(path, "nod_csrf=a; nod_csrf=b"), "nod_session"), nil)
		got := expired(t, s.ask(path, "nod_session=a; nod_session=b"), "nod_session")
		wantSame(t, path, got, want)
	}
}

// expired are the paths and domains of the cookies that an answer takes away.
func expired(t *testing.T, answer, name string) (all []string) {
	t.Helper()
	head, _, _ := strings.Cut(answer, "\r\n\r\n")
	header := http.Header{}
	for _, line := range strings.Split(head, "\r\n") {
		if value, ok := strings.CutPrefix(line, "Set-Cookie: "); ok {
			header.Add("Set-Cookie", value)
		}
	}
	for _, c := range (&http.Response{Header: header}).Cookies() {
		if c.Name == name && c.MaxAge < 0 && c.Value == "" {
			all = append(all, strings.TrimSpace(c.Path+" "+c.Domain))
		}
	}
	return all
}

func wantSame(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// The answer that takes both away leads on: the next sign-in works.
func TestAfterTwoCookiesOfOneNameOneSignsInAgain(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	b.plant("/login", "nod_session", "planted")
	b.plant("/login/", "nod_csrf", "a-secret-that-was-planted-here")
	wantStatus(t, b.get("/protected"), http.StatusOK) // which has none of them
	wantStatus(t, b.get("/login"), http.StatusBadRequest)
	wantRedirect(t, b.get("/protected"), "/login", "start")
	wantStatus(t, b.get("/login"), http.StatusOK)
	wantStatus(t, b.get("/login/approval"), http.StatusBadRequest)
	b.signIn(ada)
}

// A sibling of the host plants the cookie of a phone for all hosts of the domain. Neither
// is believed; the phone's own stays, since nothing makes it anew.
func TestAPhoneKeepsItsCookieBesideATwin(t *testing.T) {
	for public, name := range map[string]string{
		"http://nod.example.test:3000": "nod_phone_3000", "https://nod.example.test": "__Secure-nod_phone",
	} {
		s := newSite(t, func(c *config) { c.PublicURL = public })
		got := s.ask("/phone/state", name+"=a; "+name+"=b")
		if !strings.HasPrefix(got, "HTTP/1.1 400 ") {
			t.Errorf("%s: got %.200s", public, got)
		}
		wantSame(t, public, expired(t, got, name), []string{
			"/", "/ nod.example.test", "/ example.test", "/phone nod.example.test", "/phone example.test",
			"/phone/", "/phone/ nod.example.test", "/phone/ example.test",
			"/phone/state", "/phone/state nod.example.test", "/phone/state example.test",
		})
		if strings.Contains(public, "https") && strings.Count(got, "Secure\r\n")+strings.Count(got, "Secure; ") < 11 {
			t.Errorf("browsers refuse these on https:\n%s", got)
		}
	}
}

// plant sets a cookie for a path, as a page on another port can.
func (b *browser) plant(path, name, value string) {
	u, err := url.Parse(b.site.url)
	must(b.t, err)
	b.http.Jar.SetCookies(u, []*http.Cookie{{Name: name + "_" + u.Port(), Value: value, Path: path}})
}
