package handlers_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	ownphone "nod/phone"
	"nod/phone/phonetest"
)

// newOwnSite is a site where browsers make passkeys.
func newOwnSite(t testing.TB) *site {
	t.Helper()
	return newSiteAt(t, "localhost", t.TempDir(), newClock())
}

// hand is a phone of one's own: a browser with keys.
type hand struct {
	*browser
	keys *phonetest.Phone
}

// shownRequest is a request as a phone is told of it.
type shownRequest struct {
	ID        string         `json:"id"`
	Kind      string         `json:"kind"`
	Status    string         `json:"status"`
	Reason    string         `json:"reason"`
	Nonce     string         `json:"server_nonce"`
	Shown     ownphone.Shown `json:"shown"`
	TriesLeft int            `json:"tries_left"`
	Phone     string         `json:"phone"`
	Mine      bool           `json:"mine"`
	Why       string         `json:"why"`
}

// sendJSON sends what a script of a phone does, and reads the answer.
func (h hand) sendJSON(path string, body, into any) int {
	h.t.Helper()
	status, text := h.send(path, h.site.url, "application/json", body)
	if into != nil {
		must(h.t, json.Unmarshal([]byte(text), into))
	}
	return status
}

func (h hand) send(path, origin, kind string, body any) (int, string) {
	h.t.Helper()
	text, err := json.Marshal(body)
	must(h.t, err)
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.site.url+path, bytes.NewReader(text))
	must(h.t, err)
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Origin", origin)
	got := h.do(req)
	return got.Status, got.Body
}

func (h hand) readJSON(path string, into any) int {
	h.t.Helper()
	got := h.get(path)
	must(h.t, json.Unmarshal([]byte(got.Body), into))
	return got.Status
}

var phoneCode = regexp.MustCompile(`id="phone-code">([^<]+)<`)

// enrols shows the code in a signed-in browser and gives it to a new phone.
func (b *browser) enrols(name string) hand {
	b.t.Helper()
	return b.site.phoneBy(b.phoneCode(), name)
}

func (b *browser) phoneCode() string {
	b.t.Helper()
	wantRedirect(b.t, b.post("/account/phones"), "/account/phones/code")
	found := phoneCode.FindStringSubmatch(b.get("/account/phones/code").Body)
	if found == nil {
		b.t.Fatal("no code is shown")
	}
	return found[1]
}

func (s *site) phoneBy(code, name string) hand {
	s.t.Helper()
	h := hand{s.browser(), phonetest.New(s.url, "localhost")}
	var o ownphone.Options
	if status := h.sendJSON("/phone/enrol", map[string]string{"code": code}, &o); status != http.StatusOK {
		s.t.Fatalf("the code is refused: %d", status)
	}
	h.keys.Owner = o.Owner
	n := ownphone.NewPhone{Code: code, Name: name, DeviceKey: h.keys.DeviceKey()}
	n.Passkey = h.keys.Create(phonetest.Digest("nod passkey 1", o.Origin, o.Challenge, base64.RawURLEncoding.EncodeToString(n.DeviceKey)))
	n.Signature = h.keys.Sign(phonetest.Digest("nod phone 1", o.Origin, o.Challenge, n.Name, string(n.Passkey)))
	if status := h.sendJSON("/phone/enrol/finish", n, nil); status != http.StatusOK {
		s.t.Fatalf("the phone is refused: %d", status)
	}
	return h
}

var phoneID = regexp.MustCompile(`name="id" value="([^"]+)"`)

// addsPhone adds a phone and confirms it; the first one is told to get a second.
func (b *browser) addsPhone(name string, says ...string) hand {
	b.t.Helper()
	h := b.enrols(name)
	got := b.get("/account/phones")
	wantBody(b.t, got, name)
	wantRedirect(b.t, b.post("/account/phones/confirm", "id", phoneID.FindStringSubmatch(got.Body)[1]), "/protected", append(says, "own-phone-first")[0])
	return h
}

func (h hand) status() (s struct{ Status, Name, Challenge, Origin string }) {
	h.t.Helper()
	h.readJSON("/phone/state", &s)
	return s
}

func (h hand) requests() []shownRequest {
	h.t.Helper()
	var all struct{ Requests []shownRequest }
	if status := h.readJSON("/phone/requests", &all); status != http.StatusOK {
		h.t.Fatalf("the list is refused: %d", status)
	}
	return all.Requests
}

// pending is the newest request, which waits.
func (h hand) pending() shownRequest {
	h.t.Helper()
	all := h.requests()
	if len(all) == 0 || all[0].Status != "pending" {
		h.t.Fatalf("the phone shows %+v", all)
	}
	return all[0]
}

