package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// The owner denies a stranger's request, says that it was not them, and lets the
// phone be asked again once they have come in by a code.
func TestThisWasNotMe(t *testing.T) {
	story(t)
	n := startNod(t)
	hers, strangers := n.person().tab(), n.person().tab()
	hers.expect("429", "WebSocket connection") // a page of a pause; the socket of a page that signs out
	strangers.expect("429")
	p := hers.signUp("ada@example.com", "2015550101")
	p.answer("approve")
	hers.at("/protected")

	strangers.signIn(p.Email)
	p.answer("deny")
	strangers.heading(words("approval.denied.title"))
	hers.open("/protected")
	hers.see("#notices")
	hers.accessible("was this you")
	hers.pictures("notices")
	hers.click("#notices button[value=not_me]")
	hers.heading("Keep everybody else out")
	hers.accessible("not me")
	hers.pictures("not-me")
	hers.open("/protected")
	hers.see(".told-pause")
	hers.accessible("paused")
	hers.pictures("paused")

	strangers.givePassword(p.Email)
	strangers.heading("Requests to your phone are paused")
	strangers.accessible("not asked")
	strangers.pictures("not-asked")
	if got := len(p.requests()); got != 2 {
		t.Errorf("the phone got %d requests, want 2", got)
	}

	hers.click("#logout-form button")
	hers.at("/")
	hers.givePassword(p.Email)
	hers.heading("Requests to your phone are paused")
	hers.open("/verify-token")
	hers.enterToken(p.token)
	hers.at("/protected")
	hers.see(".told-pause button")
	hers.pictures("pause-can-end")
	hers.click(".told-pause button")
	hers.see("main > .notice")
	hers.click("#logout-form button")
	hers.at("/")
	hers.signIn(p.Email)
	hand := n.person().tab()
	hand.openPhone(p)
	hand.see(".request")
	hand.is(`document.querySelector(".request").textContent.includes("requests were paused")`)
	hand.pictures("phone-notice")
}

// A mis-tap is taken back on the page that follows, by a code; and what was added lately
// is listed there.
func TestAMistakenNotMeIsTakenBack(t *testing.T) {
	story(t)
	n := startNod(t)
	hers, strangers := n.person().tab(), n.person().tab()
	strangers.expect("429")
	p := hers.signUp("ada@example.com", "2015550101")
	p.answer("approve")
	hers.at("/protected")
	hers.click(".offer .primary")
	hers.see("#recovery-codes")
	strangers.signIn(p.Email)
	p.answer("deny")
	strangers.heading("Not approved")
	hers.open("/protected")
	hers.click("#notices button[value=not_me]")
	hers.heading("Keep everybody else out")
	hers.see(".added input[name=codes]:checked")
	hers.accessible("added lately")
	hers.pictures("not-me-added")
	hers.click("#mistake button")
	hers.see("#change-code")
	hers.accessible("resume by a code")
	hers.pictures("resume")
	hers.tokenIn("#change-code", p.token)
	hers.at("/protected")
	hers.see("main > .notice")
	hers.is(`!document.querySelector(".told-pause")`)
	strangers.signIn(p.Email)
}

// pictures shows the page as it looks to people, in the folder NOD_SCREENSHOTS.
func (tb *tab) pictures(name string) {
	dir := os.Getenv("NOD_SCREENSHOTS")
	if dir == "" {
		return
	}
	for _, width := range []int64{390, 1280} {
		for _, scheme := range []string{"light", "dark"} {
			tb.look(width, scheme)
			tb.picture(filepath.Join(dir, fmt.Sprintf("%s-%d-%s.png", name, width, scheme)))
		}
	}
	tb.look(1280, "light")
}
