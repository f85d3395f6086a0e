package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// A callback that is sent again: each trick is really sent, and changes no row.
func TestTheCallbackTakenApart(t *testing.T) {
	story(t)
	s := startDemo(t).stage()
	s.press("s")
	s.enter()
	s.told("The WebSocket is open")
	s.press("a")
	s.told("Nod lets this browser in: a new session")
	s.press("c")
	s.is(`document.getElementById("signature-met").textContent.startsWith("They meet")`)
	s.accessible("the callback")
	for _, trick := range []struct{ key, title, rule, met string }{
		{"r", "Replayed: 200 OK", "Nod: decided already, nothing changes", "They meet"},
		{"b", "One byte changed: 401 Unauthorized", "Nod refuses it: the signature does not match", "They do not meet"},
		{"o", "With an old nonce: 401 Unauthorized", "Nod refuses it: its nonce is not of now", "They meet"},
		{"u", "Unsigned: 401 Unauthorized", "Nod refuses it: it is not signed", "They do not meet"},
	} {
		s.press(trick.key)
		s.is(fmt.Sprintf(`document.getElementById("trick-title").textContent === %q`, trick.title))
		if got := s.text("#trick-rule"); got != trick.rule {
			t.Errorf("%s: the rule is %q, want %q", trick.title, got, trick.rule)
		}
		if got := s.text("#signature-met"); !strings.HasPrefix(got, trick.met) {
			t.Errorf("%s: %q", trick.title, got)
		}
		if before, after := s.text("#trick-before"), s.text("#trick-after"); before != after || !strings.HasPrefix(before, "approved, decided ") || !strings.HasSuffix(before, ", used") {
			t.Errorf("%s: the row was %q and is %q", trick.title, before, after)
		}
		s.look("stage-callback-" + trick.key)
	}
	if got := eval[[]string](s.tab, `[...document.querySelectorAll("#hops .step")].map((step) => [".words", ".tap"].map((part) => step.querySelector(part)))
		.filter(([words, tap]) => tap.textContent && words.getBoundingClientRect().right > tap.getBoundingClientRect().left).map(([words]) => words.textContent)`); len(got) > 0 {
		t.Errorf("words run into the time after them: %q", got)
	}
	s.accessible("the callback after a trick")
	s.press(kb.Escape)

	s.press("x")
	s.is(atTheStart)
	s.press("s")
	s.enter()
	s.told("The WebSocket is open")
	eval[bool](s.frame(), `setTimeout((form) => form.requestSubmit(), 0, document.getElementById("cancel-form")) > 0`)
	s.told("Nod tells Authy that nobody waits any more")
	s.press("l")
	s.is(`document.getElementById("trick-title").textContent === "Too late: 200 OK"`)
	if got, row := s.text("#trick-rule"), s.text("#trick-after"); got != "Nod: too late, nothing changes" || row != s.text("#trick-before") || !strings.HasPrefix(row, "cancelled") {
		t.Errorf("too late: the rule is %q and the row %q", got, row)
	}
}

// The scenes by keys: each sets itself up, and finds out whether it went as told.
func TestTheScenes(t *testing.T) {
	story(t)
	s := startDemo(t).stage()
	signIn := func() {
		s.press("s")
		s.enter()
	}
	approved := func() {
		signIn()
		s.told("The WebSocket is open")
		s.press("a")
		s.told("Nod lets this browser in: a new session")
	}
	for _, key := range []string{kb.ArrowRight, kb.ArrowRight, kb.ArrowRight, kb.ArrowLeft, kb.ArrowLeft, kb.ArrowLeft} {
		s.press(key) // in a hurry
	}
	for i, play := range []func(){
		approved,
		func() {
			signIn()
			s.told("The WebSocket is open")
			s.press("d")
		},
		func() {
			approved()
			for _, trick := range [][2]string{{"r", "Replayed"}, {"b", "One byte"}, {"o", "With an old"}, {"u", "Unsigned"}} {
				s.press(trick[0])
				s.is(fmt.Sprintf(`document.getElementById("trick-title").textContent.startsWith(%q)`, trick[1]))
			}
			s.press(kb.Escape)
		},
		func() {
			signIn()
			s.told("Nod asks Authy to send Grace a code by SMS")
			s.send("token", s.nod.phoneOf("grace@example.com").code("sms"))
		},
		func() {
			signIn()
			s.frame().at("/login/approval") // which takes the keys for a moment
		},
		func() {
			s.is(otherSays("waits, number"))
			approved()
			s.is(otherSays("is kept out"))
		},
		func() {
			signIn()
			s.told("The WebSocket is open")
			s.clickPhone("#owner")
			s.key("a") // goes to the phone, and means the same there
			s.told("Nod lets this browser in: a new session")
			s.send("payee", "Bob", "amount", "12.00")
			s.told("The browser asks for a transfer")
			s.nod.phoneOf("ada@example.com").pending()
			eval[bool](s.tab, `(document.activeElement.blur(), true)`) // as a click beside the phone
			s.press("a")
		},
		func() {
			for range 2 {
				s.nod.phoneOf("ada@example.com").pending()
				eval[bool](s.tab, `(document.getElementById("said").textContent = "") === ""`)
				s.press("d")
				s.is(`document.getElementById("said").textContent === "Ada denied."`)
			}
			s.is(otherSays("is told: the phone is left in peace"))
		},
	} {
		s.press(kb.ArrowRight)
		s.is(fmt.Sprintf(`document.getElementById("scene-title").textContent.startsWith("%d of 8") && document.getElementById("said").textContent === "As at the start."`, i+1))
		s.is(`document.getElementById("handset").contentDocument?.getElementById("owner")?.textContent.includes("@example.com")`)
		s.look(fmt.Sprintf("stage-scene-%d-begins", i+1))
		play()
		s.is(`document.getElementById("scene-check").textContent === "✓ as told"`)
		s.look(fmt.Sprintf("stage-scene-%d", i+1))
	}
	s.accessible("a scene")
}

// otherSays is how things stand for the other browser.
func otherSays(what string) string {
	return fmt.Sprintf(`document.getElementById("other-text").textContent.startsWith(%q)`, what)
}
