package handlers_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	ownphone "nod/phone"
	"nod/phone/phonetest"
)

func TestSignInByAnOwnPhone(t *testing.T) {
	s, ada, _, h := withOwnPhone(t)
	live := h.listens()
	b := s.browser()
	waits := b.waits(ada)
	live.told()
	number := b.numberShown()
	asked := h.pending()
	if len(number) != 6 || asked.Shown.Email != ada.Email || asked.Kind != "login" {
		t.Fatalf("the browser shows %q, the phone %+v", number, asked)
	}
	if strings.Contains(h.get("/phone/requests").Body, number) {
		t.Error("the phone is told the number")
	}
	if len(ada.phone.requests()) != 2 { // the sign-up and the sign-in before
		t.Error("the other phone rang, too")
	}
	if status, said := h.answers(asked, "approved", "100000"); status != http.StatusUnprocessableEntity || said.Error != "number" || said.Left != 2 {
		t.Errorf("a wrong number: got %d %+v", status, said)
	}
	if status, said := h.answers(asked, "approved", number); status != http.StatusOK || !said.Applied {
		t.Fatalf("got %d %+v", status, said)
	}
	waits.want("approved")
	live.told()
	wantRedirect(t, b.post("/confirm-login"), "/protected")
	if after := h.requests()[0]; after.Status != "approved" || !after.Mine || after.Phone != "Pixel" {
		t.Errorf("then the phone shows %+v", after)
	}
	receipt := b.get("/account/phones/receipts/" + asked.ID)
	wantStatus(t, receipt, http.StatusOK)
	proved, err := ownphone.VerifyReceipt([]byte(receipt.Body))
	must(t, err)
	if proved.Message.Number != number || !strings.HasPrefix(receipt.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("the receipt reads %+v", proved)
	}
	eve := s.browser()
	eve.signIn(s.account("eve@example.com"))
	wantStatus(t, eve.get("/account/phones/receipts/"+asked.ID), http.StatusNotFound)
}

// Both phones ring, the first answer wins, and the other one says whose it was: also
// where the server was restarted in between.
func TestTwoOwnPhonesThroughARestart(t *testing.T) {
	s, ada, in, pixel := withOwnPhone(t)
	iphone := in.addsPhone("iPhone", "own-phone-added")
	b := s.browser()
	b.passPassword(ada)
	number := b.numberShown()
	asked := pixel.pending()
	s.restart()
	if status, said := iphone.answers(iphone.pending(), "approved", number); status != http.StatusOK || !said.Applied {
		t.Fatalf("the second phone: got %d %+v", status, said)
	}
	if status, said := pixel.answers(asked, "denied", ""); status != http.StatusOK || said.Applied || said.Status != "approved" {
		t.Errorf("the first phone, late: got %d %+v", status, said)
	}
	if after := pixel.requests()[0]; after.Mine || after.Phone != "iPhone" {
		t.Errorf("the first phone shows %+v", after)
	}
	wantRedirect(t, b.post("/confirm-login"), "/protected")
}

// A phone that is the browser that asks, too, is told so.
func TestAPhoneThatIsTheBrowser(t *testing.T) {
	s, ada, _, h := withOwnPhone(t)
	s.browser().passPassword(ada)
	asked := h.pending()
	if asked.Here {
		t.Error("another browser is taken for this one")
	}
	h.answers(asked, "denied", "")
	h.passPassword(ada)
	if !h.pending().Here {
		t.Error("this browser is taken for another one")
	}
}

func TestAnOwnPhoneDenies(t *testing.T) {
	s, ada, _, h := withOwnPhone(t)
	b := s.browser()
	waits := b.waits(ada)
	if status, said := h.answers(h.pending(), "denied", ""); status != http.StatusOK || !said.Applied {
		t.Fatalf("got %d %+v", status, said)
	}
	waits.want("denied")
}

