package e2e

import (
	"fmt"
	"path"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
)

// Whatever is missing in the browser, the page ends right by itself or says in
// words what to do.

// without are scripts that take something away from every page.
var without = []struct{ name, script string }{
	{"AbortSignal.timeout", `delete AbortSignal.timeout`},
	{"AbortController", `delete window.AbortController`},
	{"WebSocket", `delete window.WebSocket`},
	{"WebSocket and EventSource", `delete window.WebSocket; delete window.EventSource`},
	{"a WebSocket that does not throw", `window.WebSocket = class { constructor() { throw new Error("refused"); } }`},
	{"sockets and streams that do not throw", `window.WebSocket = window.EventSource = class { constructor() { throw new Error("refused"); } }`},
	{"fetch", `delete window.fetch`},
	{"a fetch that gets through", `window.fetch = () => Promise.reject(new TypeError("Failed to fetch"))`},
	{"fetch, WebSocket and EventSource", `delete window.fetch; delete window.WebSocket; delete window.EventSource`},
	{"a fetch, a WebSocket and an EventSource that get through", `
		window.fetch = () => Promise.reject(new TypeError("Failed to fetch"));
		window.WebSocket = window.EventSource = class { constructor() { throw new Error("refused"); } }`},
	{"crypto", `Object.defineProperty(window, "crypto", {value: undefined})`},
	{"storage", `for (const name of ["localStorage", "sessionStorage"]) Object.defineProperty(window, name, {get() { throw new Error("blocked"); }})`},
	{"performance.now", `performance.now = undefined`}, // the modules throw
	{"URL", `delete window.URL`},
}

func TestATapLetsInWhateverTheBrowserLacks(t *testing.T) {
	story(t)
	n := startNod(t)
	for i, missing := range without {
		t.Run(missing.name, func(t *testing.T) {
			p := n.account(fmt.Sprintf("ada%d@example.com", i), fmt.Sprintf("20155501%02d", i))
			tb := n.person().tab()
			tb.t = t
			tb.early(missing.script)
			tb.expect("exception") // thrown on purpose
			tb.signIn(p.Email)
			tb.is(`!document.getElementById("badge") || document.getElementById("badge").innerText.trim() !== "connecting…"`)
			p.answer("approve")
			tb.at("/protected")
		})
	}
}

func TestATransferIsSentWhateverTheBrowserLacks(t *testing.T) {
	story(t)
	n := startNod(t)
	for i, missing := range without {
		t.Run(missing.name, func(t *testing.T) {
			tb := n.person().tab()
			tb.t = t
			p := tb.signedIn(fmt.Sprintf("ada%d@example.com", i), fmt.Sprintf("20155501%02d", i))
			tb.early(missing.script)
			tb.expect("exception")
			tb.askForTransfer("Grace Hopper", "120.50")
			tb.newest("awaiting")
			p.answer("approve")
			tb.newest("executed")
		})
	}
}

// A file of the page does not load: a restart at that moment, a lossy network,
// a filter. The page without scripts takes over, and the scripts get another
// chance.
func TestAScriptThatDoesNotLoad(t *testing.T) {
	story(t)
	n, proxy := behindProxy(t)
	for i, file := range []string{"approval.js", "listen.js", "confirm.js", "countdown.js"} {
		t.Run(file, func(t *testing.T) {
			p := n.account(fmt.Sprintf("ada%d@example.com", i), fmt.Sprintf("20155501%02d", i))
			tb := n.person().tab()
			tb.t = t
			tb.expect("ERR_")
			proxy.lose(func(requested string) bool { return requested == "/static/"+file })
			tb.signIn(p.Email)
			tb.is(`location.search.startsWith("?plain=")`)
			tb.is(`document.getElementById("badge").innerText.trim() === "asking every 5 s"`)
			tb.see("#help-heading")
			if i == 0 {
				p.answer("deny")
				tb.heading(words("approval.denied.title"))
				proxy.lose(func(string) bool { return false })
				return
			}
			if i == 1 {
				proxy.lose(func(string) bool { return false })
				tb.transport("socket")
			}
			p.answer("approve")
			tb.at("/protected")
			proxy.lose(func(string) bool { return false })
		})
	}
}

