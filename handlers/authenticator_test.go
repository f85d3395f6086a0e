package handlers_test

import (
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
)

// app is an authenticator app, and what its page has shown to it.
type app struct {
	s  *site
	id string
	*otp.Key
}

func (a app) code() string {
	a.s.t.Helper()
	code, err := totp.GenerateCode(a.Secret(), a.s.clock.Now())
	must(a.s.t, err)
	return code
}

var (
	appID   = regexp.MustCompile(`name="id" value="([^"]+)"`)
	appLink = regexp.MustCompile(`href="(otpauth:[^"]+)" id="app-link"`)
)

// scan reads the page that adds an app.
func (s *site) scan(p page) app {
	s.t.Helper()
	wantStatus(s.t, p, http.StatusOK)
	id, link := appID.FindStringSubmatch(p.Body), appLink.FindStringSubmatch(p.Body)
	if id == nil || link == nil {
		s.t.Fatalf("the page shows no secret:\n%s", p.Body)
	}
	key, err := otp.NewKeyFromURL(html.UnescapeString(link[1]))
	must(s.t, err)
	return app{s, id[1], key}
}

// newApp begins to add an app, and opens its page.
func (b *browser) newApp() page {
	b.t.Helper()
	begun := b.post("/account/authenticators")
	wantStatus(b.t, begun, http.StatusSeeOther)
	return b.get(begun.Location())
}

// addApp adds an app whose next code is half a minute away.
func (b *browser) addApp() app {
	b.t.Helper()
	a := b.site.scan(b.newApp())
	wantRedirect(b.t, b.post("/account/authenticators/prove", "id", a.id, "token", a.code(), "name", ""), "/protected", "authenticator-added")
	b.site.clock.Advance(30 * time.Second)
	return a
}

// An app is added by its picture and its first code, signs in, and is removed.
func TestAnAppOfOnesOwn(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	wantBody(t, b.get("/protected"), "Add an app")
	begun := b.post("/account/authenticators")
	wantStatus(t, begun, http.StatusSeeOther)
	shown := b.get(begun.Location())
	a := s.scan(shown)
	if again := s.scan(b.get(begun.Location())); again.Secret() != a.Secret() {
		t.Error("the page loaded again shows another secret")
	}
	if a.Issuer() != "Nod" || a.AccountName() != ada.Email || len(a.Secret()) != 32 {
		t.Errorf("got %s", a.Key)
	}
	wantBody(t, shown, "QR code with the secret", `<svg class="qr-code"`)
	if got := strings.ReplaceAll(regexp.MustCompile(`id="app-secret">([^<]+)<`).FindStringSubmatch(shown.Body)[1], "-", ""); got != a.Secret() {
		t.Errorf("the text is %s, the picture %s", got, a.Secret())
	}
	if got := shown.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("the page is kept: %q", got)
	}

	refused := b.post("/account/authenticators/prove", "id", a.id, "token", wrong(a.code()), "name", "Blue <phone>")
	wantStatus(t, refused, http.StatusUnprocessableEntity)
	wantBody(t, refused, words("problem.code.wrong"), `id="token-error"`, `value="Blue &lt;phone&gt;"`)
	if again := s.scan(page{http.StatusOK, refused.Header, refused.Body}); again.Secret() != a.Secret() {
		t.Error("after a wrong code there is another secret")
	}

	before := b.cookie("nod_session")
	wantRedirect(t, b.post("/account/authenticators/prove", "id", a.id, "token", a.code(), "name", "Blue <phone>"), "/protected", "authenticator-added")
	if b.cookie("nod_session") == before {
		t.Error("the session goes on under the id from before")
	}
	wantNoSecret(t, b.get(begun.Location()), a) // it has been added
	wantBody(t, b.get("/protected"), "Blue &lt;phone&gt;", "Authenticator app added", "Not used yet")

	b.post("/logout")
	b.passPassword(ada)
	s.clock.Advance(30 * time.Second)
	code := a.code()
	wantRedirect(t, b.post("/verify-token", "token", code), "/protected")
	wantBody(t, b.get("/protected"), words("method.app"), "Last used")
	other := s.browser()
	other.passPassword(ada)
	again := other.post("/verify-token", "token", code)
	wantStatus(t, again, http.StatusUnprocessableEntity)
	wantBody(t, again, "used")

	wantRedirect(t, b.post("/account/authenticators/remove", "id", a.id), "/protected", "authenticator-removed")
	s.clock.Advance(30 * time.Second)
	wantStatus(t, other.post("/verify-token", "token", a.code()), http.StatusUnprocessableEntity)
}

