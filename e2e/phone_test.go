package e2e

import (
	"fmt"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp/kb"
)

// size is a window, in CSS pixels: those of a zoomed window are fewer.
type size struct {
	name          string
	width, height int64
	framed        bool // the phone has its case around it
}

var sizes = []size{
	{"a small phone", 320, 568, false},
	{"a phone", 390, 844, false},
	{"half of a beamer", 640, 720, true},
	{"a beamer", 1280, 720, true},
	{"a beamer at 150 %", 853, 480, true},
	{"half of a beamer at 150 %", 427, 480, false},
	{"a laptop at 400 %", 320, 256, false},
}

func (tb *tab) resize(width, height int64) {
	tb.t.Helper()
	call(tb, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: width, Height: height, DeviceScaleFactor: 1, Mobile: width < 500,
	})
}

// At every size it is a phone: whose it is stands on it, nothing is cut off, and the
// answer can be reached.
func TestThePhoneAtEverySize(t *testing.T) {
	p, tb, hand := withPhone(t)
	tb.signIn(p.Email)
	hand.openPhone(p)
	hand.see(".request")
	for _, s := range sizes {
		hand.resize(s.width, s.height)
		if framed := eval[bool](hand, `parseFloat(getComputedStyle(document.querySelector(".device")).paddingTop) > 0`); framed != s.framed {
			t.Errorf("%s: it has a case: %v", s.name, framed)
		}
		if eval[bool](hand, `document.documentElement.scrollWidth > innerWidth`) {
			t.Errorf("%s: it is wider than the window", s.name)
		}
		if got := hand.text("#owner"); got != p.Email {
			t.Errorf("%s: the phone is of %q", s.name, got)
		}
		for _, answer := range []string{"approve", "deny"} {
			covered := eval[bool](hand, fmt.Sprintf(`(() => {
				const button = document.querySelector(".request [data-answer=%s]");
				button.scrollIntoView({block: "nearest"});
				const {left, top, width, height} = button.getBoundingClientRect();
				return [0.1, 0.5, 0.9].some((part) => document.elementFromPoint(left + width / 2, top + height * part) !== button);
			})()`, answer))
			if covered {
				t.Errorf("%s: something covers %q", s.name, answer)
			}
		}
	}
	hand.click(".languages [value=de]") // German words are long
	hand.is(`document.documentElement.lang === "de"`)
	hand.resize(320, 256)
	hand.fits(320)
	hand.open(p.nod.phones)
	hand.fits(320)
}

// A call rings until it is answered or hung up; the keyboard stays in it, and goes
// back where it was.
func TestACallByKeyboard(t *testing.T) {
	p, tb, hand := withPhone(t)
	hand.openPhone(p)
	hand.click("#tab-codes")
	hand.focused("tab-codes")
	tb.signIn(p.Email)
	tb.click("details.other-ways summary")
	tb.click("form[action='/send-token']:has([value=call]) button")
	tb.at("/verify-token")
	hand.focused("call-answer")
	hand.press(kb.Tab)
	hand.focused("call-hangup")
	hand.press(kb.Tab)
	hand.focused("call-answer")
	hand.press(kb.Enter)
	hand.focused("call-again")
	hand.see("#call-code")
	hand.press(kb.Escape)
	hand.focused("tab-codes")
	hand.is(`document.getElementById("call").hidden && !document.querySelector("[inert]")`)
	hand.is(`document.getElementById("announce").textContent === "The call has ended."`)
	if !eval[bool](hand, `!document.getElementById("panel-codes").hidden`) {
		t.Error("the call has closed the tab that was open")
	}
}

// The phone speaks the reader's language, which is chosen without leaving it.
func TestThePhoneInGerman(t *testing.T) {
	p, tb, hand := withPhone(t)
	hand.openPhone(p)
	tb.signIn(p.Email)
	hand.see(".request")
	hand.click(".languages [value=de]")
	hand.is(`document.documentElement.lang === "de" && document.querySelector(".request [data-answer=approve]")?.innerText === "Bestätigen"`)
	hand.accessible("a phone in German")
	hand.click(".request [data-answer=approve]")
	tb.at("/protected")
	hand.is(`document.getElementById("announce").textContent.startsWith("Bestätigt")`)
	hand.open(p.nod.phones)
	hand.is(`document.documentElement.lang === "de"`)
	hand.accessible("the list in German")
}

