package e2e

import (
	"testing"
	"time"

	"nod/phone/push/pushtest"
)

// lie makes a phone show another amount than it is told.
const lie = `(() => {
	const real = fetch;
	window.fetch = async (path, options) => {
		const reply = await real(path, options);
		if (path !== "/phone/requests") return reply;
		const news = await reply.json();
		for (const { shown } of news.requests) if (shown.amount) shown.amount = "99.50";
		return new Response(JSON.stringify(news), { status: reply.status });
	};
	return true;
})()`

// A browser here, a phone there, and neither Authy nor simulator: a sign-up, and a
// sign-in for which the phone is woken by a push while its page is closed and its worker
// stopped. Nod starts anew in between. Then a phone that shows another amount than is to
// be paid approves nothing. A sign-in is denied on its notification; that of another one
// goes when it is called off. In the end the phone is installed.
func TestABrowserAndAPhoneApart(t *testing.T) {
	story(t)
	service := pushtest.New(t, time.Now)
	n := startWoken(t, service, "PHONES", "own", "SIMULATOR_ADDR", "")
	tb, hand := n.person().tab(), startHandset(t, n)
	tb.expect("WebSocket connection", "ERR_", "503")
	hand.expect("WebSocket connection", "ERR_", "503", "401", "403", "AbortError", "push service")
	tb.signUpByOwnPhone(hand.tab, "ada@example.com")
	tb.accessible("an account without a number")
	hand.subscribes(service)
	hand.accessible("a phone whose push service is out of reach")

	rings := func() note {
		t.Helper()
		hand.open("about:blank") // the page of the phone is closed
		tb.signIn("ada@example.com")
		hand.delivers(hand.stops(), hand.pushes.Got(t).Payload)
		return hand.shows(words("ring.login"), words("push.body"))
	}
	tb.click("#logout-form button")
	tb.at("/")
	asked := rings()
	n.restart()
	hand.taps(asked, words("ownphone.kind.login"))
	hand.see(pendingCard + "input")
	hand.typeNumber(tb.text("#number"))
	tb.at("/protected")

	hand.is(lie)
	tb.askForTransfer("Grace Hopper", "12.50")
	hand.is(`document.querySelector("#requests [data-status=pending] [data-slot=amount]")?.textContent.startsWith("99.50")`)
	hand.typeNumber(tb.text("[data-number] strong"))
	hand.see(pendingCard + `[data-error="refused"]`)
	tb.newest("awaiting")
	hand.open("/phone")
	hand.is(`document.querySelector("#requests [data-status=pending] [data-slot=amount]")?.textContent.startsWith("12.50")`)
	hand.typeNumber(tb.text("[data-number] strong"))
	tb.newest("executed")

	hand.pushes.Got(t)    // that of the transfer, while the page was open
	tb.open("/protected") // which has moved on by itself
	tb.click("#logout-form button")
	tb.at("/")
	asked = rings()
	hand.screen.press(asked, hand.screen.button(asked, words("push.deny")))
	tb.heading(words("approval.denied.title"))
	hand.shows(words("push.deny_done"), "")

	rings()
	hand.open("/phone")
	hand.see(pendingCard + "input")
	tb.click("#cancel-form button")
	tb.at("/login")
	hand.screen.cleared()

	hand.installs("Pixel").heading("Pixel")
}
