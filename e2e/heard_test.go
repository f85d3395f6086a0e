package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"nod/locales"
)

// What axe cannot see: where the focus is, and what was said, in order.

// hears records what the live regions of every page say.
func (tb *tab) hears() {
	tb.t.Helper()
	tb.early(`document.addEventListener("readystatechange", () => {
		// The page is parsed, and none of its modules has run: on a slow machine one
		// may speak before DOMContentLoaded.
		if (document.readyState !== "interactive") return;
		const text = (region) => region.closest("[hidden]") ? "" : region.textContent.trim().replace(/\s+/g, " ");
		const regions = () => document.querySelectorAll("[role=status], [role=alert]");
		const before = new Map([...regions()].map((region) => [region, text(region)]));
		window.said = [];
		new MutationObserver(() => {
			for (const region of regions()) {
				const now = text(region);
				if (now === before.get(region)) continue;
				before.set(region, now);
				if (now) window.said.push(now);
			}
		}).observe(document.documentElement, {subtree: true, childList: true, characterData: true, attributes: true});
	})`)
}

// said is what was said since the page has loaded, or since it was asked last.
func (tb *tab) said() []string {
	tb.t.Helper()
	return eval[[]string](tb, `window.said.splice(0)`)
}

// waitToHear waits until something is said.
func (tb *tab) waitToHear(what string) {
	tb.t.Helper()
	tb.is(fmt.Sprintf(`window.said.includes(%q)`, what))
}

// focused waits until the focus is on an element with an id.
func (tb *tab) focused(id string) {
	tb.t.Helper()
	tb.is(fmt.Sprintf(`document.activeElement?.id === %q`, id))
}

const sentenceShown = `[...document.querySelectorAll("[data-sentence]")].find((e) => e.checkVisibility())?.innerText.trim().replace(/\s+/g, " ")`

// Every end of a wait moves the focus from what is gone to the heading, and says the
// sentence, once.
func TestEveryEndIsHeard(t *testing.T) {
	story(t)
	n := startNod(t)
	for i, end := range []struct {
		state string
		begin func(t *testing.T, email, number string) (p phone, end func()) // an account, and what ends its wait
	}{
		{"denied", func(t *testing.T, email, number string) (phone, func()) {
			p := n.account(email, number)
			return p, func() { p.answer("deny") }
		}},
		{"cancelled-superseded", func(t *testing.T, email, number string) (phone, func()) {
			p, other := n.account(email, number), n.person().tab()
			other.t = t
			return p, func() { other.signIn(email) }
		}},
		{"signed_out-account_closed", func(t *testing.T, email, number string) (phone, func()) {
			owner := n.person().tab()
			owner.t = t
			owner.expect("WebSocket connection", "401") // the socket of a page that signs out
			p := owner.signedIn(email, number)
			return p, func() {
				owner.open("/protected?open=close")
				owner.fill("#close_password", password)
				owner.click("#close-account .danger")
			}
		}},
	} {
		t.Run(end.state, func(t *testing.T) {
			p, bring := end.begin(t, fmt.Sprintf("ada%d@example.com", i), fmt.Sprintf("20155501%02d", i))
			tb := n.person().tab()
			tb.t = t
			tb.hears()
			tb.signIn(p.Email)
			tb.transport("socket")
			tb.said()
			eval[bool](tb, `(document.querySelector("#cancel-form button").focus(), true)`)
			bring()
			tb.is(fmt.Sprintf(`document.getElementById("approval").dataset.now === %q`, end.state))
			tb.focused("state-heading")
			tb.is(`document.querySelector("link[rel=icon]").href.endsWith("favicon-no.svg")`)
			tb.is(`document.title.startsWith(document.getElementById("state-heading").innerText.trim())`)
			sentence := eval[string](tb, sentenceShown)
			tb.waitToHear(sentence)
			if got := tb.said(); !slices.Equal(got, []string{sentence}) {
				t.Errorf("heard %q, want %q", got, sentence)
			}
		})
	}
}

