package e2e

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"

	"nod/authy"
	"nod/locales"
	"nod/simulator"
)

// shownPhone is a phone of a simulator of its own, without an application behind it.
type shownPhone struct {
	t     *testing.T
	words *locales.Language
	sim   *simulator.Simulator
	api   *authy.Client
	url   string
	other string    // the same under a name that the simulator does not answer to
	room  *audience // the same phone among an audience
	id    int64
	later atomic.Int64 // how far its clock is ahead
}

func newShownPhone(t *testing.T, words *locales.Language) *shownPhone {
	app := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})) // takes every answer
	s := &shownPhone{t: t, words: words}
	var err error
	s.sim, err = simulator.New(simulator.Config{CallbackURL: app.URL + "/authy/callback", CodesPerHour: 2, Now: s.now})
	must(t, err)
	server := httptest.NewServer(s.sim.Handler())
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Host = "phones.example"
		s.sim.Handler().ServeHTTP(w, r)
	}))
	s.other = other.URL
	t.Cleanup(func() {
		must(t, s.sim.Close(context.WithoutCancel(t.Context())))
		server.Close()
		other.Close()
		app.Close()
	})
	s.api, s.url = authy.NewClient(server.URL, s.sim.APIKey()), server.URL
	s.register("ada@example.com")
	s.room = newAudience(t, s)
	return s
}

// audience is a simulator.Room with one phone, of the secret "mine".
type audience struct {
	phone *shownPhone
	url   string
	fails error // of whoever joins
}

func newAudience(t *testing.T, phone *shownPhone) *audience {
	a := &audience{phone: phone}
	server := httptest.NewUnstartedServer(nil)
	server.Config.Handler = phone.sim.RoomHandler(server.Listener.Addr().String(), a)
	server.Start()
	t.Cleanup(server.Close)
	a.url = server.URL
	return a
}

func (a *audience) Open(secret string) bool              { return secret == "open" }
func (a *audience) Join(context.Context) (string, error) { return "mine", a.fails }
func (a *audience) Tapped(string)                        {}
func (a *audience) Phone(secret string) int64 {
	if secret != "mine" {
		return 0
	}
	return a.phone.id
}

func (s *shownPhone) now() time.Time { return time.Now().Add(time.Duration(s.later.Load())) }

func (s *shownPhone) register(email string) {
	id, err := s.api.RegisterUser(s.t.Context(), authy.Registration{Email: email, PhoneNumber: "2015550101", CountryCode: 1})
	must(s.t, err)
	s.id = id
}

// ask sends a request as Nod does, and returns its id.
func (s *shownPhone) ask() (uuid string) {
	from := func(label, value string) authy.Detail { return authy.Detail{Label: s.words.Text(label), Value: value} }
	uuid, err := s.api.RequestApproval(s.t.Context(), s.id, authy.ApprovalRequest{
		Message: s.words.Text("ring.login"), SecondsToExpire: 120,
		Details: []authy.Detail{
			from("ring.number", "42"), from("ring.email", "ada@example.com"), from("ring.browser", s.words.Browser("Firefox on Linux")),
			from("ring.address", "192.0.2.7"), from("ring.place", "Berlin"), from("ring.time", s.words.Moment(s.now())),
		},
	})
	must(s.t, err)
	return uuid
}

func (s *shownPhone) withdrawn(reason string) (uuid string) {
	uuid = s.ask()
	must(s.t, s.api.WithdrawApproval(s.t.Context(), uuid, reason))
	return uuid
}

func (s *shownPhone) sms() {
	_, err := s.api.SendSMS(s.t.Context(), s.id, authy.SendOptions{Force: true, Locale: s.words.Tag()})
	must(s.t, err)
}

func (s *shownPhone) call() {
	_, err := s.api.StartCall(s.t.Context(), s.id, authy.SendOptions{Force: true, Locale: s.words.Tag()})
	must(s.t, err)
}

