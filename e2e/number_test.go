package e2e

import "testing"

// Who mistyped the number at sign-up puts it right on the way.
func TestAMistypedNumberIsCorrected(t *testing.T) {
	story(t)
	n := startNod(t)
	tb := n.person().tab()
	wrong := tb.signUp("ada@example.com", "2015550132")
	wrong.pending()
	tb.click("a[href='/login/number']")
	tb.at("/login/number")
	tb.accessible("correcting the number")
	tb.expect("422")
	tb.fill("#phone_number", "1")
	tb.click("#number-form button[type=submit]")
	tb.see("#phone_number-error")
	tb.accessible("correcting the number, with an error")
	tb.fill("#phone_number", "2015550123")
	tb.click("#number-form button[type=submit]")
	tb.at("/login/approval")
	tb.heading("Tap Approve on your phone")
	tb.transport("socket")
	n.phoneOf("ada@example.com").answer("approve")
	tb.at("/protected")
	// Times are the reader's own; UTC stays at hand.
	tb.is(`[...document.querySelectorAll("time")].every((time) => time.title.endsWith("UTC"))`)
	tb.accessible("protected, with times")
}