// A wait as it is heard: the connection is lost and comes back, help is offered, the
// time runs out.
func TestAWaitIsHeard(t *testing.T) {
	story(t)
	n := startNod(t, "APPROVAL_TTL=30s")
	tb := n.person().tab()
	tb.expect("WebSocket connection", "ERR_INTERNET_DISCONNECTED", "ERR_NETWORK")
	tb.hears()
	tb.signUp("ada@example.com", "2015550101")
	tb.transport("socket")
	tb.said()
	lost := eval[string](tb, `document.querySelector(".way[data-way=lost]").textContent.trim()`)
	tb.offline(true)
	tb.waitToHear(lost)
	tb.offline(false)
	back := eval[string](tb, `document.getElementById("approval").dataset.back`)
	tb.waitToHear(back)
	soon := eval[string](tb, `document.getElementById("approval").dataset.soon`)
	tb.waitToHear(soon)
	help := eval[string](tb, `document.getElementById("help-heading").textContent.trim()`)
	tb.waitToHear(help)
	eval[bool](tb, `(document.querySelector("#cancel-form button").focus(), true)`)
	tb.is(`document.getElementById("approval").dataset.now === "expired"`)
	tb.focused("state-heading")
	sentence := eval[string](tb, sentenceShown)
	tb.waitToHear(sentence)
	got := tb.said()
	// On a slow machine help may be offered before the connection is back.
	for _, pair := range [][2]string{{lost, back}, {soon, sentence}, {help, sentence}} {
		if slices.Index(got, pair[0]) >= slices.Index(got, pair[1]) {
			t.Errorf("heard %q, want %q before %q", got, pair[0], pair[1])
		}
	}
}

// A page that is open hears when the phone may be asked again, as one that is loaded says.
func TestAnOpenPageHearsWhenToAskAgain(t *testing.T) {
	story(t)
	n := startNod(t)
	ada := n.person()
	tb, other := ada.tab(), ada.tab()
	tb.signUp("ada@example.com", "2015550101")
	tb.transport("socket")
	n.json(http.MethodPost, "/faults", map[string]any{"api": "rate_limit", "retry_after_s": 270}, nil)
	other.open("/login/approval")
	eval[bool](other, `(document.querySelector("form[action='/login/resend']").requestSubmit(), true)`)
	tb.is(`document.getElementById("approval").dataset.now === "cancelled-rate_limited"`)
	heard := eval[string](tb, sentenceShown)
	tb.accessible("when to ask again")
	tb.open("/login/approval")
	if loaded := eval[string](tb, sentenceShown); heard != loaded || !strings.ContainsAny(heard, "0123456789") {
		t.Errorf("heard %q, loaded %q", heard, loaded)
	}
}

// The ends of the waits for a change of the account, and what was done.
func TestWhatBecomesOfAChangeIsHeard(t *testing.T) {
	story(t)
	n := startNod(t)
	tb := n.person().tab()
	tb.expect("404")
	p := tb.signedIn("ada@example.com", "2015550101")
	tb.hears()
	tb.open("/account/phone")
	tb.fill("#phone_number", "2015550177")
	tb.click("#phone-form button[type=submit]")
	tb.see("#number")
	p.answer("deny")
	tb.is(`document.querySelector("#change .change-number, #change #number") === null && document.activeElement.matches("h1")`)
	tb.click("form[action='/account/phone/stop'] button")
	tb.at("/protected")
	tb.waitToHear(tb.text("main > .notice"))

	tb = n.person().tab()
	tb.expect("404")
	p = tb.signedIn("grace@example.com", "2015550102")
	n.grownOld()
	tb.open("/account/confirm?to=%2Faccount%2Fpassword")
	tb.click("#change-ask button")
	tb.see("#number")
	p.answer("deny")
	tb.is(`document.querySelector("#change").dataset.status === "denied" && document.activeElement.matches("h1")`)
}