// post does what a script does on the phone.
func (s *shownPhone) post(path, body string) {
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, fmt.Sprintf("%s/phones/%d%s", s.url, s.id, path), strings.NewReader(body))
	must(s.t, err)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	must(s.t, err)
	must(s.t, res.Body.Close())
	if res.StatusCode != http.StatusOK {
		s.t.Fatalf("%s: %s", path, res.Status)
	}
}

// phoneState is a state of a phone, or of the list of phones.
type phoneState struct {
	name string
	// set makes the state, and returns the request for which the phone is opened.
	set func(*shownPhone) (uuid string)
	// do brings the open page there; its JavaScript is true once it is.
	do    string
	after func(*shownPhone) // happens to the open page
	path  string            // of another page than the phone's
	page  string            // its template, "" for phone.html
	plain bool              // its script would lead elsewhere
	fails error             // of whoever joins a room, by the form at path
}

const tabOf = `(document.getElementById("tab-%s").click(), document.getElementById("clock").textContent !== "--:--")`

var (
	idle        = func(*shownPhone) string { return "" }
	codesTab    = fmt.Sprintf(tabOf, "codes")
	messagesTab = fmt.Sprintf(tabOf, "messages")
	answered    = func(yes bool) func(*shownPhone) string {
		return func(s *shownPhone) string {
			uuid, tap := s.ask(), s.sim.Deny
			if yes {
				tap = s.sim.Approve
			}
			must(s.t, tap(s.t.Context(), s.id, uuid))
			return uuid
		}
	}
	withdrawn = func(reason string) func(*shownPhone) string {
		return func(s *shownPhone) string { return s.withdrawn(reason) }
	}
)

// phoneStates is every state of the simulated phones that a person may see.
var phoneStates = []phoneState{
	{name: "phone", set: idle},
	{name: "phone-request", set: (*shownPhone).ask},
	{name: "phone-approved", set: answered(true)},
	{name: "phone-denied", set: answered(false)},
	{name: "phone-expired", set: func(s *shownPhone) string { uuid := s.ask(); s.later.Store(int64(time.Hour)); return uuid }},
	{name: "phone-cancelled", set: withdrawn("cancelled")},
	{name: "phone-replaced", set: withdrawn("replaced")},
	{name: "phone-elsewhere", set: withdrawn("elsewhere")},
	{name: "phone-withdrawn", set: withdrawn("withdrawn")},
	{name: "phone-earlier", set: func(s *shownPhone) string { answered(true)(s); answered(false)(s); s.withdrawn("cancelled"); return "" }},
	{name: "phone-codes", set: idle, do: codesTab},
	{name: "phone-banner", set: idle, do: codesTab, after: func(s *shownPhone) { s.ask() }},
	{name: "phone-messages", set: func(s *shownPhone) string { s.call(); s.post("/call/hangup", "{}"); s.sms(); return "" }, do: messagesTab},
	{name: "phone-call", set: func(s *shownPhone) string { s.call(); return "" }},
	{name: "phone-call-answered", set: func(s *shownPhone) string { s.call(); return "" }, do: `(document.getElementById("call-answer").click(), !document.getElementById("call-code").hidden)`},
	{name: "phone-without-app", set: func(s *shownPhone) string { uuid := s.ask(); s.post("", `{"app_installed":false}`); return uuid }},
	{name: "phone-of-two", set: func(s *shownPhone) string { s.register("grace@example.com"); return s.ask() }},
	{name: "phone-faults", set: func(s *shownPhone) string {
		must(s.t, s.sim.Inject(s.id, simulator.Faults{API: simulator.APIError, PushDelayMS: 3500}))
		return ""
	}, do: `(document.querySelector(".faults").open = true)`},
	{name: "phone-offline", set: (*shownPhone).ask, do: `(document.getElementById("line-note").hidden = false, true)`},
	{name: "phone-gone", set: idle, path: "/phones/1", page: "error.html"},
	{name: "phone-wrong-host", set: idle, path: otherHost, page: "error.html"},
	{name: "phones", set: func(s *shownPhone) string { s.ask(); return "" }, path: "/", page: "index.html"},
	{name: "phones-none", set: func(s *shownPhone) string { must(s.t, s.api.RemoveUser(s.t.Context(), s.id)); return "" }, path: "/", page: "index.html"},
	{name: "phones-no-match", set: idle, path: "/?q=grace", page: "index.html"},
	{name: "room-join", set: idle, path: "/join/open", page: "room.html", plain: true},
	{name: "room-full", set: idle, path: "/join/open", page: "room.html", plain: true, fails: simulator.ErrRoomFull},
	{name: "room-failed", set: idle, path: "/join/open", page: "room.html", plain: true, fails: errors.New("the disk is full")},
	{name: "room-gone", set: idle, path: "/phone/nobodys", page: "room.html"},
	{name: "room-phone", set: (*shownPhone).ask, path: "/phone/mine"},
}

