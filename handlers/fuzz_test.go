package handlers_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

// fuzzed is a site whose server is called without a network.
type fuzzed struct {
	*site
	serve fasthttp.RequestHandler
	host  string
}

func newFuzzed(f *testing.F) *fuzzed {
	s := newSite(f)
	return &fuzzed{site: s, serve: s.app().Server().Handler, host: strings.TrimPrefix(s.url, "http://")}
}

// ask calls the server as a connection would. An hour has passed since the last
// call, so that no limit stands in the way.
func (s *fuzzed) ask(t *testing.T, method, path string, set func(*fasthttp.Request)) *fasthttp.Response {
	t.Helper()
	s.clock.Advance(time.Hour)
	var ctx fasthttp.RequestCtx
	ctx.Init(&fasthttp.Request{}, nil, nil)
	ctx.Request.Header.SetMethod(method)
	ctx.Request.SetRequestURI(path)
	ctx.Request.Header.SetHost(s.host)
	set(&ctx.Request)
	s.serve(&ctx)
	if status := ctx.Response.StatusCode(); status >= 500 {
		t.Errorf("%s %s: status %d\n%s", method, path, status, ctx.Response.Body())
	}
	if to := string(ctx.Response.Header.Peek("Location")); to != "" && !strings.HasPrefix(to, "/") && !strings.HasPrefix(to, s.url+"/") || strings.HasPrefix(to, "//") {
		t.Errorf("%s %s leads to %q", method, path, to)
	}
	return &ctx.Response
}

// FuzzCookies: whatever stands in the header, nobody is in.
func FuzzCookies(f *testing.F) {
	s := newFuzzed(f)
	_, port, _ := strings.Cut(s.host, ":")
	session := "nod_session_" + port + "="
	for _, cookies := range []string{
		"", session, session + "a", session + strings.Repeat("a", 43), session + `"a"`, session + "a; " + session + "b", "nod_session=a; " + session + "b", session + "\xff; nod_csrf_" + port + "=\x00",
		"=;=", ";;;", session + "' OR 1=1 --", "nod_device_" + port + "=a.b", "__Host-nod_session=a", session + "a,b", "nod_notice_" + port + "=<xss>",
	} {
		f.Add(cookies)
	}
	f.Fuzz(func(t *testing.T, cookies string) {
		cookies = strings.ReplaceAll(cookies, "PORT", port)
		for _, path := range []string{"/", "/login", "/protected", "/authy/status", "/transfers/status", "/login/approval"} {
			got := s.ask(t, "GET", path, func(r *fasthttp.Request) { r.Header.Set("Cookie", cookies) })
			if path != "/" && path != "/login" && got.StatusCode() == 200 {
				t.Errorf("%q opens %s", cookies, path)
			}
			wantNoMarkup(t, got, cookies)
		}
	})
}

// FuzzForms sends any fields to the forms that strangers see, with their token.
func FuzzForms(f *testing.F) {
	s := newFuzzed(f)
	b := s.browser()
	token := url.QueryEscape(b.formToken())
	cookies := b.cookieHeader()
	for _, form := range []string{
		"", "email=a&password=b", "email=a%40b.example&password=correct+horse+battery+staple&name=A&country_code=US&phone_number=2015550123", "email=%ff&password=%00", "%zz=%", "&&&=",
		"email=<xss>&name=<xss>&phone_number=<xss>&country_code=<xss>", "email=a&email=b", "a[b][c]=d&a[99999999]=e", "name=" + strings.Repeat("%F0%9F%98%80", 100), "phone_number=%D9%A1%D9%A2&country_code=+44",
		"password=" + strings.Repeat("a", 3000), "email=a@b\r\nSet-Cookie:+x=y", "_csrf=other",
	} {
		f.Add("application/x-www-form-urlencoded", form)
		f.Add("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\n"+form+"\r\n--x--\r\n")
	}
	f.Fuzz(func(t *testing.T, kind, form string) {
		if len(form) > 60<<10 {
			return // more than the server reads
		}
		if strings.HasPrefix(kind, "application/x-www-form-urlencoded") {
			form = "_csrf=" + token + "&" + form
		}
		for _, path := range []string{"/login", "/signup", "/logout", "/verify-token", "/login/number", "/confirm-login"} {
			got := s.ask(t, "POST", path, func(r *fasthttp.Request) {
				r.Header.Set("Cookie", cookies)
				r.Header.Set("Origin", s.url)
				r.Header.SetContentType(kind)
				r.SetBodyString(form)
			})
			wantNoMarkup(t, got, form)
		}
	})
}

func wantNoMarkup(t *testing.T, got *fasthttp.Response, sent string) {
	t.Helper()
	if strings.Contains(sent+"%3cxss", "xss") && strings.Contains(string(got.Body()), "<xss") {
		t.Errorf("markup comes back as it was sent: %q", sent)
	}
}
