package e2e

import (
	"fmt"
	"regexp"
	"strconv"
	"testing"
)

const password = "correct horse battery staple"

// signUp creates an account by the form, and ends on the waiting page.
func (tb *tab) signUp(email, number string) phone {
	tb.t.Helper()
	tb.open("/signup")
	tb.fill("#name", "Ada Lovelace")
	tb.fill("#email", email)
	tb.fill("#password", password)
	tb.choose("#country_code", "US")
	tb.fill("#phone_number", number)
	tb.click("#signup-form button[type=submit]")
	tb.at("/login/approval")
	return tb.nod.phoneOf(email)
}

// givePassword does the first step of a sign-in.
func (tb *tab) givePassword(email string) {
	tb.t.Helper()
	tb.open("/login")
	tb.fill("#email", email)
	tb.fill("#password", password)
	tb.click("#login-form button[type=submit]")
}

// signIn gives the password, and ends on the waiting page.
func (tb *tab) signIn(email string) {
	tb.t.Helper()
	tb.givePassword(email)
	tb.at("/login/approval")
}

func TestSignUpAndTap(t *testing.T) {
	story(t)
	n := startNod(t)
	ada := n.person()
	tb := ada.tab()
	tb.open("/")
	tb.heading("Sign in with a tap.")
	tb.accessible("home")
	tb.click("main a[href='/signup']")
	tb.at("/signup")
	tb.accessible("sign-up")

	p := tb.signUp("ada@example.com", "2015550101")
	tb.heading("Tap Approve on your phone")
	tb.transport("socket")
	tb.accessible("waiting")

	hand := ada.tab()
	hand.open(n.phones)
	hand.see(".phone-link")
	hand.accessible("list of phones")
	hand.click(".phone-link")
	hand.see("#pending .request")
	hand.accessible("phone with a request")
	if there, here := hand.text(".compare-number"), tb.text("#number"); there != here {
		t.Errorf("the phone shows number %s, the browser %s", there, here)
	}
	hand.click(".request [data-answer=approve]")

	tb.at("/protected")
	tb.heading("Welcome, Ada Lovelace")
	if got, want := tb.text("#authy-id"), strconv.Itoa(p.AuthyID); got != want {
		t.Errorf("the page shows authy id %s, want %s", got, want)
	}
	if got := tb.text("#latency"); !regexp.MustCompile(`^\d+$`).MatchString(got) {
		t.Errorf("from the tap to this browser: %q ms, want a number", got)
	}
	tb.accessible("protected")
	hand.see(".history li")
	hand.accessible("phone with a history")

	tb.click("#logout-form button")
	tb.at("/")
	tb.see(".notice")
	tb.open("/protected")
	tb.at("/login")
	tb.accessible("sign-in")
}

func TestDeny(t *testing.T) {
	story(t)
	n := startNod(t)
	ada := n.person()
	tb := ada.tab()
	p := tb.signUp("ada@example.com", "2015550101")
	tb.transport("socket")
	hand := ada.tab()
	hand.openPhone(p)
	hand.click(".request [data-answer=deny]")
	tb.heading(words("approval.denied.title"))
	tb.is(says("document.title", "approval.denied.title"))
	tb.is(says(`document.getElementById("state-live").textContent`, "approval.denied.text"))
	tb.accessible("denied")
	tb.open("/protected")
	tb.at("/login/approval")
	tb.heading(words("approval.denied.title"))
	tb.click("main [data-state=denied] a[href='/login']")
	tb.at("/login")
}

func TestExpiry(t *testing.T) {
	story(t)
	n := startNod(t, "APPROVAL_TTL=3s")
	tb := n.person().tab()
	p := tb.signUp("ada@example.com", "2015550101")
	tb.heading(words("approval.expired.title"))
	tb.accessible("expired")
	eventually(t, "the phone shows the request as expired", func() bool { return p.requests()[0].Status == "expired" })
	tb.open("/protected")
	tb.at("/login/approval")
	tb.heading(words("approval.expired.title"))
}