// answers signs an answer to a request, as it is shown.
func (h hand) answers(r shownRequest, decision, number string) (status int, said struct {
	Status, Error string
	Applied       bool
	Left          int
}) {
	h.t.Helper()
	s := r.Shown
	digest := phonetest.Digest("nod answer 1", h.site.url, r.ID, decision, r.Nonce, number, s.Kind, s.Email, s.Browser, s.Address,
		s.Place, s.Resets, s.Change, s.Payee, s.Amount, s.Currency, s.Asked, s.Expires)
	body := map[string]any{"decision": decision, "number": number, "signature": h.keys.Sign(digest)}
	if decision == "approved" {
		body["passkey"] = json.RawMessage(h.keys.Approve(digest))
	}
	status = h.sendJSON("/phone/requests/"+r.ID, body, &said)
	return status, said
}

var shownNumber = regexp.MustCompile(`id="number">(\d+)<`)

// numberShown is the number in the browser.
func (b *browser) numberShown() string {
	b.t.Helper()
	return shownNumber.FindStringSubmatch(b.get("/login/approval").Body)[1]
}

// withOwnPhone is somebody who has one, and is signed in in a browser.
func withOwnPhone(t *testing.T) (s *site, ada person, in *browser, h hand) {
	s = newOwnSite(t)
	ada = s.account("ada@example.com")
	in = s.browser()
	in.signIn(ada)
	return s, ada, in, in.addsPhone("Pixel")
}

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

// live is the socket of a phone.
type live struct{ *websocket.Conn }

func (h hand) listens() live {
	h.t.Helper()
	header := http.Header{"Origin": {h.site.url}, "Cookie": {h.phoneCookie()}}
	conn, _, err := websocket.DefaultDialer.DialContext(h.t.Context(), strings.Replace(h.site.url, "http", "ws", 1)+"/phone/events", header)
	must(h.t, err)
	h.t.Cleanup(func() { conn.Close() })
	l := live{conn}
	l.told()
	return l
}

// told waits until something has changed.
func (l live) told() {
	_ = l.SetReadDeadline(time.Now().Add(hung))
	if _, _, err := l.ReadMessage(); err != nil {
		panic(err)
	}
}

func (h hand) phoneCookie() string {
	h.t.Helper()
	req, err := http.NewRequest(http.MethodGet, h.site.url+"/phone", nil)
	must(h.t, err)
	for _, c := range h.http.Jar.Cookies(req.URL) {
		if strings.HasPrefix(c.Name, "nod_phone") {
			return c.Name + "=" + c.Value
		}
	}
	h.t.Fatal("it is no phone")
	return ""
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
	if status := h.sendJSON("/phone/renew", map[string]any{"signature": h.keys.Sign(signed)}, nil); status != http.StatusOK {
		t.Errorf("got %d", status)
	}
	h.requests()
}

func TestARevokedPhoneIsToldSo(t *testing.T) {
	s, ada, in, h := withOwnPhone(t)
	live := h.listens()
	b := s.browser()
	waits := b.waits(ada)
	live.told()
	asked := h.pending()
	id := phoneID.FindStringSubmatch(in.get("/protected").Body)[1]
	wantRedirect(t, in.post("/account/phones/remove", "id", id), "/protected", "own-phone-removed")
	live.told()
	var closed *websocket.CloseError
	if _, _, err := live.ReadMessage(); !errors.As(err, &closed) {
		t.Errorf("then its socket reads %v", err)
	}
	waits.want("cancelled")
	if got := h.status().Status; got != "revoked" {
		t.Errorf("the phone is told %q", got)
	}
	if status, _ := h.answers(asked, "approved", b.numberShown()); status != http.StatusUnauthorized {
		t.Errorf("its answer: got %d", status)
	}
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
}

// The code is seen by the session that has asked for it, until a phone has used it.
func TestTheCodeOfAPhoneIsShownAgainUntilItIsUsed(t *testing.T) {
	s := newOwnSite(t)
	ada := s.account("ada@example.com")
	b, other := s.browser(), s.browser()
	b.signIn(ada)
	other.signIn(ada)
	code := b.phoneCode()
	wantBody(t, b.get("/account/phones/code"), code)
	wantRedirect(t, other.get("/account/phones/code"), "/account/phones")
	s.phoneBy(code, "Blue phone")
	wantRedirect(t, b.get("/account/phones/code"), "/account/phones")
	b.phoneCode()
	s.clock.Advance(10 * time.Minute)
	wantRedirect(t, b.get("/account/phones/code"), "/account/phones")
}