// After a no the phone says whether it was a mistake.
func TestADenialIsExplained(t *testing.T) {
	s, ada, _, h := withOwnPhone(t)
	b := s.browser()
	waits := b.waits(ada)
	asked := h.pending()
	h.answers(asked, "denied", "")
	waits.want("denied")
	explain := func(signed, said string) int {
		signature := h.keys.Sign(phonetest.Digest("nod why 1", s.url, asked.ID, asked.Nonce, signed))
		return h.sendJSON("/phone/requests/"+asked.ID+"/why", map[string]any{"answer": said, "signature": signature}, nil)
	}
	if status := explain("me", "not_me"); status != http.StatusForbidden {
		t.Errorf("another word than was signed: got %d", status)
	}
	if status := explain("yes", "yes"); status != http.StatusForbidden {
		t.Errorf("another word than there is: got %d", status)
	}
	if status := explain("not_me", "not_me"); status != http.StatusOK {
		t.Errorf("got %d", status)
	}
	if status := explain("me", "me"); status != http.StatusNotFound {
		t.Errorf("a second word: got %d", status)
	}
	if after := h.requests()[0]; after.Why != "not_me" {
		t.Errorf("the phone shows %+v", after)
	}
	c := s.browser()
	c.passPassword(ada)
	wantBody(t, c.get("/login/approval"), words("approval.push_paused.title"))
	var told struct{ News []struct{ Text, At string } }
	h.readJSON("/phone/requests", &told)
	if len(told.News) == 0 || !strings.Contains(told.News[len(told.News)-1].Text, "Pixel") {
		t.Errorf("the phone is not told that one was added: %+v", told.News)
	}
}

// Three wrong numbers end the request, and another one may be sent.
func TestThreeWrongNumbersAreToldToTheBrowser(t *testing.T) {
	s, ada, _, h := withOwnPhone(t)
	b := s.browser()
	waits := b.waits(ada)
	asked := h.pending()
	for range 3 {
		h.answers(asked, "approved", "100000")
	}
	waits.want("cancelled")
	wantBody(t, b.get("/login/approval"), words("approval.wrong_number.title"))
	wantRedirect(t, b.post("/login/resend", "request", asked.ID), "/login/approval", "sent-again")
	if status, _ := h.answers(h.pending(), "approved", b.numberShown()); status != http.StatusOK {
		t.Errorf("got %d", status)
	}
	wantRedirect(t, b.post("/confirm-login"), "/protected")
}

// A phone is no sign-in, and a sign-in is no phone.
func TestAPhoneIsNoSession(t *testing.T) {
	_, _, in, h := withOwnPhone(t)
	wantRedirect(t, h.get("/protected"), "/login", "start")
	var stranger struct{ Status string }
	if status := (hand{browser: in}).readJSON("/phone/requests", &stranger); status != http.StatusUnauthorized || stranger.Status != "none" {
		t.Errorf("the signed-in browser reads %d %+v", status, stranger)
	}
	if cookie := h.cookieHeader(); strings.Contains(cookie, "nod_phone") {
		t.Errorf("the phone's cookie goes everywhere: %s", cookie)
	}
}

// One browser may be both: then it signs in and out, and stays a phone.
func TestAPhoneThatIsAlsoTheBrowser(t *testing.T) {
	s := newOwnSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	h := b.becomesPhone(b.phoneCode(), "Laptop")
	id := phoneID.FindStringSubmatch(b.get("/account/phones").Body)[1]
	wantRedirect(t, b.post("/account/phones/confirm", "id", id), "/protected", "own-phone-first")
	b.post("/logout")
	wantRedirect(t, b.get("/protected"), "/login", "start")
	b.passPassword(ada)
	if status, said := h.answers(h.pending(), "approved", b.numberShown()); status != http.StatusOK || !said.Applied {
		t.Fatalf("got %d %+v", status, said)
	}
	wantRedirect(t, b.get("/protected"), "/login/approval")
	wantRedirect(t, b.post("/confirm-login"), "/protected")
	h.requests()
}

