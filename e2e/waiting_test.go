package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// The stories of a wait that cannot get stuck: every way to hear, every way
// to lose it, every way back.

// onWay begins a sign-in whose page hears by the way.
func onWay(t *testing.T, n *nod, p *proxy, way string) *tab {
	t.Helper()
	p.eatUpgrades.Store(way != "socket")
	p.holdStreams.Store(way == "poll")
	tb := n.person().tab()
	// Chromium itself tells of each way that fails, and of early answers.
	tb.expect("WebSocket connection", "ERR_", "502", "409", "401")
	return tb
}

var badges = map[string]string{"socket": "live", "stream": "live by stream", "poll": "asking every 2 s"}

func TestEveryEndIsToldOnEveryWay(t *testing.T) {
	story(t)
	n, proxy := behindProxy(t, 0)
	number := 0
	for _, way := range []string{"socket", "stream", "poll"} {
		proxy.eatUpgrades.Store(false)
		proxy.holdStreams.Store(false)
		number++
		email := way + "@example.com"
		p := n.account(email, fmt.Sprintf("20155501%02d", number))
		wait := func() *tab {
			tb := onWay(t, n, proxy, way)
			tb.signIn(email)
			tb.way(way)
			if got := tb.text("#badge"); got != badges[way] {
				t.Errorf("the badge says %q, want %q", got, badges[way])
			}
			return tb
		}

		tb := wait()
		if way != "socket" {
			tb.accessible("waiting by " + way)
		}
		p.answer("approve")
		tb.at("/protected")

		tb = wait()
		p.answer("deny")
		tb.heading("Denied on your phone")

		tb = wait()
		other := (&person{t: t, nod: n, ctx: tb.ctx}).tab()
		other.expect("WebSocket connection", "ERR_", "502")
		other.open("/login/approval")
		other.click("#cancel-form button")
		other.at("/login")
		tb.is(`location.pathname === "/login" || document.querySelector("h1").innerText.includes("cancelled")`)

		tb = wait()
		newer := wait()
		tb.heading("A newer sign-in took over")

		other = (&person{t: t, nod: n, ctx: newer.ctx}).tab()
		other.open("/verify-token")
		other.enter(p.token())
		newer.at("/protected")
	}
}

// expired, on every way: the server's clock ends it.
func TestExpiryIsToldOnEveryWay(t *testing.T) {
	story(t)
	n, proxy := behindProxy(t, 0, "APPROVAL_TTL=8s")
	for i, way := range []string{"socket", "stream", "poll"} {
		tb := onWay(t, n, proxy, way)
		tb.signUp(way+"@example.com", fmt.Sprintf("20155501%02d", i))
		tb.way(way)
		tb.heading("Request expired")
	}
}

func TestTheSocketComesBackWhereItCan(t *testing.T) {
	story(t)
	n, proxy := behindProxy(t, 0)
	tb := onWay(t, n, proxy, "stream")
	tb.signUp("ada@example.com", "2015550101")
	tb.way("stream")
	proxy.eatUpgrades.Store(false)
	eval[bool](tb, `dispatchEvent(new Event("online"))`)
	tb.way("socket")
	n.phoneOf("ada@example.com").answer("approve")
	tb.at("/protected")
}

func TestAProxyThatCutsIdleConnections(t *testing.T) {
	story(t)
	// Longer than the slowest answer takes on a busy machine: a sign-up that is
	// cut off would be sent again by Chromium.
	n, _ := behindProxy(t, 8*time.Second)
	tb := n.person().tab()
	tb.expect("WebSocket connection", "ERR_")
	p := tb.signUp("ada@example.com", "2015550101")
	tb.way("socket")
	for range 2 {
		// The badge leaves "live" when the line is cut, and comes back.
		tb.is(`document.getElementById("badge").dataset.way !== "socket"`)
		tb.way("socket")
	}
	p.answer("approve")
	tb.at("/protected")
}

