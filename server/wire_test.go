package server

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"nod/store"
	"nod/wire"
)

// What is shown is what was sent: a proxy that knows nothing of HTTP has kept the
// same bytes, on every connection, but for the masks.
func TestTheWireShowsWhatWasSent(t *testing.T) {
	g := newRecorded(t)
	g.signUp()
	hops := g.await(func(h wire.Hop) bool { return h.Route == "/protected" && h.Kind == wire.Answer })
	conns := map[int64][2][]wire.Hop{}
	for _, h := range hops {
		both, down := conns[h.Conn], 0
		if len(both[0]) > 0 && h.From != both[0][0].From { // a connection begins with a request
			down = 1
		}
		both[down] = append(both[down], h)
		conns[h.Conn] = both
	}
	if len(conns) < 5 {
		t.Fatalf("only %d connections were recorded", len(conns))
	}
	var passages []*passage
	for _, r := range g.relays {
		r.mu.Lock()
		passages = append(passages, r.seen...)
		r.mu.Unlock()
	}
	kinds := map[wire.Party]int{}
	for id, both := range conns {
		i := slices.IndexFunc(passages, func(p *passage) bool {
			up, down := p.both()
			return sameBytes(both[0], up) && sameBytes(both[1], down)
		})
		if i < 0 {
			t.Errorf("connection %d was never seen so: %+v", id, both)
			continue
		}
		kinds[both[0][0].From]++
	}
	for _, party := range []wire.Party{wire.Browser, wire.Nod, wire.Authy, wire.Phone} {
		if kinds[party] == 0 {
			t.Errorf("no connection of %s was recorded", party)
		}
	}
}

// sameBytes lays the messages of one direction over what was sent in it. What comes
// after them is of a request that is not recorded, or came later.
func sameBytes(hops []wire.Hop, sent []byte) bool {
	for _, h := range hops {
		if len(sent) < h.Size {
			return false
		}
		raw := sent[:h.Size]
		sent = sent[h.Size:]
		if h.Kind == wire.Frame {
			head, err := hex.DecodeString(strings.ReplaceAll(h.Head, " ", ""))
			if err != nil || !bytes.HasPrefix(raw, head) || !unmasked(h.Body).Match(payload(head, raw)) {
				return false
			}
		} else if !unmasked(h.Head + h.Body).Match(raw) {
			return false
		}
	}
	return true
}

// payload undoes the mask of RFC 6455.
func payload(head, raw []byte) []byte {
	text := bytes.Clone(raw[len(head):])
	if head[1]&0x80 != 0 {
		for i := range text {
			text[i] ^= head[len(head)-4+i%4]
		}
	}
	if raw[0]&0x0F == 8 && len(text) >= 2 {
		return text[2:] // the code has a field of its own
	}
	return text
}

// unmasked matches what a text with masks may have been.
func unmasked(text string) *regexp.Regexp {
	quoted := regexp.QuoteMeta(text)
	quoted = regexp.MustCompile(`"?`+regexp.QuoteMeta(regexp.QuoteMeta(wire.Mask))+`"?`).ReplaceAllString(quoted, `.*`)
	return regexp.MustCompile(`(?s)^` + quoted + `$`)
}