// Without a network "I’ve approved it" says so; nothing scolds once it is back.
func TestIHaveApprovedItWithoutANetwork(t *testing.T) {
	story(t)
	n := startNod(t)
	tb := n.person().tab()
	tb.expect("WebSocket connection", "ERR_INTERNET_DISCONNECTED", "ERR_NETWORK", "401", "403")
	p := tb.signUp("ada@example.com", "2015550101")
	tb.transport("socket")
	tb.offline(true)
	tb.transport("lost")
	eval[bool](tb, `(document.getElementById("confirm-form").requestSubmit(), true)`)
	tb.see("[data-message=no-answer]")
	tb.is(`!document.querySelector("[data-message=not-yet]").checkVisibility()`)
	tb.accessible("approved without a network")
	p.answer("approve")
	tb.offline(false)
	tb.at("/protected")
}

// In the background the tab shows the end in its icon, and in a notification if one
// was asked for.
func TestTheEndInABackgroundTab(t *testing.T) {
	story(t)
	n := startNod(t)
	tb := n.person().tab()
	tb.early(`
		window.told = [];
		window.Notification = class { constructor(title, { body }) { window.told.push([title, body]); } };
		window.Notification.permission = "default";
		window.Notification.requestPermission = async () => { window.asked = true; return "granted"; };
		Object.defineProperty(document, "visibilityState", { get: () => window.behind ? "hidden" : "visible" });`)
	p := tb.signUp("ada@example.com", "2015550101")
	tb.transport("socket")
	if eval[bool](tb, `window.asked === true`) {
		t.Fatal("the page asks for permission by itself")
	}
	tb.click("#notify")
	tb.is(`window.asked && !document.getElementById("notify").checkVisibility() && document.getElementById("notify-said").textContent !== ""`)
	tb.accessible("a notification is asked for")
	eval[bool](tb, `window.behind = true`)
	p.answer("deny")
	tb.is(`window.told.length === 1 && window.told[0][0] === document.querySelector("h1").innerText.trim() && window.told[0][1] !== ""`)
	tb.is(`document.querySelector("link[rel=icon]").href.endsWith("/static/favicon-no.svg")`)
}

// A form that comes back has the focus in the first field that is wrong, where its
// sentence describes it; the title says so.
func TestEveryErrorIsHeard(t *testing.T) {
	story(t)
	n := startNod(t)
	tb := n.person().tab()
	tb.expect("422", "429", "409")
	p := tb.signedIn("ada@example.com", "2015550101")
	in := n.person().tab() // signed in, to a form each
	in.expect("422", "429", "409")
	in.signIn(p.Email)
	in.transport("socket")
	p.answer("approve")
	in.at("/protected")
	half := n.person().tab()
	half.expect("422", "429")
	half.signUp("grace@example.com", "2015550102")

	out := n.person().tab()
	out.expect("422", "429")
	for _, form := range []struct {
		name   string
		tab    *tab
		path   string
		fields map[string]string
		send   string
		field  string // where the focus is
		listed bool   // whether a list stands above the form
	}{
		{"nothing typed", out, "/login", nil, "#login-form button[type=submit]", "email", true},
		{"wrong password", out, "/login", map[string]string{"email": p.Email, "password": "not the password"}, "#login-form button[type=submit]", "password", true},
		{"sign-up, several", out, "/signup", map[string]string{"email": "ada"}, "#signup-form button[type=submit]", "name", true},
		{"sign-up, one", out, "/signup", map[string]string{"name": "Ada", "email": "ada@example.com", "password": password, "phone_number": "12"}, "#signup-form button[type=submit]", "phone_number", false},
		{"forgotten, malformed", out, "/forgot", map[string]string{"email": p.Email, "recovery": "abc"}, "#forgot-form button[type=submit]", "recovery", false},
		{"forgotten, wrong", out, "/forgot", map[string]string{"email": p.Email, "recovery": "0000-0000-0000-0000"}, "#forgot-form button[type=submit]", "recovery", true},
		{"wrong code", half, "/verify-token", map[string]string{"token": "0000000"}, "#token-form button[type=submit]", "token", false},
		{"no code", half, "/verify-token", map[string]string{"token": "abc"}, "#token-form button[type=submit]", "token", false},
		{"wrong recovery code", half, "/verify-token", map[string]string{"recovery": "0000-0000-0000-0000"}, "#recovery-form button[type=submit]", "recovery", false},
		{"wrong number", half, "/login/number", map[string]string{"phone_number": "12"}, "#number-form button[type=submit]", "phone_number", false},
		{"wrong current password", in, "/protected?open=password", map[string]string{"current": "not it", "password": "seven purple lanterns drift"}, "#password-form .primary", "current", false},
		{"weak new password", in, "/protected?open=password", map[string]string{"current": password, "password": "password"}, "#password-form .primary", "password", false},
		{"closing", in, "/protected?open=close", map[string]string{"close_password": "not it"}, "#close-account .danger", "close_password", false},
		{"transfer", in, "/protected", map[string]string{"payee": "Grace", "amount": "much"}, "#transfer-form button[type=submit]", "amount", false},
		{"not me", in, "/account/not-me", map[string]string{"current": "not it", "password": "seven purple lanterns drift"}, "#password-form .primary", "current", false},
		{"another phone", in, "/account/phone", map[string]string{"phone_number": "12"}, "#phone-form button[type=submit]", "phone_number", false},
	} {
		form.tab.failsAt(t, form.name, form.path, form.fields, form.send, form.field, form.listed)
	}
	in.open("/protected")
	in.click("#add-authenticator button")
	in.see(".qr-code")
	in.fill("#token", "000000")
	in.sends("#prove-form button[type=submit]")
	in.wrongAt("app", "token", false)
}