// otherHost stands for the list of phones in shownPhone.other.
const otherHost = "other"

// Every page of the phones is on the sheet.
func TestNoPageOfThePhonesIsForgotten(t *testing.T) {
	names, err := filepath.Glob("../simulator/pages/*.html")
	must(t, err)
	shown := map[string]bool{"partials.html": true} // pieces of the others
	for _, state := range phoneStates {
		shown[cmp.Or(state.page, "phone.html")] = true
	}
	for _, name := range names {
		if !shown[filepath.Base(name)] {
			t.Errorf("%s is on no picture: give it a state", name)
		}
	}
	if len(names) < len(shown) {
		t.Errorf("the pages are %v", names)
	}
}

// photograph takes the pictures of a state of a phone in every language, width and
// scheme of colours.
func (state phoneState) photograph(t *testing.T, dir string, languages []*locales.Language) {
	for _, language := range languages {
		s := newShownPhone(t, language)
		tb := (&nod{t: t}).person().tab()
		tb.expect("404", "421", "500", "503")
		call(tb, network.Enable, network.EnableParams{})
		call(tb, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": language.Tag()}})
		tb.look(1280, "light")
		uuid := state.set(s)
		tb.comes(s, state, uuid)
		if state.after != nil {
			state.after(s)
			tb.see("#banner")
		}
		// An answer stays for some seconds only, and a picture takes its time.
		eval[bool](tb, `(() => { for (let id = setTimeout(() => {}); id > 0; id--) clearTimeout(id); return true; })()`)
		tb.look(320, "light")
		tb.fits(320)
		for _, scheme := range schemes {
			for _, width := range widths {
				tb.look(width, scheme)
				tb.fits(width)
				tb.picture(filepath.Join(dir, fmt.Sprintf("%s-%s-%d-%s.png", state.name, language.Tag(), width, scheme)))
			}
		}
	}
}

// comes brings a tab to a state.
func (tb *tab) comes(s *shownPhone, state phoneState, uuid string) {
	if state.plain {
		tb.noScript()
	}
	s.room.fails = state.fails
	tb.open(state.address(s, uuid))
	if state.fails != nil {
		before := tb.text("h1")
		tb.click("#join button")
		tb.is(fmt.Sprintf(`document.querySelector("h1").innerText !== %q`, before))
	}
	tb.settled(state, uuid)
}

func (state phoneState) address(s *shownPhone, uuid string) string {
	switch {
	case state.path == "":
		return fmt.Sprintf("%s/phones/%d#%s", s.url, s.id, uuid)
	case state.path == otherHost:
		return s.other
	case strings.HasPrefix(state.name, "room-"):
		return s.room.url + state.path
	}
	return s.url + state.path
}

// settled waits until the page shows what it was opened for.
func (tb *tab) settled(state phoneState, uuid string) {
	if state.page == "error.html" {
		tb.is(`document.querySelector("#phones") === null && document.styleSheets.length > 0`)
	}
	if state.page != "" {
		return
	}
	tb.is(`document.getElementById("clock").textContent !== "--:--"`)
	if uuid != "" {
		tb.see(".request")
	}
	if state.do != "" {
		tb.is(state.do)
	}
}