// What a phone lists and hears takes a signature that is not old.
func TestAPhoneSignsAgain(t *testing.T) {
	s, _, _, h := withOwnPhone(t)
	h.requests()
	s.clock.Advance(15 * time.Minute)
	var state struct{ Status, Challenge string }
	for _, path := range []string{"/phone/requests", "/phone/poll", "/phone/stream"} {
		if status := h.readJSON(path, &state); status != http.StatusUnauthorized || state.Status != "renew" {
			t.Errorf("%s: got %d %+v", path, status, state)
		}
	}
	other := phonetest.New(s.url, "localhost")
	signed := phonetest.Digest("nod renewal 1", s.url, state.Challenge)
	if status := h.sendJSON("/phone/renew", map[string]any{"signature": other.Sign(signed)}, nil); status != http.StatusForbidden {
		t.Errorf("another key: got %d", status)
	}
	h.renews()
	h.requests()
}

func TestANewPhoneIsToldToTheOthersAtOnce(t *testing.T) {
	_, _, in, h := withOwnPhone(t)
	live := h.listens()
	in.addsPhone("iPhone", "own-phone-added")
	live.told()
	var told struct{ News []struct{ Text, At string } }
	h.readJSON("/phone/requests", &told)
	if len(told.News) == 0 || !strings.Contains(told.News[0].Text, "iPhone") {
		t.Errorf("the phone shows %+v", told.News)
	}
}

// An account has five phones, and ten codes for them in an hour: who gets no code is told
// why before a phone makes keys for nothing.
func TestHowManyPhonesAnAccountAdds(t *testing.T) {
	_, _, in, _ := withOwnPhone(t)
	for _, name := range []string{"second", "third", "fourth", "fifth"} {
		in.addsPhone(name, "own-phone-added")
	}
	full := in.post("/account/phones")
	wantStatus(t, full, http.StatusConflict)
	wantBody(t, full, words("ownphones.too_many"))
	wantNoBody(t, full, words("ownphones.new_code"))
	id := phoneID.FindStringSubmatch(in.get("/protected").Body)[1]
	wantRedirect(t, in.post("/account/phones/remove", "id", id), "/protected", "own-phone-removed")
	var last string
	for range 5 {
		last = in.phoneCode()
	}
	often := in.post("/account/phones")
	wantStatus(t, often, http.StatusTooManyRequests)
	wantBody(t, often, words("limit.phone_code"), words("action.to_your_page"))
	if got := often.Header.Get("Retry-After"); got != "3600" {
		t.Errorf("the next code is said to come in %q seconds", got)
	}
	wantBody(t, in.get("/account/phones/code"), last)
}

// A passkey belongs to one phone: whoever makes up a second one with it is refused, and the
// first one is left as it is.
func TestAPasskeyBelongsToOnePhone(t *testing.T) {
	s, _, _, h := withOwnPhone(t)
	b := s.browser()
	b.signIn(s.account("bob@example.com"))
	if status := (hand{s.browser(), h.keys}).joins(b.phoneCode(), "Twin"); status != http.StatusForbidden {
		t.Errorf("got %d", status)
	}
	h.requests()
}

// Other sites send nothing in the name of a phone.
func TestOtherSitesAreNoPhone(t *testing.T) {
	s, _, in, h := withOwnPhone(t)
	code := map[string]string{"code": in.phoneCode()}
	if status, _ := h.send("/phone/enrol", "https://evil.example", "application/json", code); status != http.StatusForbidden {
		t.Errorf("from another site: got %d", status)
	}
	if status, _ := h.send("/phone/enrol", s.url, "text/plain", code); status != http.StatusUnsupportedMediaType {
		t.Errorf("as a form: got %d", status)
	}
	if status, _ := h.send("/phone/enrol", s.url, "application/json", "no object"); status != http.StatusBadRequest {
		t.Errorf("no object: got %d", status)
	}
	var refused struct{ Error string }
	if status := h.sendJSON("/phone/enrol", map[string]string{"code": "0000-0000"}, &refused); status != http.StatusUnprocessableEntity || refused.Error != "code" {
		t.Errorf("a wrong code: got %d %+v", status, refused)
	}
}

