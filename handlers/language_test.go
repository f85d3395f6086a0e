package handlers_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// says is a Firefox that sends a language along with every request.
type says struct{ language string }

func (s says) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Accept-Language", s.language)
	r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")
	return http.DefaultTransport.RoundTrip(r)
}

// reads is a browser that says what its owner reads.
func (s *site) reads(language string) *browser {
	b := s.browser()
	b.http.Transport = says{language}
	return b
}

const inGerman = `<html lang="de" dir="ltr">`

func TestPagesAreInTheLanguageOfTheReader(t *testing.T) {
	s := newSite(t)
	for language, want := range map[string]string{
		"": `<html lang="en"`, "de-AT,de;q=0.9,en;q=0.8": inGerman, "en-GB,de;q=0.9": `<html lang="en"`, "fr-FR,de;q=0.2": inGerman, "tlh": `<html lang="en"`,
	} {
		got := s.reads(language).get("/login")
		wantBody(t, got, want)
		if vary := got.Header.Get("Vary"); !strings.Contains(vary, "Accept-Language") {
			t.Errorf("%q: got Vary: %s", language, vary)
		}
	}
	german := s.reads("de")
	wantBody(t, german.get("/nowhere"), inGerman, "Hier ist nichts")
	wantBody(t, german.post("/signup"), inGerman, "Geben Sie Ihren Namen ein.", "Kolumbien (+57)")
	if body := s.reads("de").get("/authy/status").Body; !strings.Contains(body, "no sign-in is waiting") {
		t.Errorf("a script reads %s", body)
	}
}

// The switch is a form, so it works without scripts. It leads back.
func TestTheLanguageIsSwitched(t *testing.T) {
	s := newSite(t)
	b := s.reads("en")
	wantBody(t, b.get("/?a=1&b=2"), `action="/language"`, `name="to" value="/?a=1&amp;b=2"`, `name="language" value="de" lang="de">`)
	wantRedirect(t, b.post("/language", "language", "de", "to", "/login?a=1&b=2"), "/login?a=1&b=2")
	wantBody(t, b.get("/login"), inGerman, `value="en" lang="en"`)
	wantRedirect(t, b.post("/language", "language", "en", "to", "/login"), "/login")
	wantBody(t, b.get("/login"), `<html lang="en"`)
	for _, language := range []string{"", "tlh", "de-AT", "en, de"} {
		wantStatus(t, b.post("/language", "language", language, "to", "/login"), http.StatusUnprocessableEntity)
	}
	wantStatus(t, b.postForm("/language", url.Values{"language": {"de"}}), http.StatusForbidden)
}

func TestTheSwitchLeadsToNoOtherSite(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	for to, want := range map[string]string{
		"": "/", "//evil.example": "/", "https://evil.example/login": "/login", `/\evil.example`: "/evil.example", `\\evil.example`: "/evil.example",
		"javascript:alert(1)": "/", "/../login": "/../login", "login": "/login", "/login#x": "/login", "%": "/", "/login\r\nA: b": "/",
	} {
		wantRedirect(t, b.post("/language", "language", "de", "to", to), want)
	}
}

