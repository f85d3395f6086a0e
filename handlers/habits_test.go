package handlers_test

import (
	"bytes"
	"compress/gzip"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"
)

// Three clicks where no script holds the form back: the phone rings once, and
// whichever answer the browser takes leads on.
func TestThreeClicksRingOnce(t *testing.T) {
	for _, form := range []struct {
		path, done string
		fields     func(s *site, email string) url.Values // of somebody who has an account, but to sign up
	}{
		{"/login", "/protected", func(s *site, email string) url.Values {
			return url.Values{"email": {s.account(email).Email}, "password": {goodPassword}}
		}},
		{"/signup", "/protected", func(s *site, email string) url.Values {
			return url.Values{"name": {"Ada"}, "email": {email}, "password": {goodPassword}, "country_code": {"1"}, "phone_number": {"2015550199"}}
		}},
		{"/forgot", "/forgot/password", func(s *site, email string) url.Values {
			b := s.browser()
			b.signIn(s.account(email))
			return url.Values{"email": {email}, "recovery": {b.recoveryCodes()[0]}}
		}},
	} {
		t.Run(form.path, func(t *testing.T) {
			s := newSite(t)
			const email = "ada@example.com"
			fields := form.fields(s, email)
			before := 0
			if form.path != "/signup" {
				before = len(s.phoneOf(email).requests())
			}
			b := s.browser()
			cookies := b.clicksThrice(form.path, fields)
			phone := s.phoneOf(email)
			if got := len(phone.requests()) - before; got != 1 {
				t.Errorf("the phone rang %d times", got)
			}
			phone.approve(phone.pending())
			b.withSession(cookies[0])
			wantRedirect(t, b.post("/confirm-login"), form.done)
		})
	}
}

// clicksThrice sends a form three times at once, and returns the cookies of the answers.
func (b *browser) clicksThrice(path string, fields url.Values) []string {
	b.t.Helper()
	var lock sync.Mutex
	var cookies []string
	b.atOnce(3, path, fields, func(res *http.Response) {
		lock.Lock()
		defer lock.Unlock()
		if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/login/approval" {
			b.t.Errorf("got %s to %q", res.Status, res.Header.Get("Location"))
		}
		for _, c := range res.Cookies() {
			if strings.HasPrefix(c.Name, "nod_session") {
				cookies = append(cookies, c.Value)
			}
		}
	})
	if len(cookies) != 3 {
		b.t.Fatalf("got %d cookies", len(cookies))
	}
	return cookies
}

// The same for a change of the account, wherever its button stands; pressed again on the
// page that follows, it asks again.
func TestThreeClicksAskOnceForAChange(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	s.clock.Advance(11 * time.Minute)
	rings := func() int { return len(ada.phone.requests()) }
	for _, page := range []string{"/account/confirm?to=%2Faccount%2Fclose", "/account/confirm?to=%2Faccount%2Fclose&by=code"} {
		before := rings()
		shown := regexp.MustCompile(`name="request" value="([^"]+)"`).FindStringSubmatch(b.get(page).Body)
		if shown == nil {
			t.Fatalf("%s does not say what it shows", page)
		}
		fields := url.Values{"to": {"/account/close"}, "request": {shown[1]}}
		b.atOnce(3, "/account/confirm/ask", fields, func(res *http.Response) {
			if res.StatusCode != http.StatusSeeOther {
				t.Errorf("%s: got %s", page, res.Status)
			}
		})
		if got := rings() - before; got != 1 {
			t.Errorf("%s: the phone rang %d times", page, got)
		}
	}
}

// Password managers send people where the password is changed.
func TestWhereThePasswordIsChanged(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	b.signIn(s.account("ada@example.com"))
	got := b.get("/.well-known/change-password")
	wantStatus(t, got, http.StatusFound)
	where, _, _ := strings.Cut(got.Location(), "#")
	page := b.get(where)
	wantStatus(t, page, http.StatusOK)
	wantBody(t, page, `autocomplete="username"`, `autocomplete="current-password"`, `autocomplete="new-password"`)
	if got := strings.Count(page.Body, `name="username"`); got != 2 {
		t.Errorf("%d forms with a password name their account, want that of a new one and that which closes it", got)
	}
}

// What a person pastes is read for the code in it.
func TestACodeIsPastedWithItsMessage(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.passPassword(ada)
	wantRedirect(t, b.post("/verify-token", "token", "Your code: "+ada.phone.token()+"."), "/protected")
}

// Files go out compressed where the browser takes that; pages, which hold secrets,
// never do.
func TestFilesAreCompressed(t *testing.T) {
	s := newSite(t)
	get := func(path, encoding, tag string) page {
		req, err := http.NewRequest(http.MethodGet, s.url+path, nil)
		must(t, err)
		req.Header.Set("Accept-Encoding", encoding)
		req.Header.Set("If-None-Match", tag)
		return s.browser().do(req)
	}
	plain, packed := get("/static/app.css", "identity", ""), get("/static/app.css", "gzip, br", "")
	if plain.Header.Get("Content-Encoding") != "" || packed.Header.Get("Content-Encoding") != "gzip" || len(packed.Body)*2 > len(plain.Body) {
		t.Fatalf("got %q with %d bytes and %q with %d", plain.Header.Get("Content-Encoding"), len(plain.Body), packed.Header.Get("Content-Encoding"), len(packed.Body))
	}
	r, err := gzip.NewReader(bytes.NewReader([]byte(packed.Body)))
	must(t, err)
	unpacked, err := io.ReadAll(r)
	must(t, err)
	if string(unpacked) != plain.Body {
		t.Error("the two differ")
	}
	for _, got := range []page{plain, packed} {
		if !strings.Contains(got.Header.Get("Vary"), "Accept-Encoding") {
			t.Errorf("Vary is %q", got.Header.Get("Vary"))
		}
	}
	wantStatus(t, get("/static/app.css", "gzip", packed.Header.Get("ETag")), http.StatusNotModified)
	wantStatus(t, get("/static/app.css", "identity", packed.Header.Get("ETag")), http.StatusOK)
	if got := get("/login", "gzip", ""); got.Header.Get("Content-Encoding") != "" {
		t.Errorf("a page is %s", got.Header.Get("Content-Encoding"))
	}
}

// The list of countries stands in a field of 309 px on a phone of 390: no name is cut.
func TestCountryNamesFitTheirField(t *testing.T) {
	s := newSite(t)
	for _, language := range []string{"en", "de"} {
		page := s.reads(language).get("/signup")
		options := regexp.MustCompile(`<option[^>]*>([^<]+)</option>`).FindAllStringSubmatch(page.Body, -1)
		for _, option := range options {
			if text := html.UnescapeString(option[1]); utf8.RuneCountInString(text) > 35 {
				t.Errorf("%s: %q is too long", language, text)
			}
		}
		if len(options) < 200 {
			t.Fatalf("the page lists %d countries", len(options))
		}
	}
}