func TestCancel(t *testing.T) {
	story(t)
	n := startNod(t)
	ada := n.person()
	tb := ada.tab()
	p := tb.signUp("ada@example.com", "2015550101")
	other := ada.tab()
	other.open("/login/approval")
	other.transport("socket")
	hand := ada.tab()
	hand.openPhone(p)
	hand.see("#pending [data-answer=approve]")
	tb.click("#cancel-form button")
	tb.at("/login")
	// The phone says so by itself, and has nothing left to tap.
	hand.is(`document.querySelector("#pending .done-text").textContent === "Cancelled"`)
	hand.is(`document.querySelector("#pending .answer").hidden`)
	hand.accessible("a request that was cancelled in the browser")
	other.is(`location.pathname === "/login" || document.querySelector("h1").innerText.includes("cancelled")`)
	other.accessible("cancelled in another tab")
}

func TestTwoBrowsersAtOnce(t *testing.T) {
	story(t)
	n := startNod(t)
	p := n.account("ada@example.com", "2015550101")
	first, second := n.person().tab(), n.person().tab()
	second.expect("409") // the reply to an early "I’ve approved it"
	first.signIn(p.Email)
	first.transport("socket")
	second.signIn(p.Email)
	first.heading("A newer sign‑in took over")
	first.accessible("replaced")
	second.transport("socket")

	newer, older := p.requests()[0], p.requests()[1]
	p.withdrawn(older.UUID)
	second.see("#confirm-form button") // with the help, or where the page does not go on by itself
	second.click("#confirm-form button")
	second.see("[data-message=not-yet]")
	p.tap(newer.UUID, "approve")
	second.at("/protected")
	first.heading("A newer sign‑in took over")
	first.open("/protected")
	first.at("/login/approval")
}

func TestWithoutScript(t *testing.T) {
	story(t)
	n := startNod(t)
	p := n.account("ada@example.com", "2015550101")
	tb := n.person().tab()
	tb.noScript()
	tb.expect("409")
	tb.signIn(p.Email)
	tb.heading("Tap Approve on your phone")
	tb.see("#confirm-form button") // with the help, or where the page does not go on by itself
	tb.click("#confirm-form button")
	tb.see(".notice.warning")
	tb.heading("Tap Approve on your phone")
	p.answer("approve")
	// The page reloads by itself, and shows the button once it is approved.
	tb.heading("Approved")
	tb.click("[data-state=approved] button")
	tb.at("/protected")
	tb.is(`document.getElementById("latency") === null`) // it would be the time of whoever pressed the button
}

func TestFormsSayWhatIsWrong(t *testing.T) {
	story(t)
	n := startNod(t)
	tb := n.person().tab()
	tb.expect("422", "401")
	tb.open("/signup")
	tb.fill("#email", "not an address")
	tb.fill("#password", "password")
	tb.fill("#phone_number", "12")
	tb.click("#signup-form button[type=submit]")
	tb.see("#error-summary")
	for _, field := range []string{"name", "email", "password", "phone_number"} {
		tb.see("#" + field + "-error")
		tb.is(`document.getElementById("` + field + `").getAttribute("aria-invalid") === "true"`)
	}
	tb.is(`document.activeElement.id === "name"`)
	tb.is(`document.getElementById("email").value === "not an address"`)
	tb.is(`document.getElementById("password").value === ""`)
	tb.accessible("sign-up with errors")
	for _, language := range []string{"de", "en"} { // the switch takes along what was typed
		tb.click("#language-form button")
		tb.is(fmt.Sprintf(`document.documentElement.lang === %q && document.getElementById("email").value === "not an address"`, language))
		tb.is(`location.pathname === "/signup" && document.getElementById("phone_number").value === "12"`)
	}

	tb.open("/login")
	tb.fill("#email", "nobody@example.com")
	tb.fill("#password", "wrong wrong wrong")
	tb.click("#login-form button[type=submit]")
	tb.see("#error-summary")
	tb.is(`document.getElementById("email").value === "nobody@example.com"`)
	tb.accessible("sign-in with an error")

	tb.expect("404")
	tb.open("/nowhere")
	tb.see("h1")
	tb.accessible("not found")
}
