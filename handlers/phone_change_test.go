package handlers_test

import (
	"net/http"
	"regexp"
	"testing"
	"time"
)

const newNumber = "2015550177"

// phoneByNumber is the simulated phone with a number, national digits.
func (s *site) phoneByNumber(number string) *phone {
	s.t.Helper()
	var list []struct {
		AuthyID     int64  `json:"authy_id"`
		PhoneNumber string `json:"phone_number"`
	}
	getJSON(s.t, s.simURL+"/phones", &list)
	for _, p := range list {
		if p.PhoneNumber == number {
			return s.phoneWithID(p.AuthyID)
		}
	}
	s.t.Fatalf("no phone has the number %s", number)
	return nil
}

// tapped answers on a phone, and waits until the site has heard it.
func (s *site) tapped(answer func(string), uuid string) {
	s.t.Helper()
	next := s.answered.wait()
	answer(uuid)
	<-next
}

// wantShown wants that the page shows what the phone does, to be compared.
func wantShown(t *testing.T, got page, on phoneRequest) {
	t.Helper()
	wantBody(t, got, `<strong id="number">`+on.Details["Number"]+`</strong>`, `id="countdown" data-expires-at=`)
	wantBody(t, got, "<dd>"+on.Details["Browser"]+"</dd>", "<dd>"+on.Details["Address"]+"</dd>")
}

// begins asks for another phone. The old one rings without a recovery code, the new
// one with it.
func (b *browser) begins(recovery string) {
	b.t.Helper()
	wantRedirect(b.t, b.post("/account/phone", "country_code", "1", "phone_number", newNumber, "recovery", recovery), "/account/phone")
}

// wantsPhone asks for another phone, which the old one has to allow.
func (b *browser) wantsPhone(number string) {
	b.t.Helper()
	wantRedirect(b.t, b.post("/account/phone", "country_code", "1", "phone_number", number), "/account/phone")
}

// The old phone allows it and the new one proves itself; then it is the one that is
// asked, and what waited for the old one is over.
func TestAnotherPhone(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b, waiting := s.browser(), s.browser()
	b.signIn(ada)
	wantBody(t, b.get("/protected"), "Use another phone")
	b.begins("")
	asked := ada.phone.requests()[0]
	page := b.get("/account/phone")
	wantBody(t, page, "Your old phone", `data-status="pending"`)
	wantShown(t, page, asked)
	if asked.Details["Change"] != "Use another phone: +1"+newNumber {
		t.Errorf("the old phone shows %v", asked.Details)
	}
	wantRedirect(t, b.post("/account/phone/allow"), "/account/phone", "not-yet")
	s.tapped(ada.phone.approve, asked.UUID)
	wantBody(t, b.get("/account/phone/status"), `"approved"`)
	wantRedirect(t, b.post("/account/phone/allow"), "/account/phone")

	fresh := s.phoneByNumber(newNumber)
	page = b.get("/account/phone")
	wantBody(t, page, "Your new phone")
	request := fresh.requests()[0]
	wantShown(t, page, request)
	wantBody(t, page, `<strong id="number">`+request.Details["Number"]+`</strong>`, `href="/account/phone/new"`)
	wantRedirect(t, b.get("/account/phone/new"), "/account/phone", "not-yet")
	events := waiting.waits(ada) // the old one is still asked
	ada.phone.pending()
	s.tapped(fresh.approve, request.UUID)
	if got := events.want("cancelled"); got.Number == "" && got.Status == "" {
		t.Errorf("the browser that waits for the old phone was told %+v", got)
	}
	wantBody(t, b.get("/protected"), "+1\u00a0201-555-0177", "Phone changed")

	wantRedirect(t, b.get("/account/phone/new"), "/protected", "phone-changed")
	wantBody(t, b.get("/protected"), "Your new phone has replaced the old one.")
	if phones := s.allPhones(); len(phones) != 1 {
		t.Errorf("the provider knows %d phones, want the new one", len(phones))
	}
	b.post("/logout")
	b.signIn(person{ada.Email, fresh})
}

