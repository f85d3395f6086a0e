package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// toResume is where a browser gives the code that ends a pause.
const toResume = "/account/confirm?to=%2Faccount%2Fpause%2Fend"

// wantNotMe wants to be led to what there is to do after "this was not me".
func wantNotMe(t *testing.T, got page) {
	t.Helper()
	if got.Status != http.StatusSeeOther || !strings.HasPrefix(got.Location(), "/account/not-me?disputed=") {
		t.Errorf("got status %d to %q", got.Status, got.Location())
	}
}

// A change is not asked about where it was made, but in every other session, also a
// later one of the same browser.
func TestAChangeIsNoQuestionWhereItWasMade(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b, other := s.browser(), s.browser()
	b.signIn(ada)
	other.signIn(ada)
	wantRedirect(t, b.answers("new_browser", "me"), "/protected")
	s.clock.Advance(time.Second)
	b.recoveryCodes()
	b.addApp()
	wantRedirect(t, b.post("/account/password", "current", goodPassword, "password", anotherPassword), "/protected", "password-changed")
	got := b.get("/protected")
	wantNoBody(t, got, "Was this you?", `id="notices"`)
	wantBody(t, got, "Recovery codes made", "Authenticator app added", "Password changed") // in the history
	got = other.get("/protected")
	wantBody(t, got, "New recovery codes were made.", "A way to sign in was added", "Your password was changed.", "Was this you?")
	b.post("/logout")
	s.clock.Advance(time.Second)
	wantRedirect(t, b.post("/login", "email", ada.Email, "password", anotherPassword), "/login/approval")
	s.tapped(ada.phone.approve, ada.phone.pending())
	wantRedirect(t, b.post("/confirm-login"), "/protected")
	wantBody(t, b.get("/protected"), "New recovery codes were made.", `value="not_me"`)
}

// The button says that it pauses the phone, also where it has to be confirmed first; and
// whoever has tapped it by mistake takes it back on the page that follows, by a code.
func TestAMistakenNotMeIsTakenBack(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	hers := s.browser()
	hers.signIn(ada)
	s.clock.Advance(time.Second)
	s.denied(ada)
	wantBody(t, hers.get("/protected"), "No, pause requests to my phone</button>")
	s.clock.Advance(time.Second)
	led := hers.answers("denied", "not_me")
	wantNotMe(t, led)
	wantBody(t, hers.get(led.Location()), "Was it you after all?", `action="/account/pause/end"`, "Resume requests with a code")

	s.clock.Advance(time.Second)
	wantRedirect(t, hers.post("/account/pause/end"), toResume)
	page := hers.get(toResume)
	wantBody(t, page, `id="change-code"`, "Resume requests to your phone", `id="send-sms"`)
	wantNoBody(t, page, "/account/confirm/ask")
	wrongCode := hers.post("/account/confirm/code", "to", "/account/pause/end", "token", wrong(ada.phone.tokenOf("")))
	wantStatus(t, wrongCode, http.StatusUnprocessableEntity)
	if s.rings(ada) {
		t.Error("a wrong code has ended the pause")
	}
	wantRedirect(t, hers.post("/account/confirm/code", "to", "/account/pause/end", "token", ada.phone.tokenOf("")), "/protected", "pause-ended")
	wantBody(t, hers.get("/protected"), words("notice.pause_ended"))
	if !s.rings(ada) {
		t.Error("the phone is not asked")
	}

	s.denied(ada)
	s.clock.Advance(11 * time.Minute)
	wantBody(t, hers.get(hers.answers("denied", "not_me").Location()), words("change.not_me"))
}

// A browser that the account did not know before the pause cannot end it, by whatever
// code, and is not led to give one.
func TestAStrangersBrowserEndsNoPause(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	hers, strange := s.browser(), s.browser()
	hers.signIn(ada)
	s.clock.Advance(time.Second)
	s.denied(ada)
	s.denied(ada)
	s.clock.Advance(time.Second)
	strange.passPassword(ada)
	wantRedirect(t, strange.post("/verify-token", "token", ada.phone.tokenOf("")), "/protected")
	wantBody(t, strange.get("/protected"), "paused until", words("notices.pause_hint"))
	wantRedirect(t, strange.post("/account/pause/end"), "/protected")
	if s.rings(ada) {
		t.Error("the phone is asked")
	}
}

