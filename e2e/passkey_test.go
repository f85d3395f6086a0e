package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/webauthn"
)

// The passkey of a phone signs in alone, where it lies: by the button, and by the field of
// the e-mail, where the browser offers it. A refusal is told, and the password still works.
func TestSigningInByAPasskeyAlone(t *testing.T) {
	story(t)
	n := startNod(t)
	tb, hand := n.person().tab(), n.person().tab()
	hand.expect("401")
	tb.signedIn("ada@example.com", "2015550101")
	key := addOwnPhone(tb, hand, "Pixel")
	unlocks := func(yes bool) {
		t.Helper()
		call(hand, webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: key, IsUserVerified: yes})
	}
	unlocks(false)
	hand.open("/login")
	hand.accessible("a login page with passkeys")
	hand.click("#passkey-button")
	hand.see("#passkey-error")
	hand.accessible("a passkey that was not unlocked")
	unlocks(true)
	hand.click("#passkey-button")
	hand.at("/protected")
	hand.is(`document.body.innerText.includes("` + words("method.passkey") + `")`)
	hand.click("#logout-form button")
	hand.at("/")
	hand.open("/login")
	hand.at("/protected")
	hand.click("#logout-form button")
	hand.at("/")

	tb.click("form[action='/account/phones/remove'] button")
	tb.at("/protected")
	hand.expect("422")
	hand.early(`PublicKeyCredential.isConditionalMediationAvailable = async () => false`) // or it would be offered, and taken, again and again
	hand.open("/login")
	hand.click("#passkey-button")
	hand.is(`document.querySelector("#error-summary")?.innerText.trim() === "` + words("passkey.refused") + `"`)
	hand.accessible("the passkey of a phone that was removed")
}

// An account whose last phone is gone, and which has recovery codes: there is no phone to
// ask and nothing to send, and its code page works all the same.
func TestTheCodePageWithoutAPhone(t *testing.T) {
	story(t)
	n := startNod(t, "PHONES=own", "SIMULATOR_ADDR=")
	tb, hand := n.person().tab(), n.person().tab()
	hand.expect("401", "404")
	tb.signUpByOwnPhone(hand, "ada@example.com")
	tb.click(".offer .primary")
	tb.see("#recovery-actions")
	code := eval[string](tb, `document.querySelector("#recovery-codes code").textContent`)
	tb.click("#codes-kept button")
	tb.at("/protected")
	tb.click("form[action='/account/phones/remove'] button")
	tb.at("/protected")
	tb.click("#logout-form button")
	tb.at("/")
	tb.givePassword("ada@example.com")
	tb.at("/verify-token")
	tb.accessible("a code page without a phone")
	tb.fill("#recovery", code)
	tb.click("#recovery-form button")
	tb.at("/protected")
}