// Whoever has the old phone has said yes to a change that another browser has not made yet:
// its page is told that this is over, and makes nothing of it.
func TestAnotherPhoneEndsWhatTheOldOneWasAsked(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	theirs := s.stale(ada)
	b := s.browser()
	b.signIn(ada)
	wantRedirect(t, theirs.post("/account/confirm/ask", "to", "/account/close"), toClose)
	told := theirs.changeEvents()
	s.tapped(ada.phone.approve, ada.phone.pending())
	told.want("approved")

	b.begins("")
	s.tapped(ada.phone.approve, ada.phone.pending())
	wantRedirect(t, b.post("/account/phone/allow"), "/account/phone")
	fresh := s.phoneByNumber(newNumber)
	s.tapped(fresh.approve, fresh.pending())
	told.want("cancelled")
	wantRedirect(t, theirs.post("/account/confirm", "to", "/account/close"), toClose)
	wantBody(t, theirs.get(toClose), words("approval.phone_gone.title"))
}

// Nothing changes where either says no, or where nobody answers.
func TestAnotherPhoneThatIsNotProved(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	b.begins("")
	s.tapped(ada.phone.deny, ada.phone.pending())
	wantBody(t, b.get("/account/phone"), words("phone.old_denied"), "Sign out", `id="phone-form"`)
	wantRedirect(t, b.post("/account/phone/allow"), "/account/phone")
	again := b.post("/account/phone", "country_code", "1", "phone_number", newNumber)
	wantStatus(t, again, http.StatusUnprocessableEntity) // a no holds for the sign-in
	wantBody(t, again, "Your phone denied this", `id="recovery-error"`)
	b.post("/logout")

	s.clock.Advance(time.Second)
	b.signIn(ada) // and begins anew, without a step between
	wantBody(t, b.get("/account/phone"), `id="phone-form"`)
	b.begins("")
	s.tapped(ada.phone.approve, ada.phone.pending())
	wantRedirect(t, b.post("/account/phone/allow"), "/account/phone")
	fresh := s.phoneByNumber(newNumber)
	s.tapped(fresh.deny, fresh.pending())
	wantRedirect(t, b.get("/account/phone/new"), "/protected", "phone-denied")
	wantNoBody(t, b.get("/protected"), words("phone.under_way"))
	wantBody(t, b.get("/protected"), "+1\u00a0201-555-0001", words("event.phone_change_denied"))
}

// Who has lost the old phone needs a recovery code and waits a day, and the owner can
// stop it until then.
func TestAnotherPhoneByARecoveryCode(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	codes := b.recoveryCodes()
	wrong := b.post("/account/phone", "country_code", "1", "phone_number", newNumber, "recovery", "0000-0000-0000-0000")
	wantStatus(t, wrong, http.StatusUnprocessableEntity)
	wantBody(t, wrong, words("problem.recovery.wrong"), `id="recovery-error"`)
	b.begins(codes[0])
	fresh := s.phoneByNumber(newNumber)
	s.tapped(fresh.approve, fresh.pending())
	wantBody(t, b.get("/account/phone"), words("phone.ready"))
	wantBody(t, b.get("/protected"), "Change of phone started", "+1\u00a0201-555-0001")

	owner := s.browser() // is told, and stops it
	owner.signIn(ada)
	wantBody(t, owner.get("/protected"), "Somebody used a recovery code to change your phone.", "Stop the change")
	wantRedirect(t, owner.post("/language", "language", "de", "to", "/protected"), "/protected")
	wantBody(t, owner.get("/protected"), "ersetzt Ihres am "+s.clock.Now().Add(24*time.Hour).Format("02.01.2006, 15:04 UTC"))
	wantRedirect(t, owner.post("/language", "language", "en", "to", "/protected"), "/protected")
	wantRedirect(t, owner.post("/account/phone/stop"), "/protected", "phone-stopped")
	s.clock.Advance(25 * time.Hour)
	must(t, s.flow.Sweep(t.Context()))
	b.signIn(ada)

	b.begins(codes[1])
	fresh = s.phoneByNumber(newNumber)
	s.tapped(fresh.approve, fresh.pending())
	s.clock.Advance(24*time.Hour - time.Minute)
	must(t, s.flow.Sweep(t.Context()))
	b.signIn(ada) // still the old one
	s.clock.Advance(time.Minute)
	must(t, s.flow.Sweep(t.Context()))
	b.post("/logout")
	b.signIn(person{ada.Email, fresh})
	wantBody(t, b.get("/protected"), "+1\u00a0201-555-0177")
}