// What a stranger may have added is listed, and goes in the same step; what its owner
// unchecks stays, also when the form comes back.
func TestNotMeTakesBackWhatWasAddedLately(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	hers, other := s.browser(), s.browser()
	hers.signIn(ada)
	other.signIn(ada)
	wantRedirect(t, hers.answers("new_browser", "me"), "/protected")
	s.clock.Advance(time.Second)
	mine, theirs := other.addApp(), other.addApp()
	old := other.recoveryCodes()
	led := hers.answers("codes_made", "not_me")
	wantNotMe(t, led)
	page := hers.get(led.Location())
	wantBody(t, page, "Added to your account lately", `name="codes" value="1" checked`,
		`name="app" value="`+mine.id+`" checked`, `name="app" value="`+theirs.id+`" checked`)
	wantNoBody(t, page, `name="phone"`)

	form := []string{"disputed", "1", "password", anotherPassword, "everywhere", "1", "codes", "1", "app", theirs.id}
	again := hers.post("/account/not-me", append([]string{"current", "not the password"}, form...)...)
	wantStatus(t, again, http.StatusUnprocessableEntity)
	wantBody(t, again, `name="codes" value="1" checked`, `name="app" value="`+mine.id+`">`, `name="app" value="`+theirs.id+`" checked`, `name="disputed" value="1"`)

	done := hers.post("/account/not-me", append([]string{"current", goodPassword}, form...)...)
	wantRedirect(t, done, codesPage, "password-changed")
	shown := hers.get(codesPage)
	codes := codeOnPage.FindAllStringSubmatch(shown.Body, -1)
	if len(codes) != 10 || shown.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("the page shows %d codes:\n%s", len(codes), shown.Body)
	}
	wantBody(t, shown, words("notice.password_changed"))
	wantRedirect(t, hers.post(codesPage+"/kept"), "/protected")
	wantRedirect(t, other.get("/protected"), "/login", "start")
	account := hers.get("/protected")
	wantBody(t, account, mine.id)
	wantNoBody(t, account, theirs.id)

	s.clock.Advance(time.Minute)
	wantRedirect(t, other.post("/login", "email", ada.Email, "password", anotherPassword), "/login/approval")
	wantStatus(t, other.post("/verify-token", "token", theirs.code()), http.StatusUnprocessableEntity)
	wantStatus(t, other.post("/verify-token", "recovery", old[0]), http.StatusUnprocessableEntity)
	wantRedirect(t, other.post("/verify-token", "recovery", codes[0][1]), "/protected")
}

// Recovery codes and apps of long ago are not listed, unless what is disputed is as old;
// codes that were used lately are. A phone that came in the place of another one is
// changed next.
func TestNotMeListsWhatIsNew(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b, other := s.browser(), s.browser()
	b.signIn(ada)
	s.clock.Advance(time.Second)
	other.signIn(ada)
	old := other.addApp()
	codes := other.recoveryCodes()
	disputed := b.notice("factor_added")
	s.clock.Advance(31 * 24 * time.Hour)
	b.signIn(ada)
	page := b.get("/account/not-me")
	wantNoBody(t, page, "Added to your account lately", old.id)
	wantBody(t, b.get("/account/not-me?disputed="+disputed), `name="app" value="`+old.id+`" checked`)

	other.passPassword(ada)
	wantRedirect(t, other.post("/verify-token", "recovery", codes[0]), "/protected")
	wantBody(t, b.get("/account/not-me"), `name="codes" value="1" checked`)

	b.begins("")
	s.tapped(ada.phone.approve, ada.phone.requests()[0].UUID)
	wantRedirect(t, b.post("/account/phone/allow"), "/account/phone")
	fresh := s.phoneByNumber(newNumber)
	s.tapped(fresh.approve, fresh.requests()[0].UUID)
	wantBody(t, b.get("/account/not-me"), `name="phone" value="1" checked`, "+1\u00a0201-555-0177")
	wantRedirect(t, b.post("/account/not-me", "current", goodPassword, "password", anotherPassword, "everywhere", "1", "phone", "1"),
		"/account/phone", "password-changed")
}

// A page left open adds no app: its first code asks for a fresh sign-in, and goes on
// after it with the same picture.
func TestTheFirstCodeOfAnAppTakesAFreshSignIn(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	s.clock.Advance(5 * time.Minute)
	a := s.scan(b.newApp())
	s.clock.Advance(6 * time.Minute)
	to := "/account/confirm?id=" + a.id + "&name=Blue+phone&to=%2Faccount%2Fauthenticators%2Fprove"
	prove := []string{"id", a.id, "name", "Blue phone", "token", a.code()}
	wantRedirect(t, b.post("/account/authenticators/prove", prove...), to)
	wantNoBody(t, b.get("/protected"), "Blue phone")
	back := "/account/authenticators/prove?" + url.Values{"id": {a.id}, "name": {"Blue phone"}}.Encode()
	wantRedirect(t, b.post("/account/confirm/code", "to", "/account/authenticators/prove", "id", a.id, "name", "Blue phone",
		"token", ada.phone.tokenOf("")), back)
	again := b.get(back)
	wantBody(t, again, `value="Blue phone"`)
	if same := s.scan(again); same.id != a.id || same.Secret() != a.Secret() {
		t.Errorf("the page is about the app %s with another secret", same.id)
	}
	wantRedirect(t, b.post("/account/authenticators/prove", prove...), "/protected", "authenticator-added")
	wantBody(t, b.get("/protected"), "Blue phone")
}

// A phone that belongs to another account already says so before it becomes another's.
func TestANewPhoneSaysWhoseItIs(t *testing.T) {
	s := newSite(t)
	ada, bob := s.account("ada@example.com"), s.account("bob@example.com")
	b, bobs := s.browser(), s.browser()
	b.signIn(ada)
	bobs.signIn(bob)
	b.wantsPhone("2015550002")
	s.tapped(ada.phone.approve, ada.phone.requests()[0].UUID)
	wantRedirect(t, b.post("/account/phone/allow"), "/account/phone")
	if note := bob.phone.requests()[0].Details["Note"]; !strings.HasPrefix(note, words("ring.shared")) {
		t.Errorf("the phone does not say that it has an account: %q", note)
	}
	s.tapped(bob.phone.approve, bob.phone.requests()[0].UUID)
	b.post("/logout")
	b.passPassword(ada)
	if note := bob.phone.requests()[0].Details["Note"]; note != "" {
		t.Errorf("the phone says of its own account: %q", note)
	}
}
