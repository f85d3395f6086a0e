package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// withPhone begins a story with an account and two tabs: one to sign in, one
// for the phone.
func withPhone(t *testing.T) (p phone, tb, hand *tab) {
	t.Helper()
	story(t)
	n := startNod(t)
	p = n.account("ada@example.com", "2015550101")
	ada := n.person()
	return p, ada.tab(), ada.tab()
}

// enter types a correct code.
func (tb *tab) enter(code string) {
	tb.t.Helper()
	tb.fill("#token", code)
	tb.click("#token-form button[type=submit]")
	tb.at("/protected")
}

// enterToken types the token that the app shows.
func (tb *tab) enterToken(shown func() string) {
	tb.t.Helper()
	tb.tokenIn("#token-form", shown)
}

// tokenIn types a token into a form, and waits for the next one where that is too
// old, on a slow machine, or has been used.
func (tb *tab) tokenIn(form string, shown func() string) {
	tb.t.Helper()
	const in = `location.pathname === "/protected" && document.readyState === "complete"`
	const refused = `!document.documentElement.dataset.sent && document.getElementById("token-error")?.checkVisibility() === true`
	for {
		token := shown()
		tb.fill("#token", token)
		eval[bool](tb, `document.documentElement.dataset.sent = true`) // not in the page that answers
		tb.click(form + " button[type=submit]")
		tb.is(in + " || " + refused)
		if eval[bool](tb, in) {
			return
		}
		tb.expect("422")
		eventually(tb.t, "the app shows another token", func() bool { return shown() != token })
	}
}

func TestCodeBySMS(t *testing.T) {
	p, tb, hand := withPhone(t)
	hand.openPhone(p)
	tb.expect("422") // the wrong code
	tb.signIn(p.Email)
	tb.click("details.other-ways summary")
	tb.accessible("other ways")
	tb.click("form[action='/send-token']:has([value=sms]) button")
	tb.at("/verify-token")
	tb.is(says(`document.querySelector(".lead").innerText`, "token.sent"))
	tb.accessible("code")

	hand.see("#banner")
	hand.click("#tab-messages")
	hand.see(".message")
	hand.accessible("messages")
	code := p.code("sms")
	tb.fill("#token", wrong(code))
	tb.click("#token-form button[type=submit]")
	tb.see("#token-error")
	tb.accessible("wrong code")
	tb.enter(code[:3] + " " + code[3:]) // as people read it
	tb.is(says(`document.body.innerText`, "method.sms"))
	p.withdrawn(p.requests()[0].UUID)
	tb.open("/protected")
	tb.at("/protected")
}

// wrong returns another code of the same length.
func wrong(code string) string {
	last := '0' + (code[len(code)-1]-'0'+1)%10
	return code[:len(code)-1] + string(rune(last))
}

func TestCodeByCall(t *testing.T) {
	p, tb, hand := withPhone(t)
	hand.openPhone(p)
	tb.signIn(p.Email)
	tb.click("details.other-ways summary")
	tb.click("form[action='/send-token']:has([value=call]) button")
	tb.at("/verify-token")
	hand.see("#call-answer")
	hand.accessible("incoming call")
	hand.click("#call-answer")
	hand.see("#call-code")
	hand.accessible("call")
	tb.fill("#token", hand.text("#call-code"))
	hand.click("#call-hangup")
	tb.click("#token-form button[type=submit]")
	tb.at("/protected")
	tb.is(says(`document.body.innerText`, "method.call"))
}

func TestCodeFromTheApp(t *testing.T) {
	p, tb, hand := withPhone(t)
	tb.signIn(p.Email)
	tb.click("details.other-ways summary")
	tb.click(".other-ways a[href='/verify-token']")
	tb.at("/verify-token")
	hand.openPhone(p)
	hand.click("#tab-codes")
	hand.see("#token-digits")
	hand.accessible("codes")
	tb.enterToken(func() string { return hand.text("#token-digits") })
	tb.is(says(`document.body.innerText`, "method.app"))
}

func TestNoAppOnThePhone(t *testing.T) {
	p, tb, hand := withPhone(t)
	hand.openPhone(p)
	hand.click("#app-switch")
	hand.is(`document.getElementById("app-switch").getAttribute("aria-checked") === "false"`)
	hand.accessible("phone without the app")
	before := len(p.requests())
	tb.givePassword(p.Email)
	tb.at("/verify-token")
	tb.is(says(`document.querySelector(".lead").innerText`, "token.no_app"))
	tb.accessible("code without the app")
	tb.enter(p.code("sms"))
	if got := len(p.requests()); got != before {
		t.Error("a phone without the app was asked")
	}
}

