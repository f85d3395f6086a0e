package e2e

import "testing"

// Who signs up with an e-mail that has an account sees what everybody sees, until
// the phone is proved.
func TestSignUpWithAnEmailThatHasAnAccount(t *testing.T) {
	story(t)
	n := startNod(t)
	ada := n.person().tab()
	ada.signUp("ada@example.com", "2015550101").answer("approve")
	ada.at("/protected")

	tb := n.person().tab()
	tb.expect("422", "401")
	tb.open("/signup")
	tb.fill("#password", "Summer2024!")
	tb.click("#signup-form button[type=submit]")
	tb.see("#password-error")
	tb.accessible("weak password")
	tb.pictures("weak-password")

	p := tb.signUp("ADA@example.com", "2015550102")
	tb.heading("Tap Approve on your phone")
	tb.transport("socket")
	p.answer("approve")
	tb.heading("You already have an account")
	tb.accessible("e-mail taken")
	tb.pictures("email-taken")
	tb.click("[data-state=signed_out-email_taken] a[href='/login']")
	tb.at("/login")
}
