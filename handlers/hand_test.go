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
	Here      bool           `json:"here"`
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

func (s *site) phoneBy(code, name string, change ...func(*phonetest.Phone)) hand {
	return s.browser().becomesPhone(code, name, change...)
}

// becomesPhone gives a code to this browser.
func (b *browser) becomesPhone(code, name string, change ...func(*phonetest.Phone)) hand {
	s := b.site
	s.t.Helper()
	h := hand{b, phonetest.New(s.url, "localhost")}
	for _, c := range change {
		c(h.keys)
	}
	if status := h.joins(code, name); status != http.StatusOK {
		s.t.Fatalf("the phone is refused: %d", status)
	}
	return h
}

// joins makes the keys of a phone known by a code.
func (h hand) joins(code, name string) (status int) {
	h.t.Helper()
	return h.finishes(h.made(code, name))
}

// finishes sends the keys of a phone.
func (h hand) finishes(n ownphone.NewPhone) (status int) {
	h.t.Helper()
	return h.sendJSON("/phone/enrol/finish", n, nil)
}

// made is what a phone sends once it has made its keys for a code.
func (h hand) made(code, name string) ownphone.NewPhone {
	h.t.Helper()
	var o ownphone.Options
	if status := h.sendJSON("/phone/enrol", map[string]string{"code": code}, &o); status != http.StatusOK {
		h.t.Fatalf("the code is refused: %d", status)
	}
	h.keys.Owner = o.Owner
	n := ownphone.NewPhone{Code: code, Name: name, DeviceKey: h.keys.DeviceKey()}
	n.Passkey = h.keys.Create(phonetest.Digest("nod passkey 1", o.Origin, o.Challenge, base64.RawURLEncoding.EncodeToString(n.DeviceKey)))
	n.Signature = h.keys.Sign(phonetest.Digest("nod phone 1", o.Origin, o.Challenge, n.Name, string(n.Passkey)))
	return n
}

var phoneID = regexp.MustCompile(`name="id" value="([^"]+)"`)

// addsPhone adds a phone and confirms it; the first one is told to get a second.
func (b *browser) addsPhone(name string, says ...string) hand {
	b.t.Helper()
	h := b.enrols(name)
	wantRedirect(b.t, b.confirms(name), "/protected", append(says, "own-phone-first")[0])
	return h
}

// confirms says that the phone of this name, which waits, is one's own.
func (b *browser) confirms(name string) page {
	b.t.Helper()
	got := b.get("/account/phones")
	wantBody(b.t, got, name)
	return b.post("/account/phones/confirm", "id", phoneID.FindStringSubmatch(got.Body)[1])
}

func (h hand) status() (s struct{ Status, Name, Challenge, Origin string }) {
	h.t.Helper()
	h.readJSON("/phone/state", &s)
	return s
}

// renews signs what its cookie is renewed by.
func (h hand) renews() {
	h.t.Helper()
	signature := h.keys.Sign(phonetest.Digest("nod renewal 1", h.site.url, h.status().Challenge))
	if status := h.sendJSON("/phone/renew", map[string]any{"signature": signature}, nil); status != http.StatusOK {
		h.t.Fatalf("the renewal is refused: %d", status)
	}
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

// ends waits until the server closes it, whatever it tells before.
func (l live) ends(t *testing.T) {
	t.Helper()
	_ = l.SetReadDeadline(time.Now().Add(hung))
	for {
		_, _, err := l.ReadMessage()
		var closed *websocket.CloseError
		switch {
		case errors.As(err, &closed):
			return
		case err != nil:
			t.Fatalf("the phone's socket reads %v", err)
		}
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
