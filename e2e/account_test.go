package e2e

import (
	"database/sql"
	"path/filepath"
	"testing"

	_ "github.com/mattn/go-sqlite3" // opens the database of a running Nod
)

// grownOld makes every sign-in too old for a change of its account.
func (n *nod) grownOld() {
	n.t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(n.dir, "nod.db")+"?_busy_timeout=10000")
	must(n.t, err)
	defer db.Close()
	_, err = db.ExecContext(n.t.Context(), `UPDATE sessions SET fresh_until = 1`)
	must(n.t, err)
}

// Who changes the account late is asked by the phone first; the page goes on by
// itself after the tap, back to the form.
func TestAChangeIsConfirmedByATap(t *testing.T) {
	story(t)
	n := startNod(t)
	tb := n.person().tab()
	tb.expect("404", "422")
	p := tb.signedIn("ada@example.com", "2015550101")
	n.grownOld()
	tb.open("/protected")
	tb.accessible("account, not fresh")
	tb.click("#close-account summary")
	tb.click("#close-account a.button")
	tb.heading(words("change.title"))
	tb.accessible("is it you")
	tb.click("main a[href*='by=code']")
	tb.fill("#token", "0000000")
	tb.click("#change-code button")
	tb.see("#token-error")
	tb.accessible("change, wrong code")
	tb.click("form[action='/account/confirm/ask'] button")
	tb.heading("Tap Approve on your phone")
	tb.accessible("change, waiting")
	if there, here := p.pending().Details["Number"], tb.text("#number"); there != here {
		t.Errorf("the phone shows number %s, the browser %s", there, here)
	}
	p.answer("approve")
	tb.at("/protected")
	tb.is(`location.hash === "#close-account"`)
	tb.see("#close-account form")

	// A denial is told, too.
	n.grownOld()
	tb.open("/account/confirm?to=%2Faccount%2Fpassword")
	tb.click("#change-ask button")
	tb.heading("Tap Approve on your phone")
	p.answer("deny")
	tb.heading(words("approval.denied.title"))
	tb.accessible("change, denied")
}

// Without scripts the page asks by itself, and a code works as well.
func TestAChangeIsConfirmedWithoutScripts(t *testing.T) {
	story(t)
	n := startNod(t)
	tb := n.person().tab()
	tb.expect("422")
	p := tb.signedIn("ada@example.com", "2015550101")
	n.grownOld()
	tb.noScript()
	tb.open("/account/confirm?to=%2Faccount%2Fpassword")
	tb.click("#change-ask button")
	tb.heading("Tap Approve on your phone")
	p.answer("approve")
	tb.heading("Approved")
	tb.click("#change-form button")
	tb.at("/protected")
	tb.see("#password-form")

	n.grownOld()
	tb.open("/account/confirm?to=%2Faccount%2Fpassword")
	tb.click("main a[href*='by=code']")
	tb.heading("Enter a code")
	tb.fill("#token", "0000000")
	tb.click("#change-code button")
	tb.see("#token-error")
	tb.fill("#token", p.token())
	tb.click("#change-code button")
	tb.at("/protected")
}

// Other browsers are signed out with two taps, and their open pages hear it.
func TestOtherBrowsersAreSignedOut(t *testing.T) {
	story(t)
	n := startNod(t)
	ada := n.person()
	here, besides, there := ada.tab(), ada.tab(), n.person().tab()
	there.expect("401", "WebSocket connection")
	besides.expect("WebSocket connection") // with the cookie from before
	p := here.signedIn("ada@example.com", "2015550101")
	there.signIn(p.Email)
	p.answer("approve")
	there.at("/protected")
	n.grownOld()
	here.open("/protected")
	here.accessible("two sessions")
	here.click("#sessions li button")
	here.heading(words("change.title"))
	here.click("#change-ask button")
	here.heading("Tap Approve on your phone")
	besides.open("/protected")
	p.answer("approve")
	here.heading("Confirmed")
	here.accessible("it is you")
	here.click("main form button")
	here.at("/protected")
	here.see(".notice.success")
	there.at("/login")
	besides.is(`document.querySelectorAll("#sessions li").length === 2`) // it stays as it was
	besides.open("/protected")
	besides.is(`document.querySelectorAll("#sessions li").length === 1`)
	here.open("/account/history")
	here.see(".activity")
	here.accessible("history")
}

func TestAPasswordIsChanged(t *testing.T) {
	story(t)
	n := startNod(t)
	tb := n.person().tab()
	tb.expect("422")
	p := tb.signedIn("ada@example.com", "2015550101")
	tb.click("#password-section summary")
	tb.fill("#current", "not the password")
	tb.fill("#password", "seven purple lanterns drift")
	tb.click("#password-form .primary")
	tb.see("#current-error")
	tb.accessible("wrong password for another")
	tb.fill("#current", password)
	tb.fill("#password", "seven purple lanterns drift")
	tb.click("#password-form .primary")
	tb.see(".notice.success")
	tb.at("/protected")
	other := n.person().tab()
	other.open("/login")
	other.fill("#email", p.Email)
	other.fill("#password", "seven purple lanterns drift")
	other.click("#login-form button[type=submit]")
	other.at("/login/approval")
}
