package e2e

import "testing"

// A stranger with the password is told that another sign-in is under way; the owner
// goes on in the browser that is known.
func TestTheOwnersSignInIsNotTakenOver(t *testing.T) {
	story(t)
	n := startNod(t)
	hers, strangers := n.person().tab(), n.person().tab()
	phone := hers.signedIn("ada@example.com", "2015550101")
	hers.click("#logout-form button, form[action='/logout'] button")
	hers.at("/")
	hers.open("/login")
	hers.givePassword("ada@example.com")
	hers.at("/login/approval")
	hers.transport("socket")

	strangers.expect("429")
	strangers.open("/login")
	strangers.givePassword("ada@example.com")
	strangers.at("/login/approval")
	strangers.heading(words("approval.under_way.title"))
	strangers.click("details.other-ways:not([hidden]) summary")
	strangers.see("form[action='/send-token']")
	strangers.pictures("under-way")
	strangers.accessible("another sign-in under way")

	phone.answer("approve")
	hers.at("/protected")
}

// Who is held up may give a code along with the password.
func TestTheFormAsksForACodeWhereStrangersAreHeldUp(t *testing.T) {
	story(t)
	n := startNod(t)
	tb := n.person().tab()
	tb.expect("422", "429")
	for range 6 {
		tb.open("/login")
		tb.fill("#email", "nobody@example.com")
		tb.fill("#password", "not a password of anybody")
		tb.click("#login-form button[type=submit]")
		tb.see("#error-summary")
	}
	tb.see("#proof")
	tb.pictures("held-up")
	tb.accessible("sign-in, held up")
}
