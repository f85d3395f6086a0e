package handlers_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"nod/phone/phonetest"
	"nod/store"
)

// newOwnOnlySite is a site whose people have phones of their own alone.
func newOwnOnlySite(t testing.TB) *site {
	t.Helper()
	return newSiteOf(t, store.Own, "localhost", t.TempDir(), newClock())
}

// signsUp fills in the form of a sign-up without a number, and gives the code that is
// shown to a new phone.
func (b *browser) signsUp(email, phone string) hand {
	b.t.Helper()
	got := b.post("/signup", "name", "Ada", "email", email, "password", goodPassword)
	wantRedirect(b.t, got, "/signup/phone")
	return b.site.phoneBy(b.firstCode(), phone)
}

func (b *browser) firstCode() string {
	b.t.Helper()
	page := b.get("/signup/phone")
	found := phoneCode.FindStringSubmatch(page.Body)
	if found == nil {
		b.t.Fatalf("no code is shown:\n%s", page.Body)
	}
	return found[1]
}

// confirmsFirst says that the phone that waits is theirs.
func (b *browser) confirmsFirst() {
	b.t.Helper()
	id := phoneID.FindStringSubmatch(b.get("/signup/phone").Body)
	wantRedirect(b.t, b.post("/signup/phone/confirm", "id", id[1]), "/login/approval")
}

// memberOf is somebody with an account there, signed in in a browser, and their phone.
func (s *site) memberOf(email string) (person, *browser, hand) {
	s.t.Helper()
	b := s.browser()
	h := b.signsUp(email, "Pixel")
	b.confirmsFirst()
	h.approves(b)
	return person{Email: email}, b, h
}

// approves types the number of a browser, and lets it in.
func (h hand) approves(b *browser) {
	h.t.Helper()
	if status, said := h.answers(h.pending(), "approved", b.numberShown()); status != http.StatusOK || !said.Applied {
		h.t.Fatalf("got %d %+v", status, said)
	}
	wantRedirect(h.t, b.post("/confirm-login"), "/protected")
}

// Without Authy a sign-up names no number: it adds a phone, which the browser confirms by
// its name, and which is asked then.
func TestSignUpWithoutANumber(t *testing.T) {
	s := newOwnOnlySite(t)
	b := s.browser()
	wantNoBody(t, b.get("/signup"), "phone_number")
	wantBody(t, b.get("/"), words("home.lead_own"))
	wantBody(t, b.get("/login"), words("login.next_own"))
	h := b.signsUp("ada@example.com", "Pixel")
	wantBody(t, b.get("/signup/phone/status"), `"waiting":1`)
	if got := h.status().Status; got != "waiting" {
		t.Errorf("the phone is %q", got)
	}
	for _, path := range []string{"/login/approval", "/verify-token"} {
		wantRedirect(t, b.get(path), "/signup/phone")
	}
	wantRedirect(t, b.get("/protected"), "/login/approval")
	wantBody(t, b.get("/signup/phone"), "Pixel")
	b.confirmsFirst()
	asked := h.pending()
	if number := b.numberShown(); len(number) != 6 || asked.Shown.Email != "ada@example.com" {
		t.Errorf("the browser shows %q, the phone %+v", number, asked)
	}
	h.approves(b)
	inside := b.get("/protected")
	wantBody(t, inside, words("recovery.offer"), "Pixel", words("ownphones.add_another"))
	wantNoBody(t, inside, "authy-id", `id="phone"`, `id="notices"`)
	wantRedirect(t, b.get("/account/phone"), "/protected#own-phones")

	wantRedirect(t, b.post("/logout"), "/", "signed-out")
	b.passPassword(person{Email: "ada@example.com"})
	page := b.get("/verify-token")
	wantBody(t, page, words("token.own_app"))
	wantNoBody(t, page, "send-sms", "send-call")
	wantRedirect(t, b.get("/signup/phone"), "/login/approval")
	h.approves(b)
	if got := postJSON(t, s.url+"/authy/callback", `{}`); got != http.StatusUnauthorized {
		t.Errorf("a callback: got %d", got)
	}
}

// The phone of a sign-up that nobody has proved in time hears that it is nobody's any more.
func TestThePhoneOfASignUpThatHasEnded(t *testing.T) {
	s := newOwnOnlySite(t)
	b := s.browser()
	h := b.signsUp("ada@example.com", "Pixel")
	b.confirmsFirst()
	h.answers(h.pending(), "denied", "")
	s.clock.Advance(24*time.Hour - time.Minute)
	must(t, s.flow.Sweep(t.Context()))
	h.renews()
	live := h.listens()
	s.clock.Advance(time.Minute)
	must(t, s.flow.Sweep(t.Context()))
	live.ends(t)
	if got := h.status().Status; got != "unknown" {
		t.Errorf("the phone is told %q", got)
	}
}

