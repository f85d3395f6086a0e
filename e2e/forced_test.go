package e2e

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/page"
)

// rect is where an element is in its window.
type rect struct{ X, Y, Width, Height float64 }

// pictureOf is an element as one sees it.
func (tb *tab) pictureOf(selector string) []byte {
	tb.t.Helper()
	at := found[rect](tb, selector, `(({x, y, width, height}) => {
		document.activeElement.blur();
		return width > 0 ? {x: x + scrollX, y: y + scrollY, width, height} : null; // laid out by now
	})(element.getBoundingClientRect())`)
	return call(tb, page.CaptureScreenshot, page.CaptureScreenshotParams{
		CaptureBeyondViewport: new(true),
		Clip:                  &page.Viewport{X: at.X, Y: at.Y, Width: at.Width, Height: at.Height, Scale: 1},
	}).Data
}

// Where the system chooses the colours, what shows a state without words still shows it:
// its picture changes with the state.
func TestStatesInForcedColours(t *testing.T) {
	p, tb, hand := withPhone(t)
	tb.signIn(p.Email)
	tb.transport("socket")
	hand.openPhone(p)
	hand.see(".request")
	for _, s := range []struct {
		on             *tab
		part, of, then string // what is looked at, and what becomes of which element
	}{
		{tb, "#ring svg", "#ring-bar", `setAttribute("stroke-dasharray", "1 600")`},
		{tb, "div:not([hidden]) > .steps", "div:not([hidden]) > .steps .now", `classList.remove("now")`},
		{hand, "#app-switch", "#app-switch", `setAttribute("aria-checked", "false")`},
		{hand, "#tab-requests", "#tab-requests", `setAttribute("aria-selected", "false")`},
		{hand, ".request .answer", ".request .approve", `classList.remove("approve")`}, // which answer says yes
		{hand, "#mute", "#mute", `setAttribute("aria-pressed", "true")`},
		{hand, ".request progress", ".request progress", `setAttribute("max", "1e9")`},
	} {
		s.on.look(1280, "forced")
		// Nothing else moves meanwhile.
		eval[bool](s.on, `(() => { for (let id = setTimeout(() => {}); id > 0; id--) clearTimeout(id); return true; })()`)
		before := s.on.pictureOf(s.part)
		// What the page hears afterwards does not take the state back.
		eval[bool](s.on, fmt.Sprintf(`((element) => {
			element.%s;
			element.setAttribute = () => {};
			return Reflect.defineProperty(element, "max", {value: 0});
		})(document.querySelector(%q))`, s.then, s.of))
		if bytes.Equal(before, s.on.pictureOf(s.part)) {
			t.Errorf("%s looks the same in another state", s.part)
		}
	}
}
