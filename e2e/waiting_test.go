package e2e

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// A waiting page never gets stuck: each transport, each way to lose it, each
// way back.

// restrict leaves the proxy's visitors one transport, and opens a tab.
func restrict(t *testing.T, n *nod, p *proxy, transport string) *tab {
	t.Helper()
	p.dropUpgrades.Store(transport != "socket")
	p.holdStreams.Store(transport == "poll")
	tb := n.person().tab()
	// Chromium reports each transport that fails, and each early confirmation.
	tb.expect("WebSocket connection", "ERR_", "502", "409", "401")
	return tb
}

var badges = map[string]string{"socket": "live", "stream": "live", "poll": "asking every 2 s"}

// outcomes are the ways in which a wait ends, but by time.
var outcomes = map[string]func(w *waiting){
	"approved": func(w *waiting) {
		tb := w.wait()
		if w.transport != "socket" {
			tb.accessible("waiting by " + w.transport)
		}
		w.phone.answer("approve")
		tb.at("/protected")
	},
	"denied": func(w *waiting) {
		tb := w.wait()
		w.phone.answer("deny")
		tb.heading(words("approval.denied.title"))
	},
	"cancelled": func(w *waiting) {
		tb := w.wait()
		other := w.beside(tb)
		other.open("/login/approval")
		other.click("#cancel-form button")
		other.at("/login")
		tb.is(`location.pathname === "/login" || document.querySelector("h1").innerText.includes("cancelled")`)
	},
	"taken over, and a code": func(w *waiting) {
		tb := w.wait()
		newer := w.wait()
		tb.heading("A newer sign‑in took over")
		other := w.beside(newer) // the code page listens, too
		other.open("/verify-token")
		other.enterToken(w.phone.token)
		newer.at("/protected")
	},
}

// Each outcome arrives, and a tap by each transport; make long tries all by all.
func TestEveryOutcomeArrivesByEveryTransport(t *testing.T) {
	story(t)
	n, proxy := behindProxy(t)
	for i, transport := range []string{"socket", "stream", "poll"} {
		proxy.dropUpgrades.Store(false)
		proxy.holdStreams.Store(false)
		email := transport + "@example.com"
		w := &waiting{nod: n, proxy: proxy, transport: transport, email: email, phone: n.account(email, fmt.Sprintf("20155501%02d", i+1))}
		for j, outcome := range slices.Sorted(maps.Keys(outcomes)) {
			if outcome == "approved" || all() || j == i+1 {
				outcomes[outcome](w)
			}
		}
	}
}

// waiting is a person who can be told by one transport alone.
type waiting struct {
	nod       *nod
	proxy     *proxy
	transport string
	email     string
	phone     phone
}

// wait signs in as far as the waiting page.
func (w *waiting) wait() *tab {
	w.nod.t.Helper()
	w.nod.liftLimits()
	tb := restrict(w.nod.t, w.nod, w.proxy, w.transport)
	tb.signIn(w.email)
	tb.transport(w.transport)
	if got := tb.text("#badge"); got != badges[w.transport] {
		w.nod.t.Errorf("the badge says %q, want %q", got, badges[w.transport])
	}
	return tb
}

// beside is another tab of the same browser.
func (w *waiting) beside(tb *tab) *tab {
	other := (&person{t: w.nod.t, nod: w.nod, ctx: tb.ctx}).tab()
	other.expect("WebSocket connection", "ERR_", "502")
	return other
}

// The server's clock ends a request, and the page learns it.
func TestExpiryArrivesByEveryTransport(t *testing.T) {
	story(t)
	n, proxy := behindProxy(t)
	number := 0
	for _, transport := range []string{"socket", "stream", "poll"} {
		n.withTTL(8*time.Second, func() (inTime bool) {
			number++
			tb := restrict(t, n, proxy, transport)
			tb.signUp(fmt.Sprintf("ada%d@example.com", number), fmt.Sprintf("20155501%02d", number))
			inTime = tb.listensInTime(transport)
			tb.heading(words("approval.expired.title"))
			return inTime
		})
	}
}

