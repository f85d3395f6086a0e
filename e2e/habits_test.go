package e2e

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/network"
)

// weight is what a page takes from the network.
type weight struct {
	mu      sync.Mutex
	paints  map[network.RequestID]string // what the first paint waits for
	painted float64                      // bytes of it
	all     float64                      // bytes in all
	late    []string                     // files that no HTML has asked for, but another file
}

func (w *weight) watch(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if e.Type == network.ResourceTypeDocument || e.RenderBlockingBehavior == network.RenderBlockingBehaviorBlocking {
			w.paints[e.RequestID] = e.Request.URL
		}
		if e.Type == network.ResourceTypeScript || e.Type == network.ResourceTypeStylesheet {
			if e.Initiator.Type == network.InitiatorTypeScript || strings.Contains(e.Initiator.URL, "/static/") {
				w.late = append(w.late, e.Request.URL)
			}
		}
	case *network.EventLoadingFinished:
		w.all += e.EncodedDataLength
		if w.paints[e.RequestID] != "" {
			w.painted += e.EncodedDataLength
		}
	}
}

// The waiting page is painted after less than 50 kB, and all that it takes is asked for
// by its HTML: one round trip after it the page is painted and listens.
func TestTheWaitingPageIsLight(t *testing.T) {
	story(t)
	n := startNod(t)
	tb := n.person().tab()
	tb.signUp("ada@example.com", "2015550101")
	tb.transport("socket")
	w := &weight{paints: map[network.RequestID]string{}}
	tb.listen(w.watch)
	call(tb, network.Enable, network.EnableParams{})
	call(tb, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true})
	tb.open("/login/approval")
	tb.transport("socket")
	eval[bool](tb, `new Promise((done) => requestIdleCallback(() => done(true)))`)
	w.mu.Lock()
	defer w.mu.Unlock()
	t.Logf("%.0f bytes, %.0f of them before the first paint", w.all, w.painted)
	if w.painted >= 50e3 || len(w.paints) < 3 {
		t.Errorf("the first paint takes %.0f bytes: %q", w.painted, w.paints)
	}
	if len(w.late) > 0 {
		t.Errorf("one round trip more for %q", w.late)
	}
}

// wide is what is wider than the window.
const wide = `[...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && getComputedStyle(e).position !== "absolute")
	.map((e) => e.tagName + "." + e.className + " " + e.textContent.trim().slice(0, 40)).slice(0, 5).join(" | ")`

// cutCountries names the countries that the list of them would cut: their names and codes
// need more lines than it shows.
const cutCountries = `(() => {
	const list = document.getElementById("country_code"), style = getComputedStyle(list), ink = document.createElement("canvas").getContext("2d");
	const room = list.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
	ink.font = style.font;
	const lines = (text) => text.split(" ").reduce(([n, line], word) =>
		ink.measureText((line + " " + word).trim()).width > room ? [n + 1, word] : [n, line + " " + word], [1, ""])[0];
	const before = list.value;
	const cut = [...list.options].filter((country) => {
		list.value = country.value;
		const shown = (list.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom)) / parseFloat(style.lineHeight);
		return lines(country.text) > shown + 0.1;
	});
	list.value = before;
	return cut.map((country) => country.text).slice(0, 5).join(", ");
})()`

// On the smallest phone, which is 1280 px at 400 %, no page scrolls sideways: in German,
// whose words are long, and in make long in English, too.
func TestNoPageIsTooWide(t *testing.T) {
	story(t)
	languages := []string{"de"}
	if all() {
		languages = append(languages, "en")
	}
	for _, language := range languages {
		t.Run(language, func(t *testing.T) { noPageIsTooWide(t, language) })
	}
}

