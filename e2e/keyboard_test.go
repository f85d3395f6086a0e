package e2e

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// tabTo presses Tab until the focus is on an element, as somebody without a mouse.
func (tb *tab) tabTo(selector string) {
	tb.t.Helper()
	for range 80 {
		tb.press(kb.Tab)
		if eval[bool](tb, fmt.Sprintf(`document.activeElement.matches(%q)`, selector)) {
			if !eval[bool](tb, `document.activeElement.getBoundingClientRect().width > 0 && document.activeElement.matches(":focus-visible")`) {
				tb.t.Errorf("%s has the focus, and nobody sees it", selector)
			}
			return
		}
	}
	tb.t.Fatalf("Tab leads nowhere to %s", selector)
}

func (tb *tab) press(keys string) {
	tb.t.Helper()
	run(tb, "press a key", chromedp.KeyEvent(keys))
}

// A whole story by keyboard alone: a wrong password, a code in the place of the tap, a
// transfer, another password, and out.
func TestByKeyboardAlone(t *testing.T) {
	story(t)
	n := startNod(t)
	p := n.account("ada@example.com", "2015550101")
	tb := n.person().tab()
	tb.expect("422", "WebSocket connection")
	tb.open("/login")
	tb.focused("email")
	tb.press(p.Email + kb.Tab + "not the password" + kb.Enter)
	tb.see("#error-summary")
	tb.focused("password")
	tb.press(password)
	tb.tabTo("[data-reveal]")
	tb.press(" ")
	tb.is(`document.getElementById("password").type === "text"`)
	tb.focused("password")
	tb.press(kb.Enter)
	tb.at("/login/approval")
	tb.transport("socket")
	tb.tabTo(".other-ways summary")
	tb.press(kb.Enter)
	tb.tabTo("a[href='/verify-token#recovery']")
	tb.press(kb.Enter)
	tb.at("/verify-token")
	tb.focused("recovery")
	run(tb, "back", chromedp.NavigateBack())
	tb.at("/login/approval")
	tb.transport("socket")
	if !eval[bool](tb, `document.querySelector(".other-ways").open`) {
		tb.tabTo(".other-ways summary")
		tb.press(kb.Enter)
	}
	tb.tabTo(".other-ways a[href='/verify-token']")
	tb.press(kb.Enter)
	tb.at("/verify-token")
	tb.focused("token")
	tb.press("Your code: " + p.token() + kb.Enter)
	tb.at("/protected")

	tb.tabTo("#payee")
	tb.press("Grace" + kb.Tab + "12.50" + kb.Enter)
	tb.newest("awaiting")
	tb.is(`document.activeElement === document.querySelector("li.entry")`)
	tb.tabTo("[data-execute] button")
	p.answer("deny")
	tb.newest("denied")
	tb.is(`document.activeElement.matches("li.entry")`)
	tb.tabTo("#payee")
	tb.press("Grace" + kb.Tab + "7" + kb.Enter)
	tb.newest("awaiting")
	p.answer("approve")
	tb.newest("executed")
	tb.is(`document.activeElement === document.querySelector("li.entry")`)
	tb.tabTo("#close-account summary")
	tb.press(kb.Enter)
	tb.tabTo("#close_password")
	tb.press("not it" + kb.Enter)
	tb.see("#close_password-error")
	tb.focused("close_password")
	tb.open("/account/history")
	eval[bool](tb, `(setTimeout(() => history.back()), true)`) // asks for no form to be sent again
	tb.at("/protected")
	tb.tabTo("#logout-form button")
	tb.press(kb.Enter)
	tb.at("/")
}
