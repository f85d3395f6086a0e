package e2e

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/emulation"
)

// mostShift is how much of a page may move without anybody's doing, by the measure of
// Chromium; search engines call up to 0.1 good.
const mostShift = 0.02

// observed adds up the layout shifts of each path, and brings the help of the waiting
// page on after a moment.
const observed = `{
	new PerformanceObserver((list) => {
		for (const shift of list.getEntries()) {
			if (shift.hadRecentInput) continue;
			sessionStorage.setItem(location.pathname, Number(sessionStorage.getItem(location.pathname)) + shift.value);
			const moved = shift.sources.map((s) => s.node?.className || s.node?.nodeName).join();
			sessionStorage.setItem("moved", (sessionStorage.getItem("moved") ?? "") + moved + ":" + shift.value.toFixed(3) + " ");
		}
	}).observe({type: "layout-shift", buffered: true});
	const later = window.setTimeout;
	window.setTimeout = (what, ms, ...more) => later(what, ms === 15000 ? 1500 : ms, ...more);
}`

// Nothing moves under a pointer while one waits: not when the help comes, and not at
// any end. Each end is tried at one width; make long tries all at both.
func TestNothingMovesWhileOneWaits(t *testing.T) {
	story(t)
	n := startNod(t)
	soon := startNod(t, "APPROVAL_TTL=6s")
	ends := []struct {
		name string
		nod  *nod
		end  func(tb *tab, p phone)
	}{
		{"approved", n, func(tb *tab, p phone) { p.answer("approve"); tb.at("/protected") }},
		{"denied", n, func(tb *tab, p phone) { p.answer("deny"); tb.is(nowIs("denied")) }},
		{"replaced", n, func(tb *tab, p phone) { n.person().tab().signIn(p.Email); tb.is(nowIs("cancelled-superseded")) }},
		{"expired", soon, func(tb *tab, p phone) { tb.is(nowIs("expired")) }},
	}
	for i, e := range ends {
		for j, width := range widths {
			if !all() && j != i%len(widths) {
				continue
			}
			t.Run(fmt.Sprintf("%s at %d", e.name, width), func(t *testing.T) {
				number := fmt.Sprintf("2015550%d%02d", i+1, width%100)
				p := e.nod.account(fmt.Sprintf("ada%d-%d@example.com", i, width), number)
				tb := e.nod.person().tab()
				tb.t = t
				tb.early(observed)
				call(tb, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "no-preference"}}})
				call(tb, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
					Width: width, Height: 844, DeviceScaleFactor: 1, Mobile: width < 500,
				})
				tb.signIn(p.Email)
				if e.nod == n {
					const below = `document.getElementById("cancel-form").getBoundingClientRect().top`
					before := eval[float64](tb, below)
					tb.see("[data-help]")
					if after := eval[float64](tb, below); after != before {
						t.Errorf("the help moves what is below it by %v px", after-before)
					}
				}
				e.end(tb, p)
				if got := eval[float64](tb, `Number(sessionStorage.getItem("/login/approval"))`); got >= mostShift {
					t.Errorf("the page moved by %.3f, want less than %v: %s", got, mostShift, eval[string](tb, `sessionStorage.getItem("moved")`))
				}
			})
		}
	}
}

// nowIs is true on a waiting page in a state.
func nowIs(state string) string {
	return fmt.Sprintf(`document.getElementById("approval")?.dataset.now === %q`, state)
}