// An app on the phone scans the secret, and its next code signs in.
func TestAnAppOfOnesOwn(t *testing.T) {
	story(t)
	n := startNod(t)
	ada := n.person()
	tb, hand := ada.tab(), ada.tab()
	p := tb.signedIn("ada@example.com", "2015550101")
	tb.accessible("the offer of recovery codes")
	tb.pictures("recovery-offer")
	tb.click("#add-authenticator button")
	tb.see(".qr-code")
	tb.accessible("QR code")
	tb.pictures("authenticator")

	hand.openPhone(p)
	hand.click("#tab-codes")
	hand.fill("#scan", tb.text("#app-secret"))
	hand.click("#scan-form button")
	hand.see("#apps .digits")
	hand.accessible("an app on the phone")
	code := func() string { return hand.text("#apps .digits") }
	tb.fill("#name", "Blue phone")
	tb.tokenIn("#prove-form", code)
	tb.is(`document.querySelector("#authenticators .items").innerText.includes("Blue phone")`)
	tb.accessible("an app")
	tb.pictures("authenticator-added")
	tb.click("#logout-form button")
	tb.at("/")

	tb.signIn(p.Email)
	tb.open("/verify-token")
	tb.pictures("verify-token")
	tb.enterToken(code) // the next one: none is good twice
	tb.is(says(`document.body.innerText`, "method.app"))
}

func TestRecoveryCodes(t *testing.T) {
	story(t)
	n := startNod(t)
	tb := n.person().tab()
	p := tb.signUp("ada@example.com", "2015550101")
	p.answer("approve")
	tb.at("/protected")
	tb.click(".offer .primary")
	tb.see("#recovery-actions")
	tb.accessible("recovery codes")
	first := eval[string](tb, `document.querySelector("#recovery-codes code").textContent`)
	run(tb, "reload", chromedp.Reload())
	tb.is(fmt.Sprintf(`document.querySelector("#recovery-codes code")?.textContent === %q`, first))
	tb.printed()
	tb.click("#codes-kept button")
	tb.at("/protected")
	tb.is(`document.querySelector(".offer") === null`)
	eval[bool](tb, `(setTimeout(() => history.back()), true)`) // asks for no form to be sent again
	tb.is(`document.querySelector("main > .notice") !== null`)
	tb.is(says(`document.querySelector("main > .notice").innerText`, "notice.codes_shown"))
	tb.click("#logout-form button")
	tb.at("/")

	tb.signIn(p.Email)
	tb.click("details.other-ways summary")
	tb.click("a[href='/verify-token#recovery']")
	tb.see("#recovery")
	tb.accessible("a field for a recovery code")
	tb.fill("#recovery", first)
	tb.click("#recovery-form button")
	tb.at("/protected")
}

// printed wants that paper shows the codes and whose they are, in black, and nothing that
// is of use on a screen only. The colours of the screen are the dark ones.
func (tb *tab) printed() {
	tb.t.Helper()
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}
	call(tb, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print", Features: features})
	lines := strings.Split(strings.TrimSpace(eval[string](tb, `document.body.innerText.replace(/\n+/g, "\n")`)), "\n")
	codes := eval[[]string](tb, `[...document.querySelectorAll("#recovery-codes code")].map((code) => code.textContent)`)
	if len(codes) != 10 || len(lines) != 13 || lines[0] != words("recovery.title") || !slices.Equal(lines[2:12], codes) || !strings.Contains(lines[12], "ada@example.com") {
		tb.t.Errorf("on paper stands %q", lines)
	}
	if got := eval[string](tb, `getComputedStyle(document.body).color`); got != "rgb(20, 32, 27)" {
		tb.t.Errorf("the colour on paper is %s", got)
	}
	call(tb, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{})
}

func TestACodeInAnotherTab(t *testing.T) {
	story(t)
	n := startNod(t)
	p := n.account("ada@example.com", "2015550101")
	ada := n.person()
	waiting, coding := ada.tab(), ada.tab()
	waiting.signIn(p.Email)
	waiting.transport("socket")
	coding.open("/verify-token")
	coding.enterToken(p.token)
	waiting.at("/protected")
}