// What was typed into a form is not lost by the switch, whether or not the form came back
// with its problems: the switch takes it along. What is secret has to be typed again.
func TestTheSwitchTakesAlongWhatWasTyped(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	in, half := s.browser(), s.browser()
	in.signIn(ada)
	s.register(half, "grace@example.com")
	for _, test := range []struct {
		b          *browser
		path, form string
		typed      []string // names and values
	}{
		{s.browser(), "/login", "login-form", []string{"email", "ada@example.com"}},
		{s.browser(), "/signup", "signup-form", []string{"name", "Grace <H>", "email", "grace@example", "phone_number", "300 12"}},
		{s.browser(), "/forgot", "forgot-form", []string{"email", "ada@example.com"}},
		{half, "/login/number", "number-form", []string{"phone_number", "300 12"}},
		{in, "/account/phone", "phone-form", []string{"phone_number", "300 12"}},
		{in, "/transfers", "transfer-form", []string{"payee", "Grace <H>", "amount", "1,5.0"}},
	} {
		before := test.b.post(test.path, test.typed...)
		wantStatus(t, before, http.StatusUnprocessableEntity)
		wantBody(t, before, ` form="`+test.form+`">`, `id="`+test.form+`"`)
		secret := []string{"password", goodPassword, "recovery", "k3d9-xq2m-7vbt-0rjw"}
		got := test.b.post(test.path, append(append(test.typed, secret...), "language", "de")...)
		wantStatus(t, got, http.StatusUnprocessableEntity)
		wantBody(t, got, inGerman)
		wantNoBody(t, got, goodPassword, "k3d9-xq2m-7vbt-0rjw", `aria-invalid="true"`)
		for i := 1; i < len(test.typed); i += 2 {
			wantBody(t, got, `value="`+html.EscapeString(test.typed[i])+`"`)
		}
	}
	if n := len(ada.phone.requests()); n != 2 {
		t.Errorf("the phone was asked %d times, want at the sign-up and the sign-in alone", n)
	}
}

// Where a code or a password came back, the switch leads to the same form.
func TestEveryPageThatAnswersAFormHasTheSwitch(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	half, in, old := s.browser(), s.browser(), s.stale(ada)
	in.signIn(ada)
	half.passPassword(ada)
	for _, test := range []struct {
		b        *browser
		path, to string
		typed    []string
	}{
		{half, "/verify-token", "/verify-token", []string{"token", "12"}},
		{old, "/account/confirm/code", "/account/confirm?by=code&to=%2Faccount%2Fclose", []string{"to", "/account/close", "token", "12"}},
		{in, "/account/password", "/protected", []string{"current", "wrong"}},
		{in, "/account/not-me", "/account/not-me?disputed=7", []string{"current", "wrong", "disputed", "7"}},
		{in, "/account/authenticators/prove", "/account/authenticators/prove?id=a1&name=Blue", []string{"id", "a1", "name", "Blue", "token", "x"}},
	} {
		got := test.b.post(test.path, test.typed...)
		wantStatus(t, got, http.StatusUnprocessableEntity)
		if test.path == "/account/password" {
			wantBody(t, got, `form="transfer-form"`)
			continue
		}
		wantBody(t, got, `name="to" value="`+test.to+`"`)
		wantStatus(t, test.b.get(test.to), http.StatusOK)
	}
}

// An error is read in the other language, too. What was sent is not sent again: the switch
// leads to the page of its form.
func TestErrorsHaveTheSwitch(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.reads("en")
	b.passPassword(ada)
	for _, test := range []struct {
		got      page
		to, then string // where the switch leads, and that leads on
	}{
		{b.get("/nowhere?a=1&b=2"), "/nowhere?a=1&amp;b=2", ""},
		{b.postForm("/login/resend", url.Values{}), "/login/resend", "/login/approval"},
		{b.postForm("/logout", url.Values{}), "/logout", "/"},
		{b.postForm("/login", url.Values{}), "/login", "/login/approval"},
	} {
		wantBody(t, test.got, `id="language-form"`, `name="to" value="`+test.to+`"`)
		to := html.UnescapeString(test.to)
		wantRedirect(t, b.post("/language", "language", "de", "to", to), to)
		got := b.get(to)
		if test.then != "" {
			wantRedirect(t, got, test.then)
			got = b.get(test.then)
		}
		wantBody(t, got, inGerman)
		b.post("/language", "language", "en", "to", "/")
	}
	if n := len(ada.phone.requests()); n != 2 {
		t.Errorf("the phone was asked %d times, want at the sign-up and the sign-in alone", n)
	}
	for _, head := range []string{
		"GET /login HTTP/1.1\r\nHost: nod.example\r\nAccept: text/html",
		"GET /login HTTP/1.1\r\nHost: " + strings.TrimPrefix(s.url, "http://") + "\r\nCookie: a=" + strings.Repeat("x", 9000),
	} {
		if got := s.rawAnswer(head + "\r\nConnection: close\r\n\r\n"); !strings.Contains(got, `class="page-error"`) || strings.Contains(got, "language-form") {
			t.Errorf("a switch that cannot work:\n%.300s\n%s", head, got)
		}
	}
}