// The hops of a sign-in come in its order, and their times are those of the phone
// and of the log.
func TestTheOrderOfASignIn(t *testing.T) {
	g := newRecorded(t)
	phone := g.signUp()
	hops := g.await(func(h wire.Hop) bool { return h.Route == "/protected" && h.Kind == wire.Answer })
	find := func(after int, what string, fits func(wire.Hop) bool) int {
		t.Helper()
		i := slices.IndexFunc(hops[after:], fits)
		if i < 0 {
			t.Fatalf("after hop %d there is no %s", after, what)
		}
		return after + i
	}
	is := func(kind wire.Kind, from wire.Party, route string) func(wire.Hop) bool {
		return func(h wire.Hop) bool { return h.Kind == kind && h.From == from && h.Route == route }
	}
	at, order := 0, map[string]int{}
	for _, step := range []struct {
		name string
		fits func(wire.Hop) bool
	}{
		{"form", is(wire.Request, wire.Browser, "/signup")},
		{"ask", is(wire.Request, wire.Nod, "/onetouch/json/users/{phone}/approval_requests")},
		{"asked", is(wire.Answer, wire.Authy, "/onetouch/json/users/{phone}/approval_requests")},
		{"waiting", is(wire.Answer, wire.Nod, "/login/approval")},
		{"shown", func(h wire.Hop) bool { return h.Kind == wire.Frame && h.To == wire.Phone && h.Op == "text" }},
		{"listening", is(wire.Answer, wire.Nod, "/login/events")},
		{"tap", is(wire.Request, wire.Phone, "/phones/{phone}/requests/{uuid}/approve")},
		{"callback", is(wire.Request, wire.Authy, "/authy/callback")},
		{"event", func(h wire.Hop) bool {
			return h.Kind == wire.Frame && h.To == wire.Browser && strings.Contains(h.Body, `"approved"`)
		}},
		{"acknowledged", func(h wire.Hop) bool { return h.Kind == wire.Frame && h.From == wire.Browser && h.Op == "close" }},
		{"confirm", is(wire.Request, wire.Browser, "/confirm-login")},
		{"in", is(wire.Request, wire.Browser, "/protected")},
	} {
		at = find(at, step.name, step.fits)
		order[step.name] = at
	}
	for i, h := range hops {
		if h.At.After(h.End) || i > 0 && h.ID <= hops[i-1].ID {
			t.Errorf("hop %+v", h)
		}
	}
	// Who it was, wherever the message says so.
	tap, callback := hops[order["tap"]], hops[order["callback"]]
	id := phone[strings.LastIndex(phone, "/")+1:]
	for _, name := range []string{"ask", "asked", "shown", "tap", "callback"} {
		if h := hops[order[name]]; h.Phone != id && name != "shown" || h.UUID != tap.UUID && name != "ask" {
			t.Errorf("%s names phone %q and request %q, want %q and %q", name, h.Phone, h.UUID, id, tap.UUID)
		}
	}
	for _, name := range []string{"waiting", "listening", "event", "acknowledged", "confirm", "in"} {
		if h := hops[order[name]]; h.Browser != 1 {
			t.Errorf("%s is of browser %d", name, h.Browser)
		}
	}
	for _, name := range []string{"waiting", "listening", "event", "acknowledged"} {
		if h := hops[order[name]]; h.UUID != tap.UUID {
			t.Errorf("%s is about request %q, want %q", name, h.UUID, tap.UUID)
		}
	}
	answer := hops[find(order["callback"], "answer", is(wire.Answer, wire.Nod, "/authy/callback"))]
	if answer.Note != "applied" {
		t.Errorf("the answer to the callback has the note %q", answer.Note)
	}
	// When the request was processed, as Authy says and signs.
	var body struct {
		Approval struct {
			Transaction struct {
				Signed int64 `json:"device_signing_time"`
				Hidden struct {
					ID string `json:"approval_id"`
				} `json:"hidden_details"`
			}
		} `json:"approval_request"`
	}
	must(t, json.Unmarshal([]byte(callback.Body), &body))
	if signed := body.Approval.Transaction.Signed; signed < tap.At.Unix() || signed > callback.At.Unix() {
		t.Errorf("the phone answered at %d, the tap was recorded at %d, the callback at %d", signed, tap.At.Unix(), callback.At.Unix())
	}
	// When it was decided, by the database.
	row, err := g.site.flow.Load().Store.Approval(t.Context(), body.Approval.Transaction.Hidden.ID)
	must(t, err)
	if at := row.DecidedAt; at.Before(callback.At.Truncate(time.Millisecond)) || at.After(answer.End) {
		t.Errorf("it was decided at %v, the callback came at %v and was answered at %v", at, callback.At, answer.End)
	}
	g.wantLogged(row.UserID, map[store.EventKind][2]wire.Hop{
		store.EventApprovalBegun:    {hops[order["form"]], hops[order["ask"]]},
		store.EventApprovalApproved: {callback, answer},
		store.EventSignedIn:         {hops[order["confirm"]], hops[order["in"]]},
	})
	var event struct {
		Time time.Time `json:"server_time"`
	}
	must(t, json.Unmarshal([]byte(hops[order["event"]].Body), &event))
	if event.Time.Before(callback.At.Truncate(time.Millisecond)) || event.Time.After(hops[order["event"]].End) {
		t.Errorf("the browser was told at %v, the callback came at %v and the event went at %v", event.Time, callback.At, hops[order["event"]].At)
	}
}

// wantLogged holds each line of the log of events against the hops it belongs between.
func (g *recorded) wantLogged(userID int64, between map[store.EventKind][2]wire.Hop) {
	g.t.Helper()
	events, err := g.site.flow.Load().Store.Events(g.t.Context(), userID, 50)
	must(g.t, err)
	for kind, hops := range between {
		i := slices.IndexFunc(events, func(e store.Event) bool { return e.Kind == kind })
		if i < 0 {
			g.t.Errorf("the log has no %s", kind)
		} else if at := events[i].At; at.Before(hops[0].At.Truncate(time.Millisecond)) || at.After(hops[1].End) {
			g.t.Errorf("%s is logged at %v, the wire has it between %v and %v", kind, at, hops[0].At, hops[1].End)
		}
	}
}

