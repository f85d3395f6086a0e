package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/webauthn"
)

// authenticator gives a tab what unlocks a phone: keys that verify their user.
func (tb *tab) authenticator() webauthn.AuthenticatorID {
	tb.t.Helper()
	call(tb, webauthn.Enable, webauthn.EnableParams{})
	return call(tb, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
		HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
	}}).AuthenticatorID
}

// addOwnPhone makes a tab the phone of whoever is signed in in another one.
func addOwnPhone(tb, hand *tab, name string) (passkeys webauthn.AuthenticatorID) {
	tb.t.Helper()
	passkeys = hand.authenticator()
	tb.open("/protected")
	tb.click("#add-own-phone button")
	hand.typesCode(tb, name)
	tb.at("/account/phones")
	tb.click("form[action='/account/phones/confirm'] button")
	tb.at("/protected")
	hand.see("#ownphone-empty")
	hand.accessible("a phone at rest")
	return passkeys
}

// typesCode gives a tab the code that another one shows, until that asks whether the phone
// is theirs.
func (hand *tab) typesCode(tb *tab, name string) {
	tb.t.Helper()
	code := tb.text("#phone-code")
	tb.accessible("the code for a phone")
	hand.open("/phone")
	hand.see("#enrol-form")
	hand.accessible("a phone to be")
	hand.fill("#code", code)
	hand.fill("#name", name)
	hand.click("#enrol-form button")
	hand.heading(words("ownphone.waiting.title"))
	tb.is(`document.querySelector("main h2")?.innerText === "` + name + `"`)
	tb.accessible("a phone that waits")
}

// signUpByOwnPhone creates an account whose only phone is the other tab's.
func (tb *tab) signUpByOwnPhone(hand *tab, email string) {
	tb.t.Helper()
	hand.authenticator()
	tb.open("/signup")
	tb.accessible("a sign-up without a number")
	tb.fill("#name", "Ada Lovelace")
	tb.fill("#email", email)
	tb.fill("#password", password)
	tb.click("#signup-form button[type=submit]")
	tb.at("/signup/phone")
	hand.typesCode(tb, "Pixel")
	tb.click("form[action='/signup/phone/confirm'] button")
	tb.heading(words("approval.pending.title_typed"))
	tb.accessible("a sign-up that waits for its phone")
	hand.see(pendingCard + "input")
	hand.typeNumber(tb.text("#number"))
	tb.at("/protected")
}

const pendingCard = `#requests [data-status="pending"] `

// typeNumber types a number on an own phone, and approves.
func (tb *tab) typeNumber(number string) {
	tb.t.Helper()
	tb.fill(pendingCard+"input", number)
	tb.click(pendingCard + "button[type=submit]")
}

// One phone of one's own and a browser elsewhere, from the code to its end: six digits
// and the phone's unlock sign in, a no is a no, three wrong numbers end the request, and
// a phone that was removed says so and forgets its keys.
func TestAPhoneOfOnesOwn(t *testing.T) {
	story(t)
	n := startNod(t)
	tb, hand := n.person().tab(), n.person().tab()
	hand.expect("422", "401")
	p := tb.signedIn("ada@example.com", "2015550101")
	addOwnPhone(tb, hand, "Pixel")
	again := func() {
		t.Helper()
		tb.open("/login") // which leads who is signed in to the account
		if eval[bool](tb, `location.pathname === "/protected"`) {
			tb.click("#logout-form button")
			tb.at("/")
		}
		tb.signIn(p.Email)
		tb.heading(words("approval.pending.title_typed"))
		hand.see(pendingCard + "input")
	}
	again()
	tb.accessible("a number to type")
	hand.accessible("a request on an own phone")
	number := tb.text("#number")
	if len(number) != 6 {
		t.Fatalf("the browser shows %q", number)
	}
	hand.typeNumber(wrong(number))
	hand.see(pendingCard + `[data-error="number"]`)
	hand.accessible("a wrong number")
	hand.typeNumber(number)
	tb.at("/protected")
	hand.see(`#requests [data-if="approved"]`)

	again()
	hand.click(pendingCard + "[data-deny]")
	tb.heading(words("approval.denied.title"))
	hand.see(`#requests [data-why="me"]`)
	hand.accessible("after a no")
	hand.click(`#requests [data-why="me"]`)
	hand.see(`#requests [data-if="denied-me"]`)

	again()
	for range 3 {
		hand.see(pendingCard + "input")
		hand.typeNumber(wrong(tb.text("#number")))
		hand.is(`!document.querySelector("#requests [data-busy]")`)
	}
	tb.heading(words("approval.wrong_number.title"))
	tb.accessible("three wrong numbers")
	tb.click("[data-state='cancelled-wrong_number'] button[form='resend-form']")
	hand.see(pendingCard + "input")
	hand.typeNumber(tb.text("#number"))
	tb.at("/protected")

	tb.accessible("account with an own phone")
	tb.click("form[action='/account/phones/remove'] button")
	hand.heading(words("ownphone.revoked.title"))
	hand.accessible("a phone that was removed")
	if left := eval[int](hand, `new Promise((resolve) => { const o = indexedDB.open("nod-phone", 1); o.onsuccess = () => {
		const c = o.result.transaction("keys").objectStore("keys").count(); c.onsuccess = () => resolve(c.result); }; })`); left != 0 {
		t.Error("the keys are still there")
	}
}
