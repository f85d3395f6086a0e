package e2e

import (
	"context"
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
	t.Cleanup(func() {
		must(t, s.sim.Close(context.WithoutCancel(t.Context())))
		server.Close()
		app.Close()
	})
	s.api, s.url = authy.NewClient(server.URL, s.sim.APIKey()), server.URL
	s.register("ada@example.com")
	return s
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
	{name: "phone-gone", set: idle, path: "/phones/1"},
	{name: "phones", set: func(s *shownPhone) string { s.ask(); return "" }, path: "/"},
	{name: "phones-none", set: func(s *shownPhone) string { must(s.t, s.api.RemoveUser(s.t.Context(), s.id)); return "" }, path: "/"},
	{name: "phones-no-match", set: idle, path: "/?q=grace"},
}

// photograph takes the pictures of a state of a phone in every language, width and
// scheme of colours.
func (state phoneState) photograph(t *testing.T, dir string, languages []*locales.Language) {
	for _, language := range languages {
		s := newShownPhone(t, language)
		tb := (&nod{t: t}).person().tab()
		tb.expect("404")
		call(tb, network.Enable, network.EnableParams{})
		call(tb, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": language.Tag()}})
		tb.look(1280, "light")
		uuid := state.set(s)
		tb.open(s.url + state.address(s.id, uuid))
		tb.settled(state, uuid)
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

func (state phoneState) address(id int64, uuid string) string {
	if state.path != "" {
		return state.path
	}
	return fmt.Sprintf("/phones/%d#%s", id, uuid)
}

// settled waits until the page shows what it was opened for.
func (tb *tab) settled(state phoneState, uuid string) {
	if state.path != "" {
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
