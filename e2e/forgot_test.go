package e2e

import "testing"

// Who has forgotten the password gives a recovery code and taps, and chooses a new
// one. Whoever else is signed in is so no more.
func TestAForgottenPassword(t *testing.T) {
	story(t)
	n := startNod(t)
	old, tb := n.person().tab(), n.person().tab()
	old.expect("401", "WebSocket connection")
	tb.expect("422")
	p := old.signedIn("ada@example.com", "2015550101")
	old.click(".offer .primary")
	old.see("#recovery-actions")
	old.pictures("recovery-codes")
	code := eval[string](old, `document.querySelector("#recovery-codes code").textContent`)
	old.open("/protected")

	tb.open("/login")
	tb.click("a[href='/forgot']")
	tb.at("/forgot")
	tb.accessible("forgotten password")
	tb.pictures("forgot")
	tb.fill("#email", p.Email)
	tb.fill("#recovery", "0000-0000-0000-0000")
	tb.click("#forgot-form button")
	tb.see("#error-summary")
	tb.accessible("wrong recovery code")
	tb.pictures("forgot-wrong")
	tb.fill("#recovery", code)
	tb.click("#forgot-form button")
	tb.at("/login/approval")
	tb.transport("socket")
	tb.pictures("forgot-waiting")
	p.answer("approve")
	tb.at("/forgot/password")
	tb.accessible("new password")
	tb.pictures("forgot-new")
	tb.fill("#password", "password")
	tb.click("#new-password-form .primary")
	tb.see("#password-error")
	tb.accessible("weak new password")
	tb.fill("#password", "seven purple lanterns drift")
	tb.click("#new-password-form .primary")
	tb.at("/protected")
	tb.see(".notice.success")
	tb.pictures("forgot-done")
	old.at("/login")
}

// The old phone allows another one, the new one proves itself, and is the one that is
// asked from then on.
func TestAnotherPhone(t *testing.T) {
	story(t)
	n := startNod(t)
	tb := n.person().tab()
	tb.expect("422")
	p := tb.signedIn("ada@example.com", "2015550101")
	tb.click("#phone a[href='/account/phone']")
	tb.at("/account/phone")
	tb.accessible("another phone")
	tb.pictures("phone-form")
	tb.fill("#phone_number", "12")
	tb.click("#phone-form .primary")
	tb.see("#phone_number-error")
	tb.accessible("another phone, wrong number")
	tb.pictures("phone-wrong")
	tb.fill("#phone_number", "2015550177")
	tb.click("#phone-form .primary")
	tb.see("#number")
	tb.accessible("the old phone is asked")
	tb.pictures("phone-old")
	if there, here := p.pending().Details["Number"], tb.text("#number"); there != here {
		t.Errorf("the old phone shows number %s, the browser %s", there, here)
	}
	p.answer("approve")
	tb.see("form[action='/account/phone/ask']") // by itself
	tb.accessible("the new phone is asked")
	tb.pictures("phone-new")
	fresh := n.phoneWith("2015550177")
	if there, here := fresh.pending().Details["Number"], tb.text("#number"); there != here {
		t.Errorf("the new phone shows number %s, the browser %s", there, here)
	}
	fresh.answer("approve")
	tb.at("/protected") // by itself
	tb.is(`document.getElementById("phone").innerText.includes("+1\u00a0201-555-0177")`)
	tb.accessible("another phone on the account page")
	tb.pictures("phone-account")
	tb.click("#logout-form button")
	tb.at("/")
	tb.signIn(p.Email)
	fresh.answer("approve")
	tb.at("/protected")
}