// Without scripts the phone answers by forms.
func TestThePhoneWithoutScript(t *testing.T) {
	p, tb, hand := withPhone(t)
	hand.noScript()
	tb.signIn(p.Email)
	p.pending()
	hand.open(p.nod.phones + p.path(""))
	hand.see("noscript .request")
	hand.pictures("phone-noscript")
	hand.click("noscript .approve")
	tb.at("/protected")
	hand.see("noscript .chip[data-status=approved]")
}

// One number of two people is one phone, which says so; who asks is said by each
// request.
func TestAPhoneOfTwoPeople(t *testing.T) {
	p, _, hand := withPhone(t)
	tb := p.nod.person().tab()
	tb.open("/signup")
	tb.fill("#name", "Bob")
	tb.fill("#email", "bob@example.com")
	tb.fill("#password", password)
	tb.choose("#country_code", "US")
	tb.fill("#phone_number", p.Number)
	tb.click("#signup-form button[type=submit]")
	tb.at("/login/approval")
	hand.openPhone(p)
	hand.is(`document.getElementById("owner").textContent === "ada@example.com and bob@example.com"`)
	hand.is(`document.querySelector(".request .details")?.innerText.includes("bob@example.com")`)
	hand.pictures("phone-of-two")
	hand.accessible("a phone of two")
}

// A phone that one has kept a bookmark of says that it is gone, when it goes and when it
// is opened again.
func TestABookmarkOfAPhoneThatIsGone(t *testing.T) {
	p, _, hand := withPhone(t)
	hand.expect("404", "WebSocket")
	hand.openPhone(p)
	p.nod.json("POST", p.path("/forget"), struct{}{}, nil)
	hand.heading("This phone is gone")
	hand.open(p.nod.phones + p.path(""))
	hand.heading("This phone is gone")
	hand.pictures("phone-gone")
	hand.accessible("a phone that is gone")
}

// A new request takes nobody away from the codes that they read.
func TestARequestLeavesTheOpenTab(t *testing.T) {
	p, tb, hand := withPhone(t)
	hand.openPhone(p)
	hand.click("#tab-codes")
	tb.signIn(p.Email)
	hand.see("#banner")
	hand.pictures("phone-banner")
	hand.accessible("a banner")
	if eval[bool](hand, `document.getElementById("panel-codes").hidden`) {
		t.Error("the request has opened another tab")
	}
	hand.click("#banner")
	hand.see(".request [data-answer=approve]")
	hand.focused("tab-requests")
}

// What comes and what ends is said, in order, and the focus stays at what has ended.
func TestWhatAPhoneSays(t *testing.T) {
	p, tb, hand := withPhone(t)
	hand.hears()
	hand.openPhone(p)
	hand.said()
	tb.signIn(p.Email)
	hand.waitToHear("New request: Sign in to Nod?")
	eval[bool](hand, `document.querySelector(".request [data-answer=approve]").focus() ?? true`)
	tb.click("#cancel-form button")
	tb.at("/login")
	hand.waitToHear("Cancelled: Sign in to Nod? It was cancelled in the browser.")
	hand.is(`document.activeElement?.matches("article.request")`)

	tb.signIn(p.Email)
	hand.see(".request .answer")
	eval[bool](hand, `document.querySelector(".request [data-answer=deny]").focus() ?? true`)
	hand.is(`(document.querySelector(".request [data-answer=deny]")?.click(), document.querySelector(".request .done-text")?.checkVisibility() === true)`)
	hand.waitToHear("Denied: Sign in to Nod?")
	hand.is(`document.activeElement?.matches("article.request")`)
	hand.focused("panel-requests") // once the card has become a line of the list
	want := []string{
		"New request: Sign in to Nod?", "Cancelled: Sign in to Nod? It was cancelled in the browser.",
		"New request: Sign in to Nod?", "Denied: Sign in to Nod?",
	}
	if said := hand.said(); !slices.Equal(said, want) {
		t.Errorf("it said %q, want %q", said, want)
	}
}