func wantNoSecret(t *testing.T, got page, a app) {
	t.Helper()
	wantStatus(t, got, http.StatusOK)
	wantNoBody(t, got, a.Secret()[:8], "qr-code", "otpauth:")
}

// The secret of an app is seen by the session that adds it, also after it had to confirm
// that it is its owner, and by no other: not for longer than its first code may take.
func TestWhoSeesTheSecretOfAnApp(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b, other := s.browser(), s.browser()
	b.signIn(ada)
	other.signIn(ada)
	begun := b.post("/account/authenticators")
	at := begun.Location()
	a := s.scan(b.get(at))
	wantNoSecret(t, other.get(at), a)
	bob := s.browser()
	bob.signIn(s.account("bob@example.com"))
	wantNoSecret(t, bob.get(at), a)

	b.recoveryCodes() // in another tab: the session goes on under another id
	if again := s.scan(b.get(at)); again.Secret() != a.Secret() {
		t.Error("the session that goes on shows another secret")
	}
	s.clock.Advance(15 * time.Minute)
	wantNoSecret(t, b.get(at), a)
}

// The service may be down: codes of one's own apps are checked here.
func TestAnOwnAppNeedsNoProvider(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	a := b.addApp()
	b.post("/logout")
	s.order(`{"api": "error"}`)
	wantRedirect(t, b.post("/login", "email", ada.Email, "password", goodPassword), "/login/approval")
	wantRedirect(t, b.post("/verify-token", "token", a.code()), "/protected")
}

// To add or remove an app takes a sign-in, a tap or a code of the last ten minutes.
// A code of an app of one's own is one.
func TestToChangeAppsTakesAFreshSignIn(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	a := b.addApp()
	s.clock.Advance(11 * time.Minute)
	for path, to := range map[string]string{
		"/account/authenticators":        "/account/confirm?to=%2Faccount%2Fauthenticators",
		"/account/recovery-codes":        "/account/confirm?to=%2Faccount%2Frecovery-codes",
		"/account/recovery-codes/remove": "/account/confirm?to=%2Faccount%2Frecovery-codes%2Fremove",
	} {
		wantRedirect(t, b.post(path), to)
	}
	to := "/account/confirm?id=" + a.id + "&to=%2Faccount%2Fauthenticators%2Fremove"
	wantRedirect(t, b.post("/account/authenticators/remove", "id", a.id), to)
	wantRedirect(t, b.post("/account/confirm/code", "to", "/account/authenticators/remove", "id", a.id, "token", a.code()), to)
	wantBody(t, b.get(to), `name="id" value="`+a.id+`"`)
	wantRedirect(t, b.post("/account/authenticators/remove", "id", a.id), "/protected", "authenticator-removed")
}

// Whoever shares a number with somebody has nothing of theirs: what a stranger does
// with an account of the same number leaves the owner's apps and codes alone.
func TestASharedNumberSharesNoApps(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b, eve := s.browser(), s.browser()
	b.signIn(ada)
	adas := b.addApp()
	b.post("/logout")

	wantRedirect(t, eve.post("/signup", "name", "Eve", "email", "eve@example.com", "password", goodPassword,
		"country_code", "1", "phone_number", "2015550001"), "/login/approval")
	if note := ada.phone.requests()[0].Details["Note"]; !strings.HasPrefix(note, words("ring.shared")) {
		t.Errorf("the phone does not say that it has an account: %q", note)
	}
	ada.phone.approve(ada.phone.pending())
	wantRedirect(t, eve.post("/confirm-login"), "/protected")
	eves := eve.addApp()
	wantStatus(t, eve.post("/authenticator"), http.StatusNotFound)
	eve.post("/account/authenticators/remove", "id", adas.id)

	b.passPassword(ada)
	if note := ada.phone.requests()[0].Details["Note"]; note != "" {
		t.Errorf("the phone says of its own account: %q", note)
	}
	wantStatus(t, b.post("/verify-token", "token", eves.code()), http.StatusUnprocessableEntity)
	wantRedirect(t, b.post("/verify-token", "token", adas.code()), "/protected")
	wantRedirect(t, eve.post("/account/close", "password", goodPassword), "/", "account-closed")
	b.post("/logout")
	b.signIn(ada)
}

func TestAnAppThatIsNotProvedIsForgotten(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	a := s.scan(b.newApp())
	s.clock.Advance(15 * time.Minute)
	b.post("/account/confirm/code", "to", "/account/authenticators/prove", "id", a.id, "token", ada.phone.tokenOf(""))
	wantRedirect(t, b.post("/account/authenticators/prove", "id", a.id, "token", a.code()), "/protected", "authenticator-gone")
}