// failsAt fills a form wrongly and sends it.
func (tb *tab) failsAt(t *testing.T, name, path string, fields map[string]string, send, field string, listed bool) {
	t.Helper()
	tb.open(path)
	for id, text := range fields {
		tb.fill("#"+id, text)
	}
	tb.sends(send)
	tb.wrongAt(name, field, listed)
}

// sends presses a button, and waits for the page that answers.
func (tb *tab) sends(button string) {
	tb.t.Helper()
	eval[bool](tb, `document.documentElement.dataset.sent = true`)
	tb.click(button)
	tb.is(`!document.documentElement.dataset.sent && document.readyState === "complete"`)
}

func (tb *tab) wrongAt(name, field string, listed bool) {
	tb.t.Helper()
	tb.is(`document.readyState === "complete" && document.activeElement !== document.body`)
	got := eval[string](tb, `document.activeElement.id`)
	if got != field {
		tb.t.Errorf("%s: the focus is on %q, want %q", name, got, field)
	}
	described := eval[string](tb, `(document.activeElement.getAttribute("aria-describedby") ?? "").split(" ").map((id) =>
		document.getElementById(id)).filter((e) => e?.matches(".error, .summary")).map((e) => e.innerText).join(" ")`)
	if strings.TrimSpace(described) == "" {
		tb.t.Errorf("%s: the field is described by no error", name)
	}
	if got := eval[bool](tb, `document.getElementById("error-summary") !== null`); got != listed {
		tb.t.Errorf("%s: there is a list: %v, want %v", name, got, listed)
	}
	if got := eval[string](tb, `document.title`); !strings.HasPrefix(got, errorTitle(tb.t)) {
		tb.t.Errorf("%s: the title is %q", name, got)
	}
}

// errorTitle is how the titles of pages with an error begin.
func errorTitle(t *testing.T) string {
	t.Helper()
	words, err := locales.New()
	must(t, err)
	before, _, _ := strings.Cut(words.English().Text("layout.title_errors", "title", "\x00"), "\x00")
	return before
}

// Five wrong passwords: the page keeps the e-mail, says why, and is the form itself.
func TestFiveWrongPasswords(t *testing.T) {
	story(t)
	n := startNod(t)
	tb := n.person().tab()
	tb.expect("422", "429")
	fields := map[string]string{"email": "ada@example.com", "password": "not a password of hers"}
	for range 6 {
		tb.failsAt(t, "again", "/login", fields, "#login-form button[type=submit]", "password", true)
		tb.is(`document.getElementById("email").value === "ada@example.com"`)
	}
	tb.see("#proof")
}
