package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/emulation"
)

// inReadme are the pictures that the README shows. NOD_PICTURES=all takes all
// of them, to review a change of the pages.
var inReadme = []string{"waiting-1280-light", "waiting-1280-dark", "phone-390-light", "phone-390-dark", "protected-1280-light", "protected-1280-dark"}

// TestScreenshots walks through Nod and takes pictures, into the folder
// NOD_SCREENSHOTS.
func TestScreenshots(t *testing.T) {
	story(t)
	dir := os.Getenv("NOD_SCREENSHOTS")
	if dir == "" {
		dir = t.TempDir()
	}
	must(t, os.MkdirAll(dir, 0o755))
	all := os.Getenv("NOD_PICTURES") == "all"
	shoot := func(tb *tab, name string) {
		t.Helper()
		for _, width := range []int64{390, 1280} {
			for _, scheme := range []string{"light", "dark"} {
				file := fmt.Sprintf("%s-%d-%s", name, width, scheme)
				if all || slices.Contains(inReadme, file) {
					tb.look(width, scheme)
					tb.picture(filepath.Join(dir, file+".png"))
				}
			}
		}
		tb.look(1280, "light")
	}

	var settings []string
	if os.Getenv("NOD_SCREENSHOTS") != "" {
		settings = []string{"APPROVAL_TTL=2m"} // the pictures show the default
	}
	n := startNod(t, settings...)
	ada := n.person()
	tb, hand := ada.tab(), ada.tab()
	tb.expect("422", "404", "403", "409")
	// Pages name the browser, which should not be HeadlessChrome.
	call(tb, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{
		UserAgent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
	})
	tb.open("/")
	shoot(tb, "home")
	tb.open("/signup")
	shoot(tb, "signup")
	tb.fill("#email", "ada")
	tb.fill("#password", "password")
	tb.click("#signup-form button[type=submit]")
	tb.see("#error-summary")
	shoot(tb, "signup-errors")
	tb.open("/nowhere")
	shoot(tb, "not-found")
	hand.open(n.phones)
	shoot(hand, "phones-none")

	p := tb.signUp("ada@example.com", "2015550101")
	tb.transport("socket")
	shoot(tb, "waiting")
	hand.openPhone(p)
	hand.see(".request")
	shoot(hand, "phone")
	tb.see("[data-help]")
	shoot(tb, "waiting-help")
	hand.click(".request [data-answer=deny]")
	tb.heading(words("approval.denied.title"))
	shoot(tb, "denied")
	shoot(hand, "phone-denied")

	tb.open("/login")
	shoot(tb, "login")
	tb.signIn(p.Email)
	tb.click("summary")
	shoot(tb, "waiting-ways")
	tb.click("#cancel-form button")
	tb.at("/login")
	shoot(tb, "login-cancelled")

	tb.signIn(p.Email)
	tb.open("/verify-token")
	shoot(tb, "code")
	tb.click("form[action='/send-token'] button")
	p.code("sms")
	shoot(tb, "code-sent")
	hand.openPhone(p)
	shoot(hand, "phone-sms")
	hand.click("#tab-codes")
	shoot(hand, "phone-codes")
	hand.click("#tab-messages")
	shoot(hand, "phone-messages")
	tb.fill("#token", "0000000")
	tb.click("#token-form button[type=submit]")
	tb.see("#token-error")
	shoot(tb, "code-wrong")
	tb.open("/verify-token")
	tb.enterToken(p.token)
	shoot(tb, "protected-by-code")

	tb.open("/protected")
	tb.fill("#payee", "Grace Hopper")
	tb.fill("#amount", "120.50")
	tb.click(".transfer-form button")
	tb.see("li.entry")
	shoot(tb, "transfer-waiting")
	hand.openPhone(p)
	hand.see(".request")
	shoot(hand, "phone-transfer")
	p.answer("approve")
	tb.is(`document.querySelector("li.entry").dataset.status === "executed"`)
	shoot(tb, "transfer-done")
	tb.click(".offer .primary")
	tb.see("#recovery-codes")
	shoot(tb, "recovery-codes")
	tb.open("/protected")
	tb.click("#add-authenticator button")
	tb.see(".qr-code")
	shoot(tb, "authenticator")
	hand.openPhone(p)
	hand.click("#tab-codes")
	shoot(hand, "phone-codes")
	hand.accessible("codes of the phone")
	tb.click("#logout-form button")
	tb.at("/")
	shoot(tb, "signed-out")
	tb.accessible("signed out")

	// Signed in by a tap, without transfers.
	tb.signUp("ada.lovelace@example.com", "2015550102")
	tb.transport("socket")
	n.phoneOf("ada.lovelace@example.com").answer("approve")
	tb.at("/protected")
	shoot(tb, "protected")
	tb.click("#logout-form button")
	tb.at("/")

	hand.open(n.phones)
	shoot(hand, "phones")
	hand.click(".faults summary")
	shoot(hand, "phones-faults")
	hand.accessible("faults")

	late := startNod(t, "APPROVAL_TTL=1s").person().tab()
	late.signUp("ada@example.com", "2015550101")
	late.heading(words("approval.expired.title"))
	shoot(late, "expired")

	n.json(http.MethodPost, "/faults", map[string]any{"api": "error"}, nil)
	tb.signIn(p.Email)
	shoot(tb, "unavailable")
	tb.accessible("unavailable")
	n.json(http.MethodDelete, "/faults", nil, nil)
	p.app(false)
	tb.givePassword(p.Email)
	tb.at("/verify-token")
	shoot(tb, "no-app")
}