// Whoever has left a sign-up comes back with the password, and goes on where it was.
func TestASignUpGoesOnWithThePassword(t *testing.T) {
	s := newOwnOnlySite(t)
	b := s.browser()
	wantRedirect(t, b.post("/signup", "name", "Ada", "email", "ada@example.com", "password", goodPassword), "/signup/phone")
	first := b.firstCode()
	wantRedirect(t, b.post("/login/cancel"), "/login", "cancelled")
	s.clock.Advance(time.Hour)

	again := s.browser()
	wantRedirect(t, again.post("/login", "email", "ada@example.com", "password", goodPassword), "/signup/phone")
	var refused struct{ Error string }
	h := hand{s.browser(), phonetest.New(s.url, "localhost")}
	if status := h.sendJSON("/phone/enrol", map[string]string{"code": first}, &refused); status != http.StatusUnprocessableEntity {
		t.Errorf("the code from before: got %d %+v", status, refused)
	}
	s.clock.Advance(10 * time.Minute)
	wantBody(t, again.get("/signup/phone"), words("ownphones.none"))
	wantRedirect(t, again.post("/signup/phone"), "/signup/phone")

	stranger := s.phoneBy(again.firstCode(), "Nokia")
	id := phoneID.FindStringSubmatch(again.get("/signup/phone").Body)
	wantRedirect(t, again.post("/signup/phone/remove", "id", id[1]), "/signup/phone")
	if got := stranger.status().Status; got != "revoked" {
		t.Errorf("a phone that was refused is %q", got)
	}
	wantRedirect(t, again.post("/signup/phone/confirm", "id", id[1]), "/signup/phone", "own-phone-gone")
	wantRedirect(t, again.post("/signup/phone"), "/signup/phone")
	h = s.phoneBy(again.firstCode(), "Pixel")
	again.confirmsFirst()

	// The phone is lost before it has answered: the sign-up adds another one.
	waits := again.get("/login/approval")
	wantBody(t, waits, `href="/signup/phone"`)
	wantNoBody(t, waits, "/verify-token#recovery") // it has no code yet
	wantRedirect(t, again.post("/signup/phone"), "/signup/phone")
	other := s.phoneBy(again.firstCode(), "iPhone")
	again.confirmsFirst()
	wantRedirect(t, again.post("/login/resend"), "/login/approval", "sent-again")
	h.pending()
	other.approves(again)
}

// Pages of a sign-up are for the browser that signs up.
func TestStrangersAddNoFirstPhone(t *testing.T) {
	s := newOwnOnlySite(t)
	_, in, _ := s.memberOf("ada@example.com")
	for who, b := range map[string]*browser{"/login": s.browser(), "/protected": in} {
		for _, path := range []string{"/signup/phone", "/signup/phone/confirm", "/signup/phone/remove"} {
			if got := b.post(path, "id", "x"); got.Location() != who {
				t.Errorf("%s leads to %q, not to %s", path, got.Location(), who)
			}
		}
		if got := b.get("/signup/phone/status"); got.Status != http.StatusUnauthorized {
			t.Errorf("the status: got %d", got.Status)
		}
	}
	wantStatus(t, newOwnSite(t).browser().get("/signup/phone"), http.StatusNotFound)
}

// The only phone stays until there is another way in; with that one its owner adds another.
func TestWhoeverHasLostTheOnlyPhone(t *testing.T) {
	s := newOwnOnlySite(t)
	ada, in, _ := s.memberOf("ada@example.com")
	id := phoneID.FindStringSubmatch(in.get("/protected").Body)[1]
	wantRedirect(t, in.post("/account/phones/remove", "id", id), "/protected", "last-way")
	got := in.post("/account/not-me", "current", goodPassword, "password", anotherPassword, "everywhere", "1", "own", id)
	wantStatus(t, got, http.StatusUnprocessableEntity)
	wantBody(t, got, words("problem.last_way"))
	codes := in.recoveryCodes()
	wantRedirect(t, in.post("/account/phones/remove", "id", id), "/protected", "own-phone-removed")
	wantRedirect(t, in.post("/account/recovery-codes/remove"), "/protected", "last-way")
	wantRedirect(t, in.post("/logout"), "/", "signed-out")

	b := s.browser()
	wantRedirect(t, b.post("/login", "email", ada.Email, "password", goodPassword), "/verify-token")
	wantRedirect(t, b.get("/login/approval"), "/verify-token")
	wantRedirect(t, b.post("/login/resend"), "/verify-token")
	wantNoBody(t, b.get("/verify-token"), "back-to-tap")
	wantRedirect(t, b.post("/verify-token", "recovery", codes[0]), "/protected")
	wantBody(t, b.post("/transfers", "payee", "Grace Hopper", "amount", "12.50", "currency", "EUR"), words("transfers.no_phone"))
	h := b.addsPhone("iPhone")
	wantRedirect(t, b.post("/logout"), "/", "signed-out")
	b.passPassword(ada)
	h.approves(b)
	if n := strings.Count(b.get("/protected").Body, `id="remove-own-`); n != 1 {
		t.Errorf("the account lists %d phones", n)
	}
}