// Pages follow the reader; what rings follows the account.
func TestWhatRingsFollowsTheAccount(t *testing.T) {
	s := newSite(t)
	german := s.reads("de-CH")
	ada := s.signUp(german, "ada@example.com")
	if got := ada.phone.requests()[0]; got.Message != "Bei Nod anmelden?" || got.Details["Zahl"] == "" {
		t.Errorf("the sign-up rings as %q with %v", got.Message, got.Details)
	}
	wantRedirect(t, german.post("/login/cancel"), "/login", "cancelled")
	// Somebody who reads English signs in to it: the phone still speaks German.
	b := s.reads("en")
	b.signIn(ada)
	if got := ada.phone.requests()[0].Message; got != "Bei Nod anmelden?" {
		t.Errorf("it rings as %q", got)
	}
	wantRedirect(t, b.post("/language", "language", "en", "to", "/protected"), "/protected")
	b.post("/transfers", "payee", "Grace", "amount", "1,000.50", "currency", "EUR")
	if got := ada.phone.requests()[0].Message; got != "Send 1,000.50 EUR to Grace?" {
		t.Errorf("after the switch it rings as %q", got)
	}
	wantBody(t, b.get("/protected"), "1,000.50 EUR")
	wantBody(t, german.get("/login"), inGerman)
}

// A password alone does not choose how the owner's phone is asked.
func TestAStrangerDoesNotChooseTheLanguageOfThePhone(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	stranger := s.reads("de")
	stranger.passPassword(ada)
	wantRedirect(t, stranger.post("/language", "language", "de", "to", "/login/approval"), "/login/approval")
	wantBody(t, stranger.get("/login/approval"), inGerman)
	wantRedirect(t, stranger.post("/login/resend"), "/login/approval", "sent-again")
	if got := ada.phone.requests()[0].Message; got != "Sign in to Nod?" {
		t.Errorf("it rings as %q", got)
	}
}

func TestTwoWaysToReadAnAmount(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.reads("de")
	b.signIn(ada)
	got := b.post("/transfers", "payee", "Grace", "amount", "1,000", "currency", "EUR")
	wantStatus(t, got, http.StatusUnprocessableEntity)
	wantBody(t, got, "auf zwei Arten lesen", "12,50", `value="1,000"`)
	got = b.post("/transfers", "payee", "Grace", "amount", "10,5", "currency", "JPY")
	wantBody(t, got, "mehr Nachkommastellen als seine Währung. Schreiben Sie ihn so: 12<", `value="10,5"`)
	got = b.post("/transfers", "payee", "Grace", "amount", "12 €", "currency", "EUR")
	wantBody(t, got, "Lassen Sie die Währung weg", "etwa 12,50.")
	wantRedirect(t, b.post("/transfers", "payee", "Grace", "amount", "1.000", "currency", "EUR"), "/protected#transfers")
	wantBody(t, b.get("/protected"), "1.000,00 EUR", `name="amount" value="1000.00"`)
}

// A removed browser is named in the reader's language.
func TestARemovedBrowserInTheReadersLanguage(t *testing.T) {
	s := newSite(t)
	b := s.reads("de")
	ada := s.signUp(b, "ada@example.com")
	ada.phone.approve(ada.phone.pending())
	wantRedirect(t, b.post("/confirm-login"), "/protected")
	got := b.get("/protected")
	id := regexp.MustCompile(`name="browser" value="(\d+)"`).FindStringSubmatch(got.Body)
	if id == nil {
		t.Fatalf("no browser is known:\n%s", got.Body)
	}
	wantRedirect(t, b.post("/account/browsers/remove", "browser", id[1]), "/protected", "browser-removed")
	other := s.reads("de")
	other.signIn(ada)
	wantBody(t, other.get("/protected"), "Ihr Konto kennt diesen Browser nicht mehr: Firefox unter Linux.")
}