func TestTheSocketComesBackWhenItCan(t *testing.T) {
	story(t)
	n, proxy := behindProxy(t)
	tb := restrict(t, n, proxy, "stream")
	tb.signUp("ada@example.com", "2015550101")
	tb.transport("stream")
	proxy.dropUpgrades.Store(false)
	eval[bool](tb, `dispatchEvent(new Event("online"))`)
	tb.transport("socket")
	n.phoneOf("ada@example.com").answer("approve")
	tb.at("/protected")
}

func TestAProxyThatCutsIdleConnections(t *testing.T) {
	story(t)
	n, proxy := behindProxy(t)
	tb := n.person().tab()
	tb.expect("WebSocket connection", "ERR_")
	p := tb.signUp("ada@example.com", "2015550101")
	tb.transport("socket")
	for range 2 {
		before := proxy.sockets.Load()
		proxy.wire.cut()
		eventually(t, "the page opens another socket", func() bool { return proxy.sockets.Load() > before })
		tb.transport("socket")
	}
	p.answer("approve")
	tb.at("/protected")
}

func TestOffline(t *testing.T) {
	story(t)
	n := startNod(t)
	tb := n.person().tab()
	// A confirmation whose reply is lost with the network is sent again. If the
	// first one counted, the second is rejected, and the page recovers. A question
	// that was on its way beside the confirmation finds the old cookie dead (401).
	tb.expect("WebSocket connection", "ERR_INTERNET_DISCONNECTED", "ERR_NETWORK", "403", "401")
	p := tb.signUp("ada@example.com", "2015550101")
	tb.transport("socket")
	tb.offline(true)
	tb.transport("lost")
	tb.accessible("no network")
	p.answer("approve")
	tb.offline(false)
	tb.at("/protected")
}

func TestARestartInTheMiddle(t *testing.T) {
	story(t)
	n := startNod(t)
	ada := n.person()
	tb, hand := ada.tab(), ada.tab()
	// A process that is about to stop refuses those who still come.
	tb.expect("WebSocket connection", "ERR_", "503")
	hand.expect("WebSocket connection", "ERR_", "503")
	p := tb.signUp("ada@example.com", "2015550101")
	tb.transport("socket")
	hand.openPhone(p)
	hand.see(".request")
	n.restart()
	tb.transport("socket")
	tb.heading("Tap Approve on your phone")
	hand.click(".request [data-answer=approve]")
	tb.at("/protected")
	n.restart()
	tb.open("/protected")
	tb.at("/protected")
}

// A socket died and neither end noticed: the page finds out when it becomes
// visible.
func TestADeadSocket(t *testing.T) {
	story(t)
	n, proxy := behindProxy(t)
	tb := n.person().tab()
	tb.expect("WebSocket connection", "ERR_")
	p := tb.signUp("ada@example.com", "2015550101")
	tb.transport("socket")
	proxy.wire.die()
	p.answer("deny")
	eval[bool](tb, `document.dispatchEvent(new Event("visibilitychange"))`)
	tb.heading(words("approval.denied.title"))
}

func TestTheBackButton(t *testing.T) {
	story(t)
	n := startNod(t)
	tb := n.person().tab()
	p := tb.signUp("ada@example.com", "2015550101")
	tb.transport("socket")
	tb.click(".brand")
	tb.at("/")
	tb.see("main a[href='/login/approval']")
	p.answer("deny")
	run(tb, "back", chromedp.NavigateBack())
	tb.heading(words("approval.denied.title"))
}

func TestReloadsAndBookmarks(t *testing.T) {
	story(t)
	n := startNod(t)
	ada := n.person()
	first, second := ada.tab(), ada.tab()
	// Both tabs receive the approval and confirm it. The second confirmation is
	// rejected, and that tab finds itself signed in by the first.
	first.expect("403", "401", "409")
	second.expect("403", "401", "409")
	p := first.signUp("ada@example.com", "2015550101")
	first.transport("socket")
	number := first.text("#number")
	run(first, "reload", chromedp.Reload())
	first.transport("socket")
	if got := first.text("#number"); got != number {
		t.Errorf("the reload shows number %s, want %s", got, number)
	}
	second.open("/login/approval")
	second.transport("socket")
	if got := len(p.requests()); got != 1 {
		t.Errorf("%d requests were made, want 1", got)
	}
	p.answer("approve")
	first.at("/protected")
	second.at("/protected")
	second.open("/login/approval") // a bookmark, while signed in
	second.at("/protected")
	second.click("#logout-form button")
	second.at("/")
	second.open("/login/approval") // and while signed out
	second.at("/login")
	run(first, "reload", chromedp.Reload())
	first.at("/login")
}