// A number that is no phone, the same one, and one too many are refused in words; and
// a page left open changes nothing.
func TestAnotherPhoneIsRefused(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	for number, says := range map[string]string{"12": "phone_number-error", "2015550001": "phone_number-error"} {
		got := b.post("/account/phone", "country_code", "1", "phone_number", number)
		wantStatus(t, got, http.StatusUnprocessableEntity)
		wantBody(t, got, says)
	}
	for range 3 {
		b.begins("")
		wantRedirect(t, b.post("/account/phone/stop"), "/protected", "phone-stopped")
	}
	got := b.post("/account/phone", "country_code", "1", "phone_number", newNumber)
	wantStatus(t, got, http.StatusTooManyRequests)
	wantBody(t, got, words("limit.new_phone"))
	s.clock.Advance(11 * time.Minute)
	wantRedirect(t, b.post("/account/phone", "country_code", "1", "phone_number", newNumber), "/account/confirm?to=%2Faccount%2Fphone")
}

// Two clicks ring once, without scripts too: the old phone, and the new one where it is
// asked again.
func TestTwoClicksAskAPhoneOnce(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	before := len(ada.phone.requests())
	b.begins("")
	first := ada.phone.requests()[0].UUID
	b.begins("")
	if n := len(ada.phone.requests()) - before; n != 1 {
		t.Errorf("the old phone rang %d times", n)
	}
	s.tapped(ada.phone.approve, first)
	wantRedirect(t, b.post("/account/phone/allow"), "/account/phone")
	fresh := s.phoneByNumber(newNumber)
	asked := regexp.MustCompile(`name="request" value="([^"]+)"`).FindStringSubmatch(b.get("/account/phone").Body)[1]
	for range 2 {
		wantRedirect(t, b.post("/account/phone/ask", "request", asked), "/account/phone")
	}
	if n := len(fresh.requests()); n != 2 { // the first time, and once more
		t.Errorf("the new phone rang %d times", n)
	}
}

// Whoever sends the form again because the phone could not be asked, has it asked.
func TestAPhoneThatCouldNotBeAskedIsAskedAgain(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	before := len(ada.phone.requests())
	s.order(`{"api": "error"}`)
	b.begins("")
	s.repair()
	b.begins("")
	if n := len(ada.phone.requests()) - before; n != 1 {
		t.Errorf("the old phone rang %d times", n)
	}
}

// A number that is typed on the phone is for the browser that asks: who has the account
// open in another one would type it for a stranger.
func TestTheNumberOfAChangeIsForItsBrowser(t *testing.T) {
	s := newOwnSite(t)
	ada := s.account("ada@example.com")
	in, stranger := s.browser(), s.browser()
	in.signIn(ada)
	stranger.signIn(ada)
	h := in.addsPhone("Pixel")
	stranger.begins("")
	h.pending()
	number := shownNumber.FindStringSubmatch(stranger.get("/account/phone").Body)
	if number == nil {
		t.Fatal("the browser that asks shows no number")
	}
	wantNoBody(t, in.get("/account/phone"), number[1])
}
