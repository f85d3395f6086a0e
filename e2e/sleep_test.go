package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
)

// freeze suspends the page, as a browser does in the background and a closed
// laptop does to all pages.
func (tb *tab) freeze(frozen bool) {
	tb.t.Helper()
	state := "active"
	if frozen {
		state = "frozen"
	}
	call(tb, page.SetWebLifecycleState, page.SetWebLifecycleStateParams{State: page.SetWebLifecycleStateState(state)})
}

func TestADeadlineThatPassesInSleep(t *testing.T) {
	story(t)
	n := startNod(t)
	number := 0
	n.withTTL(4*time.Second, func() (inTime bool) {
		number++
		tb := n.person().tab()
		tb.expect("WebSocket connection")
		p := tb.signUp(fmt.Sprintf("ada%d@example.com", number), fmt.Sprintf("20155501%02d", number))
		inTime = tb.listensInTime("socket")
		tb.freeze(true)
		eventually(t, "the request expires", func() bool { return p.requests()[0].Status == "expired" })
		tb.freeze(false)
		tb.heading(words("approval.expired.title"))
		return inTime
	})
}

func TestAnApprovalInSleep(t *testing.T) {
	story(t)
	n := startNod(t)
	tb := n.person().tab()
	tb.expect("WebSocket connection")
	p := tb.signUp("ada@example.com", "2015550101")
	tb.transport("socket")
	tb.freeze(true)
	p.answer("approve")
	tb.freeze(false)
	tb.at("/protected")
}

// The countdown uses the server's clock: by this browser's, the request has
// expired.
func TestAWrongClock(t *testing.T) {
	story(t)
	n := startNod(t)
	tb := n.person().tab()
	tb.early(`{ const now = Date.now; Date.now = () => now() + 3600e3; }`)
	tb.signUp("ada@example.com", "2015550101")
	tb.transport("socket")
	tb.is(`/^(10|[1-9]):\d\d$/.test(document.getElementById("countdown").textContent)`)
	tb.heading("Tap Approve on your phone")
}