func TestHelpAfterAWhile(t *testing.T) {
	story(t)
	n := startNod(t)
	tb := n.person().tab()
	tb.expect("409")
	p := tb.signUp("ada@example.com", "2015550101")
	tb.transport("socket")
	older := p.pending()
	tb.see("[data-help]")
	tb.accessible("help")
	tb.click("[data-help] form[action='/login/resend'] button")
	tb.see(".notice")
	tb.transport("socket")
	newer := p.pending()
	if newer.UUID == older.UUID {
		t.Fatal("nothing was sent again")
	}
	p.withdrawn(older.UUID)
	tb.see("#confirm-form button") // with the help, or where the page does not go on by itself
	tb.click("#confirm-form button")
	tb.see("[data-message=not-yet]")
	p.tap(newer.UUID, "approve")
	tb.at("/protected")
}

// The callback never arrives: "I’ve approved it" asks the provider.
func TestIHaveApprovedIt(t *testing.T) {
	story(t)
	n := startNod(t)
	tb := n.person().tab()
	n.json("POST", "/faults", map[string]string{"callback": "never"}, nil)
	p := tb.signUp("ada@example.com", "2015550101")
	tb.transport("socket")
	p.answer("approve")
	tb.see("#confirm-form button") // with the help, or where the page does not go on by itself
	tb.click("#confirm-form button")
	tb.at("/protected")
}

func TestTheAccountIsClosedElsewhere(t *testing.T) {
	story(t)
	n, proxy := behindProxy(t)
	for i, transport := range []string{"socket", "stream", "poll"} {
		tb := n.person().tab()
		tb.expect("422", "WebSocket connection") // its page listens, too
		p := tb.signedIn(transport+"@example.com", fmt.Sprintf("20155501%02d", i))
		waiting := restrict(t, n, proxy, transport)
		waiting.signIn(p.Email)
		waiting.transport(transport)
		tb.click("#close-account summary")
		tb.fill("#close_password", "not the password")
		tb.click("#close-account .danger")
		tb.see("#close_password-error")
		if i == 0 {
			tb.accessible("wrong password for closing")
		}
		tb.fill("#close_password", password)
		tb.click("#close-account .danger")
		tb.at("/")
		tb.see(".notice.success")
		waiting.heading(words("approval.account_closed.title"))
		if i == 0 {
			waiting.accessible("account closed")
		}
		proxy.dropUpgrades.Store(false)
		proxy.holdStreams.Store(false)
	}
}

// Another tab of the same browser begins a new sign-in. The first tab then
// waits for the newer request, and either tab can finish.
func TestASecondSignInInTheSameBrowser(t *testing.T) {
	story(t)
	n := startNod(t)
	p := n.account("ada@example.com", "2015550101")
	ada := n.person()
	first, second := ada.tab(), ada.tab()
	first.expect("403", "401", "WebSocket connection")
	second.expect("403", "401")
	first.signIn(p.Email)
	first.transport("socket")
	second.open("/")
	second.click("#logout-form button")
	second.see(".notice.success")
	second.signIn(p.Email)
	second.transport("socket")
	number := second.text("#number")
	second.open("about:blank")
	first.open("/login/approval") // back to the first tab
	first.transport("socket")
	if got := first.text("#number"); got != number {
		t.Errorf("the page shows number %s, want that of the newer sign-in, %s", got, number)
	}
	// The form of an older sign-in is rejected, and the page recovers.
	eval[bool](first, `document.querySelector("#confirm-form [name=_csrf]").value = "of-the-one-before", true`)
	p.answer("approve")
	first.at("/protected")
}