func noPageIsTooWide(t *testing.T, language string) {
	n := startNod(t)
	tb := n.person().tab()
	tb.expect("422", "404", "403")
	call(tb, network.Enable, network.EnableParams{})
	call(tb, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": language}})
	narrow := func(what string) {
		t.Helper()
		if too := eval[float64](tb, `document.documentElement.scrollWidth - innerWidth`); too > 0 {
			t.Errorf("%s is %v px too wide: %s", what, too, eval[string](tb, wide))
		}
	}
	visit := func(path string) {
		t.Helper()
		tb.open(path)
		narrow(path)
	}
	tb.look(320, "light")
	for _, path := range []string{"/", "/signup", "/login", "/forgot", "/nowhere"} {
		visit(path)
	}
	tb.open("/signup")
	tb.is(fmt.Sprintf(`document.documentElement.lang === %q`, language))
	tb.click("#signup-form button[type=submit]")
	tb.see("#error-summary")
	narrow("sign-up with errors")
	if cut := eval[string](tb, cutCountries); cut != "" {
		t.Errorf("the list of countries cuts %s", cut)
	}
	p := tb.signUp("ada.augusta.king.countess.of.lovelace@analytical-engine.example.com", "2015550101")
	tb.transport("socket")
	narrow("waiting")
	tb.click("details.other-ways summary")
	tb.see("[data-help]")
	narrow("waiting, with help")
	visit("/verify-token")
	visit("/login/number")
	p.answer("deny")
	tb.open("/login/approval")
	tb.is(nowIs("denied"))
	narrow("denied")
	tb.signIn(p.Email)
	p.answer("approve")
	tb.at("/protected")
	narrow("account, new")
	tb.askForTransfer(strings.Repeat("Grace Brewster Murray Hopper ", 2), "1000000")
	tb.newest("awaiting")
	narrow("account, with a transfer")
	for _, path := range []string{"/protected?open=password", "/protected?open=close", "/account/history", "/account/not-me", "/account/phone"} {
		visit(path)
	}
	tb.open("/protected")
	tb.click("#add-authenticator button")
	tb.see(".qr-code")
	narrow("an app")
	tb.open("/protected")
	tb.click("#make-recovery ~ *, button[form=make-recovery]")
	tb.see("#recovery-codes")
	narrow("recovery codes")
	n.grownOld()
	visit("/account/confirm?to=%2Faccount%2Fpassword")
	tb.click("#change-ask button")
	tb.see("#number")
	narrow("confirming a change")
}

// Tabs that were open before follow: to the account, and away from it.
func TestOtherTabsFollow(t *testing.T) {
	story(t)
	n := startNod(t)
	ada := n.person()
	login, home, tb := ada.tab(), ada.tab(), ada.tab()
	for _, other := range []*tab{login, home, tb} {
		other.expect("401", "WebSocket connection")
	}
	p := n.account("ada@example.com", "2015550101")
	login.open("/login")
	home.open("/")
	tb.signIn(p.Email)
	p.answer("approve")
	tb.at("/protected")
	login.at("/protected")
	home.see("main a[href='/protected']")
	login.open("/login")
	login.at("/protected")
	login.open("/account/history")
	home.open("/account/not-me")
	tb.click("#logout-form button")
	tb.at("/")
	login.at("/login")
	home.at("/login")
}

// One press is enough, and who does not see the button hears it.
func TestAFormIsSentOnce(t *testing.T) {
	story(t)
	n := startNod(t)
	tb := n.person().tab()
	p := tb.signedIn("ada@example.com", "2015550101")
	tb.hears()
	tb.open("/protected")
	tb.fill("#payee", "Grace")
	tb.fill("#amount", "12.50")
	// The first press is held back from leaving the page, so that it can be looked at.
	eval[bool](tb, `(addEventListener("submit", (event) => { window.presses = (window.presses ?? 0) + !event.defaultPrevented; event.preventDefault(); }), true)`)
	tb.click("#transfer-form button[type=submit]")
	tb.click("#transfer-form button[type=submit]")
	tb.is(`window.presses === 1`)
	tb.is(`document.querySelector("#transfer-form button[type=submit]").getAttribute("aria-disabled") === "true"`)
	busy := eval[string](tb, `document.querySelector("#transfer-form button[type=submit]").dataset.busy`)
	if got := tb.said(); fmt.Sprint(got) != fmt.Sprint([]string{busy}) {
		t.Errorf("heard %q, want %q", got, busy)
	}
	if got := len(p.requests()); got != 1 {
		t.Errorf("the phone has %d requests", got)
	}
}

// A message that is pasted whole leaves its code in the field.
func TestAMessageIsPasted(t *testing.T) {
	story(t)
	n := startNod(t)
	tb := n.person().tab()
	p := tb.signUp("ada@example.com", "2015550101")
	tb.open("/verify-token")
	paste := func(text string) string {
		return eval[string](tb, fmt.Sprintf(`((text) => {
			const data = new DataTransfer();
			data.setData("text", text);
			const field = document.getElementById("token");
			field.value = "";
			if (field.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, cancelable: true, bubbles: true}))) field.value = text;
			return field.value;
		})(%q)`, text))
	}
	for text, want := range map[string]string{
		"Your code: 1234567. It is valid for 10 minutes.": "1234567", "Ihr Code: １２３４５６": "123456", "Your code is 1234567.\n\n@nod.example #1234567": "1234567",
		"123 456": "123 456", "1234567 or 7654321": "1234567 or 7654321",
	} {
		if got := paste(text); got != want {
			t.Errorf("%q leaves %q, want %q", text, got, want)
		}
	}
	// And where no script sees it, the server finds it.
	tb.noScript()
	tb.open("/verify-token")
	tb.enter("Your code: " + p.token())
}

// Without scripts nothing claims to move by itself, and help is there from the start.
func TestWhatIsThereWithoutScripts(t *testing.T) {
	story(t)
	n := startNod(t)
	tb := n.person().tab()
	tb.noScript()
	tb.expect("422")
	tb.open("/signup")
	tb.fill("#name", "Ada")
	tb.click("#signup-form button[type=submit]")
	tb.focused("email")
	p := tb.signUp("ada@example.com", "2015550101")
	tb.see("#help-heading")
	for _, hidden := range []string{".needs-script", "#notify", ".way"} {
		tb.is(fmt.Sprintf(`[...document.querySelectorAll(%q)].every((e) => !e.checkVisibility())`, hidden))
	}
	tb.is(`document.querySelector("meta[http-equiv=refresh]") !== null`)
	first := p.pending()
	tb.click("[data-help] form[action='/login/resend'] button")
	tb.see(".notice")
	p.withdrawn(first.UUID)
	p.answer("approve")
	tb.see("section[data-state=approved]")
	tb.click("[data-state=approved] button")
	tb.at("/protected")
	tb.is(`[...document.querySelectorAll("[data-reveal]")].every((e) => !e.checkVisibility())`)
}
