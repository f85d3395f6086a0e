package e2e

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/emulation"
)

// camera takes the place of a camera and of what reads QR codes: tests have neither.
const camera = `window.sees = "";
navigator.mediaDevices.getUserMedia = async () => {
	const canvas = document.createElement("canvas");
	setInterval(() => canvas.getContext("2d").fillRect(0, 0, 9, 9), 40);
	return canvas.captureStream();
};
window.BarcodeDetector = class {
	static async getSupportedFormats() { return ["qr_code"]; }
	async detect() { return window.sees ? [{ rawValue: window.sees }] : []; }
};`

// lostReply loses the reply to a new phone once, with its cookie.
const lostReply = `{
	const real = fetch;
	window.losses = 0;
	window.fetch = async (url, options) => {
		if (window.losses || !String(url).endsWith("/phone/enrol/finish")) return real(url, options);
		window.losses++;
		await real(url, { ...options, credentials: "omit" });
		throw new TypeError("the reply is lost");
	};
}`

// What a phone's page meets in its life: a code that the camera reads, a reply that is
// lost, a second account, a request from the same browser, a server that is away, and a browser that deletes what it
// has kept.
func TestThePageOfAPhone(t *testing.T) {
	story(t)
	n := startNod(t)
	ada := n.person()
	tb, hand := ada.tab(), ada.tab()
	hand.authenticator()
	hand.early(camera + lostReply)
	hand.look(390, "light")
	tb.expect("ERR_", "WebSocket connection")
	hand.expect("401", "ERR_", "WebSocket connection", "Failed to load resource")
	p := tb.signedIn("ada@example.com", "2015550101")
	tb.open("/protected")
	tb.click("#add-own-phone button")
	code := tb.text("#phone-code")

	hand.open("/phone")
	hand.click("#scan-start")
	hand.see("#scan-video")
	hand.accessible("a camera")
	hand.is(fmt.Sprintf(`(window.sees = %q, document.querySelector("#scan-said").innerText === %q)`, n.url+"/protected", words("scan.other")))
	hand.is(fmt.Sprintf(`(window.sees = %q, document.querySelector("#code").value === %q)`, n.url+"/phone#"+code, code))
	hand.fill("#name", "Pixel")
	hand.click("#enrol-form button[type=submit]")
	hand.heading(words("ownphone.waiting.title"))
	hand.is("window.losses === 1")
	tb.at("/account/phones")
	tb.click("form[action='/account/phones/confirm'] button")
	tb.at("/protected")
	hand.see("#ownphone-empty")
	hand.is(`(navigator.serviceWorker.ready.then(({ active }) => (window.works = active.state === "activated")), window.works === true)`)

	hand.open("/phone#" + code)
	hand.heading(words("ownphone.taken.title"))
	hand.accessible("a browser that is a phone already")
	hand.click("[data-stay]")
	hand.see("#ownphone-empty")

	tb.click("#logout-form button")
	tb.at("/")
	tb.signIn(p.Email)
	hand.see(pendingCard + "[data-here]")
	hand.resize(390, 844)
	hand.is(`(scrollTo(0, 0), [".ownphone-request[data-status=pending] [data-deny]", ".ownphone-request[data-status=pending] [type=submit]"].every((s) => {
		const { top, bottom } = document.querySelector(s).getBoundingClientRect();
		return top > innerHeight / 2 && bottom <= innerHeight; // where a thumb is
	}))`)
	hand.accessible("a request from the same browser")
	behind := ada.tab()
	behind.early(`{ const now = Date.now; Date.now = () => now() - 3600000; }`)
	behind.open("/phone")
	behind.see("#clock-off")
	behind.is(`/^([1-9]|10):\d\d$/.test(document.querySelector("[data-left]").innerText)`)
	behind.accessible("a clock that is an hour off")
	behind.open("about:blank")
	hand.click(pendingCard + "[data-deny]")
	hand.see(`#requests [data-why="me"]`)

	n.stop()
	hand.open("/phone")
	hand.heading(words("ownphone.offline.title"))
	hand.accessible("the page that was kept")
	n.restart()
	hand.heading("Pixel")

	eval[bool](hand, `new Promise((resolve) => { indexedDB.deleteDatabase("nod-phone").onsuccess = () => resolve(true); })`)
	hand.open("/phone")
	hand.heading(words("ownphone.lost.title"))
	hand.accessible("keys that the browser has deleted")
	hand.click("[data-phone=lost] [data-again]")
	hand.see("#enrol-form")
}

// agents are browsers for which it is drawn how the page becomes an app.
var agents = map[string]string{
	"ios":     "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1",
	"android": "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/156.0.0.0 Mobile Safari/537.36",
	"firefox": "Mozilla/5.0 (Android 15; Mobile; rv:153.0) Gecko/153.0 Firefox/153.0",
}

// Before it is a phone, the page says how it becomes an app, in each browser in its way,
// and what is wrong with the camera.
func TestThePageThatIsNoPhoneYet(t *testing.T) {
	story(t)
	tb := startNod(t).person().tab()
	tb.early(camera + `navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("no", window.fails); };`)
	tb.look(390, "light")
	for name, agent := range agents {
		call(tb, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: agent})
		tb.open("/phone")
		if name == "ios" {
			tb.is(`document.querySelector("#install").open`) // first of all
		} else {
			tb.click("#install summary")
		}
		tb.see("[data-steps=" + name + "]")
		tb.fits(390)
		tb.accessible("how it is kept: " + name)
	}
	for fails, word := range map[string]string{"NotAllowedError": "scan.refused", "NotFoundError": "scan.none", "NotReadableError": "scan.fails"} {
		eval[bool](tb, fmt.Sprintf(`(window.fails = %q, true)`, fails))
		tb.click("#scan-start")
		tb.is(fmt.Sprintf(`document.querySelector("#scan-said").innerText === %q`, words(word)))
		tb.accessible("a camera that does not open: " + fails)
	}
}