func TestOffline(t *testing.T) {
	story(t)
	n := startNod(t)
	tb := n.person().tab()
	tb.expect("WebSocket connection", "ERR_INTERNET_DISCONNECTED", "ERR_NETWORK")
	p := tb.signUp("ada@example.com", "2015550101")
	tb.way("socket")
	tb.offline(true)
	tb.way("lost")
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
	tb.expect("WebSocket connection", "ERR_")
	hand.expect("WebSocket connection", "ERR_")
	p := tb.signUp("ada@example.com", "2015550101")
	tb.way("socket")
	hand.openPhone(p)
	hand.see(".request")
	n.restart()
	tb.way("socket")
	tb.heading("Tap Approve on your phone")
	hand.click(".request [data-answer=approve]")
	tb.at("/protected")
	n.restart()
	tb.open("/protected")
	tb.at("/protected")
}

// A socket that is dead without anybody's knowing: the page finds out when it
// is looked at.
func TestADeadSocket(t *testing.T) {
	story(t)
	n, proxy := behindProxy(t, 0)
	tb := n.person().tab()
	tb.expect("WebSocket connection", "ERR_")
	p := tb.signUp("ada@example.com", "2015550101")
	tb.way("socket")
	proxy.wire.die()
	p.answer("deny")
	eval[bool](tb, `document.dispatchEvent(new Event("visibilitychange"))`)
	tb.heading("Denied on your phone")
}

// freeze is what a browser does to a page in the background, and a laptop's
// lid to all of them.
func (tb *tab) freeze(frozen bool) {
	tb.t.Helper()
	state := "active"
	if frozen {
		state = "frozen"
	}
	call(tb, page.SetWebLifecycleState, page.SetWebLifecycleStateParams{State: page.SetWebLifecycleStateState(state)})
}

func TestADeadlineThatPassesInSleep(t *testing.T) {
	story(t)
	n := startNod(t, "APPROVAL_TTL=3s")
	tb := n.person().tab()
	tb.expect("WebSocket connection")
	p := tb.signUp("ada@example.com", "2015550101")
	tb.way("socket")
	tb.freeze(true)
	eventually(t, "the request expires", func() bool { return p.requests()[0].Status == "expired" })
	tb.freeze(false)
	tb.heading("Request expired")
}

func TestAnApprovalInSleep(t *testing.T) {
	story(t)
	n := startNod(t)
	tb := n.person().tab()
	tb.expect("WebSocket connection")
	p := tb.signUp("ada@example.com", "2015550101")
	tb.way("socket")
	tb.freeze(true)
	p.answer("approve")
	tb.freeze(false)
	tb.at("/protected")
}

func TestTheBackButton(t *testing.T) {
	story(t)
	n := startNod(t)
	tb := n.person().tab()
	p := tb.signUp("ada@example.com", "2015550101")
	tb.way("socket")
	tb.click(".brand")
	tb.at("/")
	tb.see("main a[href='/login/approval']")
	p.answer("deny")
	run(tb, "back", chromedp.NavigateBack())
	tb.heading("Denied on your phone")
}

func TestReloadsAndBookmarks(t *testing.T) {
	story(t)
	n := startNod(t)
	ada := n.person()
	first, second := ada.tab(), ada.tab()
	// Both tabs hear the tap and hurry in; the slower one is refused, and
	// finds itself let in by the other.
	first.expect("403", "401", "409")
	second.expect("403", "401", "409")
	p := first.signUp("ada@example.com", "2015550101")
	first.way("socket")
	number := first.text("#number")
	run(first, "reload", chromedp.Reload())
	first.way("socket")
	if got := first.text("#number"); got != number {
		t.Errorf("the reload shows number %s, want %s", got, number)
	}
	second.open("/login/approval")
	second.way("socket")
	if got := len(p.requests()); got != 1 {
		t.Errorf("%d requests were made, want 1", got)
	}
	p.answer("approve")
	first.at("/protected")
	second.at("/protected")
	second.open("/login/approval") // a bookmark, signed in
	second.at("/protected")
	second.click("#logout-form button")
	second.at("/")
	second.open("/login/approval") // and signed out
	second.at("/login")
	run(first, "reload", chromedp.Reload())
	first.at("/login")
}

