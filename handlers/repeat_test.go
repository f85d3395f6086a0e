package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// lost sends a form whose reply the browser never sees: its cookies stay.
func (b *browser) lost(path string, form url.Values) page {
	b.t.Helper()
	other := b.site.browser()
	for _, name := range []string{"nod_session", "nod_csrf"} {
		other.withCookie(name, b.cookie(name))
	}
	return other.postForm(path, form)
}

func (b *browser) withCookie(name, value string) {
	u, err := url.Parse(b.site.url)
	must(b.t, err)
	b.http.Jar.SetCookies(u, []*http.Cookie{{Name: name + "_" + u.Port(), Value: value, Path: "/"}})
}

// The reply of the last step is lost, also the second time: the browser sends
// its form again, is in, and nobody else is.
func TestTheReplyOfTheLastStepIsLost(t *testing.T) {
	for name, step := range map[string]func(s *site, p person) (path string, form url.Values){
		"tap": func(s *site, p person) (string, url.Values) {
			p.phone.approve(p.phone.pending())
			return "/confirm-login", url.Values{}
		},
		"code": func(s *site, p person) (string, url.Values) {
			return "/verify-token", url.Values{"token": {p.phone.token()}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			ada := s.account("ada@example.com")
			b := s.browser()
			b.passPassword(ada)
			path, form := step(s, ada)
			form.Set("_csrf", b.formToken())
			before := b.cookie("nod_session")
			var held []string
			for range 2 {
				reply := b.lost(path, form)
				wantRedirect(t, reply, "/protected")
				held = append(held, sessionCookie(t, reply))
			}
			s.restart()
			wantRedirect(t, b.postForm(path, form), "/protected")
			wantBody(t, b.get("/protected"), "ada@example.com")

			for _, cookie := range append(held, before) {
				thief := s.browser()
				thief.withSession(cookie)
				wantRedirect(t, thief.get("/protected"), "/login", "start")
			}
			// It was used: a further repeat signs nobody in.
			late := s.browser()
			late.withSession(before)
			late.withCookie("nod_csrf", b.cookie("nod_csrf"))
			wantRedirect(t, late.postForm(path, form), "/login", "start")
			wantBody(t, b.get("/protected"), "ada@example.com")
		})
	}
}

// sessionCookie is the session id that a reply hands out.
func sessionCookie(t *testing.T, p page) string {
	t.Helper()
	for _, line := range p.Header.Values("Set-Cookie") {
		if name, value, _ := strings.Cut(line, "="); strings.HasPrefix(name, "nod_session_") {
			value, _, _ = strings.Cut(value, ";")
			return value
		}
	}
	t.Fatalf("no session in %v", p.Header)
	return ""
}

// Who has stolen the cookie alone has another form, and repeats nothing.
func TestAnotherFormRepeatsNothing(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.passPassword(ada)
	thief := s.browser()
	thief.withSession(b.cookie("nod_session"))
	ada.phone.approve(ada.phone.pending())
	token := thief.formToken()
	wantRedirect(t, b.post("/confirm-login"), "/protected")
	wantRedirect(t, thief.postForm("/confirm-login", url.Values{"_csrf": {token}}), "/login", "start")
	wantStatus(t, b.get("/protected"), http.StatusOK)
}

// Whatever the order of a hundred parallel confirms, one holder can open the
// page.
func TestOfParallelConfirmsOneHolderIsIn(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.passPassword(ada)
	ada.phone.approve(ada.phone.pending())
	cookies := make(chan string, 100)
	b.atOnce(100, "/confirm-login", url.Values{}, func(res *http.Response) {
		if res.Header.Get("Location") == "/protected" {
			cookies <- sessionCookie(t, page{Header: res.Header})
		}
	})
	close(cookies)
	if got := s.holders(cookies); got != 1 {
		t.Errorf("%d holders can open the page, want 1", got)
	}
}