// No script loads at all, in a browser that runs scripts: nothing but the page
// itself can say so.
func TestNoScriptLoads(t *testing.T) {
	story(t)
	n, proxy := behindProxy(t)
	p := n.account("ada@example.com", "2015550101")
	proxy.lose(func(requested string) bool { return path.Ext(requested) == ".js" })
	tb := n.person().tab()
	tb.expect("ERR_")
	tb.signIn(p.Email)
	tb.is(`getComputedStyle(document.querySelector("[data-message=no-script]")).visibility === "visible"`)
	tb.is(`getComputedStyle(document.getElementById("badge")).visibility === "hidden"`)
	tb.is(`getComputedStyle(document.querySelector(".countdown")).visibility === "hidden"`)
	tb.accessible("no script loads")
	tb.click("[data-message=no-script] a")
	tb.is(`location.search.startsWith("?plain=")`)
	p.answer("approve")
	tb.heading("Approved")
	tb.is(says(`document.querySelector("section[data-state=approved]").innerText`, "approval.approved.text_plain"))
	tb.click("[data-state=approved] button")
	tb.at("/protected")
}

func TestTheBadgeAfterAnOutage(t *testing.T) {
	story(t)
	n := startNod(t)
	tb := n.person().tab()
	tb.expect("WebSocket connection", "ERR_INTERNET_DISCONNECTED", "ERR_NETWORK")
	p := tb.signUp("ada@example.com", "2015550101")
	tb.transport("socket")
	tb.offline(true)
	tb.transport("lost")
	tb.offline(false)
	tb.transport("socket")
	p.answer("deny")
	tb.heading(words("approval.denied.title"))
}

func TestTheCodePageHearsTheTap(t *testing.T) {
	story(t)
	n := startNod(t)
	for i, test := range []struct{ answer, path, heading string }{
		{"approve", "/protected", "Welcome, Ada Lovelace"},
		{"deny", "/login/approval", words("approval.denied.title")},
	} {
		tb := n.person().tab()
		p := tb.signUp(fmt.Sprintf("ada%d@example.com", i), fmt.Sprintf("20155501%02d", i))
		tb.open("/verify-token")
		p.answer(test.answer)
		tb.at(test.path)
		tb.heading(test.heading)
	}
}

// The browser's clock is set back while the page waits.
func TestTheClockIsSetBack(t *testing.T) {
	story(t)
	n := startNod(t)
	tb := n.person().tab()
	tb.early(`{
		const now = Date.now;
		let set = 0;
		Date.now = () => now() + set;
		window.setClock = (ms) => { set += ms; };
	}`)
	p := tb.signUp("ada@example.com", "2015550101")
	tb.transport("socket")
	tb.is(`document.getElementById("countdown").textContent.startsWith("9:")`)
	eval[bool](tb, `(setClock(-3600e3), window.shown = document.getElementById("countdown").textContent, true)`)
	tb.is(`document.getElementById("countdown").textContent !== window.shown`)
	tb.is(`/^[5-9]:/.test(document.getElementById("countdown").textContent)`)
	p.answer("approve")
	tb.at("/protected")
}

// Who blocks cookies is told so before and after sending a form.
func TestCookiesAreBlocked(t *testing.T) {
	story(t)
	n, proxy := behindProxy(t)
	proxy.noCookies.Store(true)
	tb := n.person().tab()
	call(tb, emulation.SetDocumentCookieDisabled, emulation.SetDocumentCookieDisabledParams{Disabled: true})
	tb.expect("403")
	tb.open("/login")
	tb.see("#no-cookies")
	tb.accessible("cookies blocked")
	tb.givePassword("ada@example.com")
	tb.heading("Your browser sent no cookie")
	tb.accessible("no cookie")
	tb.open("/signup")
	tb.see("#no-cookies")
	if text := tb.text("#no-cookies"); !strings.Contains(text, "Allow cookies") {
		t.Errorf("the page says %q", text)
	}
}