// The countdown runs by the server's clock.
func TestAWrongClock(t *testing.T) {
	story(t)
	n := startNod(t)
	tb := n.person().tab()
	call(tb, page.Enable, page.EnableParams{})
	call(tb, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: `{ const now = Date.now; Date.now = () => now() + 3600e3; }`,
	})
	tb.signUp("ada@example.com", "2015550101")
	tb.way("socket")
	tb.is(`/^(2:00|1:[345]\d)$/.test(document.getElementById("countdown").textContent)`)
	tb.heading("Tap Approve on your phone")
}

func TestHelpAfterAWhile(t *testing.T) {
	story(t)
	n := startNod(t)
	tb := n.person().tab()
	tb.expect("409")
	p := tb.signUp("ada@example.com", "2015550101")
	tb.way("socket")
	older := p.pending()
	tb.see("[data-help]")
	tb.accessible("help")
	tb.click("[data-help] form[action='/login/resend'] button")
	tb.see(".notice")
	tb.way("socket")
	newer := p.pending()
	if newer.UUID == older.UUID {
		t.Fatal("nothing was sent again")
	}
	p.tap(older.UUID, "approve")
	tb.click("#confirm-form button")
	tb.see("[data-message=not-yet]")
	p.tap(newer.UUID, "approve")
	tb.at("/protected")
}

// The callback never comes: "I have approved it" asks the provider.
func TestIHaveApprovedIt(t *testing.T) {
	story(t)
	n := startNod(t)
	tb := n.person().tab()
	n.json("POST", "/faults", map[string]string{"callback": "never"}, nil)
	p := tb.signUp("ada@example.com", "2015550101")
	tb.way("socket")
	p.answer("approve")
	tb.click("#confirm-form button")
	tb.at("/protected")
}

func TestTheAccountIsClosedElsewhere(t *testing.T) {
	story(t)
	n, proxy := behindProxy(t, 0)
	for i, way := range []string{"socket", "stream", "poll"} {
		tb := n.person().tab()
		tb.expect("422")
		p := tb.signedIn(way+"@example.com", fmt.Sprintf("20155501%02d", i))
		waiting := onWay(t, n, proxy, way)
		waiting.signIn(p.Email)
		waiting.way(way)
		tb.click("#close-account summary")
		tb.fill("#close-password", "not the password")
		tb.click("#close-account .danger")
		tb.see("#close-password-error")
		if i == 0 {
			tb.accessible("wrong password for closing")
		}
		tb.fill("#close-password", password)
		tb.click("#close-account .danger")
		tb.at("/")
		tb.see(".notice.success")
		waiting.heading("This account was closed")
		if i == 0 {
			waiting.accessible("account closed")
		}
		proxy.eatUpgrades.Store(false)
		proxy.holdStreams.Store(false)
	}
}

// Another tab of the same browser begins anew. The page waits for the newer
// request with it, and comes in whichever of the two is looked at.
func TestASecondSignInInTheSameBrowser(t *testing.T) {
	story(t)
	n := startNod(t)
	p := n.account("ada@example.com", "2015550101")
	ada := n.person()
	first, second := ada.tab(), ada.tab()
	first.expect("403", "401", "WebSocket connection")
	second.expect("403", "401")
	first.signIn(p.Email)
	first.way("socket")
	second.open("/")
	second.click("#logout-form button")
	second.see(".notice.success")
	second.signIn(p.Email)
	second.way("socket")
	number := second.text("#number")
	second.open("about:blank")
	first.open("/login/approval") // back to the first tab
	first.way("socket")
	if got := first.text("#number"); got != number {
		t.Errorf("the page shows number %s, want that of the newer sign-in, %s", got, number)
	}
	// A form that is older than the sign-in is refused, and the page finds in.
	eval[bool](first, `document.querySelector("#confirm-form [name=_csrf]").value = "of-the-one-before", true`)
	p.answer("approve")
	first.at("/protected")
}
