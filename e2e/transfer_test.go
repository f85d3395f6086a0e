package e2e

import (
	"fmt"
	"testing"
	"time"
)

// signedIn signs up and approves, and ends on the protected page.
func (tb *tab) signedIn(email, number string) phone {
	tb.t.Helper()
	p := tb.signUp(email, number)
	p.answer("approve")
	tb.at("/protected")
	return p
}

func (tb *tab) askForTransfer(payee, amount string) {
	tb.t.Helper()
	tb.fill("#payee", payee)
	tb.fill("#amount", amount)
	tb.click("#transfer-form button")
}

// newest waits until the newest transfer has a status.
func (tb *tab) newest(status string) {
	tb.t.Helper()
	tb.is(fmt.Sprintf(`document.querySelector("li.entry")?.dataset.status === %q`, status))
}

func TestTransferApproved(t *testing.T) {
	story(t)
	n := startNod(t)
	ada := n.person()
	tb, hand := ada.tab(), ada.tab()
	p := tb.signedIn("ada@example.com", "2015550101")
	tb.expect("422")
	tb.askForTransfer("", "12.345")
	tb.see("#amount-error")
	tb.see("#payee-error")
	tb.accessible("transfer with errors")

	tb.askForTransfer("Grace Hopper", "120.50")
	tb.newest("awaiting")
	tb.accessible("transfer waiting")
	hand.openPhone(p)
	hand.see(".request")
	if got, want := hand.text(".request .ask"), "Send 120.50 EUR to Grace Hopper?"; got != want {
		t.Errorf("the phone asks %q, want %q", got, want)
	}
	hand.click(".request [data-answer=approve]")
	tb.newest("executed")
	tb.accessible("transfer sent")
}

// Pages that were open before hear of a transfer that another asks for: one of the
// same session goes on with it when that one is gone, one elsewhere shows it.
func TestATransferThatAnotherTabAskedFor(t *testing.T) {
	story(t)
	n := startNod(t)
	ada := n.person()
	rest, asks, elsewhere := ada.tab(), ada.tab(), n.person().tab()
	p := asks.signedIn("ada@example.com", "2015550101")
	elsewhere.signIn("ada@example.com")
	p.answer("approve")
	elsewhere.at("/protected")
	rest.open("/protected")
	for _, tb := range []*tab{rest, elsewhere} {
		tb.is(`document.querySelector("#transfers .empty") !== null`)
	}
	asks.askForTransfer("Grace Hopper", "120.50")
	asks.newest("awaiting")
	rest.newest("awaiting")
	elsewhere.newest("awaiting")
	asks.open("about:blank")
	p.answer("approve")
	rest.newest("executed")
	elsewhere.newest("executed")
}

func TestTransferDenied(t *testing.T) {
	story(t)
	n := startNod(t)
	tb := n.person().tab()
	p := tb.signedIn("ada@example.com", "2015550101")
	tb.askForTransfer("Grace Hopper", "120.50")
	tb.newest("awaiting")
	p.answer("deny")
	tb.newest("denied")
	tb.accessible("transfer denied")
}

func TestTransferExpires(t *testing.T) {
	story(t)
	n := startNod(t)
	tb := n.person().tab()
	tb.expect("WebSocket connection", "ERR_", "503") // Nod restarts
	tb.signedIn("ada@example.com", "2015550101")
	transfers := 0
	n.withTTL(4*time.Second, func() (inTime bool) {
		tb.open("/protected")
		tb.askForTransfer("Grace Hopper", "120.50")
		transfers++
		tb.is(fmt.Sprintf(`document.querySelectorAll("li.entry").length === %d`, transfers))
		inTime = eval[string](tb, `document.querySelector("li.entry").dataset.status`) == "awaiting"
		tb.newest("expired")
		return inTime
	})
}

// A transfer that differs from what the phone displayed is rejected.
func TestTransferChangedInTheBrowser(t *testing.T) {
	story(t)
	n := startNod(t)
	tb := n.person().tab()
	tb.expect("409")
	p := tb.signedIn("ada@example.com", "2015550101")
	tb.askForTransfer("Grace Hopper", "120.50")
	tb.newest("awaiting")
	tb.is(`document.readyState === "complete"`)
	eval[bool](tb, `(document.querySelector("[data-execute] [name=amount]").value = "99120.50", true)`)
	p.answer("approve")
	tb.is(says(`document.querySelector("main").innerText`, "error.transfer_changed.text"))
	tb.accessible("changed transfer")
	tb.open("/protected")
	tb.newest("refused")
	tb.accessible("refused transfer")
}