// Each rule that refuses a callback is named, for the recorder alone.
func TestTheRuleThatRefusedACallback(t *testing.T) {
	g := newRecorded(t)
	for i, test := range []struct {
		header http.Header
		want   string
	}{
		{http.Header{}, "unsigned"},
		{http.Header{"X-Authy-Signature": {"x"}, "X-Authy-Signature-Nonce": {"12"}}, "nonce"},
		{http.Header{"X-Authy-Signature": {"x"}, "X-Authy-Signature-Nonce": {"x"}}, "signature"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, g.url+"/authy/callback", strings.NewReader("{}"))
		must(t, err)
		req.Header = test.header
		req.Header.Set("Content-Type", "application/json")
		res, err := g.browser.Do(req)
		must(t, err)
		said, err := io.ReadAll(res.Body)
		must(t, errors.Join(err, res.Body.Close()))
		if res.StatusCode != http.StatusUnauthorized || string(said) != "unauthorized\n" {
			t.Errorf("%s: got %d %q", test.want, res.StatusCode, said)
		}
		hops := g.await(func(h wire.Hop) bool { return h.ID == int64(2*i+2) })
		if got := hops[2*i+1].Note; got != test.want {
			t.Errorf("the note is %q, want %q", got, test.want)
		}
	}
}

// Nothing secret is handed out, whichever way it went over the wire.
func TestTheWireShowsNoSecret(t *testing.T) {
	g := newRecorded(t)
	phone := g.signUp()
	var token struct{ Token string }
	g.phoneJSON(http.MethodGet, phone+"/token", &token)
	g.secrets["the phone's code"] = token.Token

	g.post("/account/authenticators")
	link := regexp.MustCompile(`href="(otpauth:[^"]+)" id="app-link"`).FindStringSubmatch(g.page)
	scanned, err := url.Parse(html.UnescapeString(link[1]))
	must(t, err)
	secret := scanned.Query().Get("secret")
	code, err := totp.GenerateCode(secret, g.now())
	must(t, err)
	g.secrets["an app's secret"], g.secrets["an app's code"] = secret, code
	g.post("/account/authenticators/prove", "id", regexp.MustCompile(`name="id" value="([^"]+)"`).FindStringSubmatch(g.page)[1], "token", code, "name", "")
	g.post("/account/recovery-codes")
	for i, found := range regexp.MustCompile(`<li><code>([0-9a-z-]{19})</code></li>`).FindAllStringSubmatch(g.page, -1) {
		g.secrets[fmt.Sprintf("recovery code %d", i)] = found[1]
	}
	g.open("/protected")
	g.post("/logout")
	g.open("/login")
	g.post("/login", "email", "ada@example.com", "password", g.secrets["password"])
	g.post("/send-token", "via", "sms")
	var messages []struct{ Code string }
	g.phoneJSON(http.MethodGet, phone+"/messages", &messages)
	g.secrets["a code by SMS"] = messages[0].Code
	g.post("/verify-token", "token", messages[0].Code)
	g.open("/protected")
	g.post("/logout")
	g.open("/forgot")
	g.post("/forgot", "email", "ada@example.com", "recovery", g.secrets["recovery code 0"])
	g.open("/login?password=Canary-of-a-query&Canary-of-a-name")
	g.secrets["a query"], g.secrets["a bare query"] = "Canary-of-a-query", "Canary-of-a-name"
	g.open("/login?to=" + url.QueryEscape("/login?to="+url.QueryEscape("/login?password=Canary-of-a-nested-query")))
	g.open("/login?plain=1&to=/login?password=Canary-of-a-bare-nested-query")
	g.secrets["a nested query"], g.secrets["a bare nested query"] = "Canary-of-a-nested-query", "Canary-of-a-bare-nested-query"
	hops := g.await(func(h wire.Hop) bool {
		return strings.Contains(h.Head, "GET /login?plain=1&to=") && h.Kind == wire.Request
	})

	for _, r := range g.relays {
		for _, p := range r.seen {
			up, _ := p.both()
			if key := regexp.MustCompile(`(?i)X-Authy-API-Key: (\S+)`).FindSubmatch(up); key != nil {
				g.secrets["the provider's key"] = string(key[1])
			}
		}
	}
	if g.secrets["the provider's key"] == "" {
		t.Fatal("the provider's key was never sent")
	}
	shown, err := json.Marshal(hops)
	must(t, err)
	for _, route := range []string{"/forgot", "/verify-token", "/account/recovery-codes", "/account/authenticators/prove", "/protected/json/verify/{token}/{phone}", "/protected/json/sms/{phone}", "/phones/{phone}/events"} {
		if !slices.ContainsFunc(hops, func(h wire.Hop) bool { return h.Route == route && h.Kind == wire.Answer }) {
			t.Errorf("nothing of %s was recorded", route)
		}
	}
	if len(g.secrets) < 30 {
		t.Fatalf("only %d secrets are known", len(g.secrets))
	}
	for name, secret := range g.secrets {
		for _, spelling := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret), hex.EncodeToString([]byte(secret)), strings.ReplaceAll(secret, "-", "")} {
			if standsIn(shown, spelling) {
				t.Errorf("%s is shown", name)
			}
		}
	}
}

// standsIn looks for a word: a code of six digits may be part of a longer number.
func standsIn(text []byte, word string) bool {
	isWord := func(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
	for {
		i := bytes.Index(text, []byte(word))
		if i < 0 {
			return false
		}
		end := i + len(word)
		if (i == 0 || !isWord(text[i-1])) && (end == len(text) || !isWord(text[end])) {
			return true
		}
		text = text[end:]
	}
}