// To add a phone, to confirm and to remove one takes a sign-in that is not old.
func TestToChangePhonesTakesAFreshSignIn(t *testing.T) {
	s, _, in, _ := withOwnPhone(t)
	in.enrols("iPhone")
	s.clock.Advance(10 * time.Minute)
	for _, path := range []string{"/account/phones", "/account/phones/confirm", "/account/phones/remove"} {
		if got := in.post(path, "id", "x"); !strings.HasPrefix(got.Location(), "/account/confirm?") {
			t.Errorf("%s leads to %q", path, got.Location())
		}
	}
}

// The phone shows the payee and the amount, and only these are carried out.
func TestATransferByAnOwnPhone(t *testing.T) {
	_, _, in, h := withOwnPhone(t)
	wantRedirect(t, in.post("/transfers", "payee", "Grace Hopper", "amount", "12.50", "currency", "EUR"), "/protected#transfers")
	asked := h.pending()
	if asked.Shown.Address != "127.0.0.1" || asked.Shown.Browser == "" {
		t.Errorf("the phone does not show where a transfer is asked from: %+v", asked.Shown)
	}
	if asked.Kind != "transfer" || asked.Shown.Payee != "Grace Hopper" || asked.Shown.Amount != "12.50" || asked.Shown.Currency != "EUR" {
		t.Fatalf("the phone shows %+v", asked)
	}
	account := in.get("/protected").Body
	number := regexp.MustCompile(`data-number>[^<]*<strong>(\d{6})<`).FindStringSubmatch(account)
	id := regexp.MustCompile(`data-transfer="([^"]+)"`).FindStringSubmatch(account)
	if number == nil || id == nil {
		t.Fatal("the account page shows no number to type")
	}
	changed := asked
	changed.Shown.Amount = "99.50"
	if status, said := h.answers(changed, "approved", number[1]); status != http.StatusForbidden || said.Error != "refused" {
		t.Errorf("another amount: got %d %+v", status, said)
	}
	if status, said := h.answers(asked, "approved", number[1]); status != http.StatusOK || !said.Applied {
		t.Fatalf("got %d %+v", status, said)
	}
	got := in.post("/transfers/"+id[1]+"/execute", "payee", "Grace Hopper", "amount", "12.50", "currency", "EUR")
	if got.Status != http.StatusSeeOther {
		t.Errorf("got %d", got.Status)
	}
}

// At an IP address no browser makes a passkey: the account page says so.
func TestWhereThereAreNoOwnPhones(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	b.signIn(s.account("ada@example.com"))
	wantBody(t, b.get("/protected"), words("ownphones.nowhere"))
	wantRedirect(t, b.post("/account/phones"), "/protected#own-phones")
	wantStatus(t, b.get("/phone"), http.StatusNotFound)

	// Where PHONES names none, nothing is wrong with the address.
	s = newSiteAt(t, "localhost", t.TempDir(), newClock(), func(c *config) { c.noOwn = true })
	b = s.browser()
	b.signIn(s.account("ada@example.com"))
	wantNoBody(t, b.get("/protected"), `id="own-phones"`)
}

// The code is seen by the session that has asked for it, until a phone has used it.
func TestTheCodeOfAPhoneIsShownAgainUntilItIsUsed(t *testing.T) {
	s := newOwnSite(t)
	ada := s.account("ada@example.com")
	b, other := s.browser(), s.browser()
	b.signIn(ada)
	other.signIn(ada)
	code := b.phoneCode()
	wantBody(t, b.get("/account/phones/code"), code, words("ownphones.lead_here")) // at localhost
	wantRedirect(t, other.get("/account/phones/code"), "/account/phones")
	wantBody(t, b.get("/account/phones/status"), `{"code":true,"waiting":0}`)
	s.phoneBy(code, "Blue phone")
	wantBody(t, b.get("/account/phones/status"), `{"code":false,"waiting":1}`)
	wantRedirect(t, b.get("/account/phones/code"), "/account/phones")
	b.phoneCode()
	wantBody(t, b.get("/account/phones/status"), `{"code":true,"waiting":1}`) // not of this code
	s.clock.Advance(10 * time.Minute)
	wantBody(t, b.get("/account/phones/status"), `{"code":false,"waiting":1}`)
	wantRedirect(t, b.get("/account/phones/code"), "/account/phones")
}
