package e2e

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// person has a browser profile of their own: cookies and tabs.
type person struct {
	t       *testing.T
	nod     *nod
	browser context.Context // the process
	ctx     context.Context // nil before the first tab
}

func (n *nod) person() *person { return n.personWith(chrome) }

// personWith has a browser of another version.
func (n *nod) personWith(browser context.Context) *person {
	return &person{t: n.t, nod: n, browser: browser}
}

// tab is a tab of a person's browser.
type tab struct {
	t   *testing.T
	nod *nod
	ctx context.Context

	mu       sync.Mutex
	problems []string
	expected []string // parts of the problems that the story causes on purpose
	also     func(event any)
}

// tab opens an empty tab in the person's browser.
func (p *person) tab() *tab {
	p.t.Helper()
	tb := &tab{t: p.t, nod: p.nod, expected: []string{refused, leftEarly}}
	parent, options := p.ctx, []chromedp.ContextOption{chromedp.WithListener(tb.watch)}
	if parent == nil {
		parent, options = p.browser, append(options, chromedp.WithNewBrowserContext())
	}
	ctx, cancel := chromedp.NewContext(parent, options...)
	tb.ctx = ctx
	call(tb, log.Enable, cdp.Empty{})
	if p.ctx == nil {
		p.ctx = ctx
	}
	// The first tab, which holds the cookies, is closed last.
	p.t.Cleanup(func() {
		tb.checkConsole()
		cancel()
	})
	return tb
}

// run runs an action, and fails the story if it does not end.
func run[T any](tb *tab, what string, action chromedp.Action[T]) T {
	tb.t.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, hangLimit)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		shown, _ := chromedp.Run(tb.ctx, chromedp.Evaluate[string](`location.href + "\n" + document.querySelector("main")?.innerText.slice(0, 500)`))
		tb.t.Fatalf("%s: %v\nthe page shows: %s", what, err, shown)
	}
	return value
}

// call sends a command to the browser itself. The first one opens the tab: a
// context with a timeout would close it again.
func call[P, R any](tb *tab, command cdp.Command[P, R], params P) R {
	tb.t.Helper()
	result, err := chromedp.Call(tb.ctx, command, params)
	must(tb.t, err)
	return result
}

// open goes to a path of Nod, or to a whole URL.
func (tb *tab) open(where string) {
	tb.t.Helper()
	if strings.HasPrefix(where, "/") {
		where = tb.nod.url + where
	}
	run(tb, "open "+where, chromedp.Navigate(where))
}

// openPhone opens a phone that has the app, and waits for its first state.
func (tb *tab) openPhone(p phone) {
	tb.t.Helper()
	tb.open(tb.nod.phones + p.path(""))
	tb.is(`document.getElementById("no-codes").hidden`)
}

// fill replaces what a field holds, at once as a password manager does. What keys do is
// TestByKeyboardAlone's.
func (tb *tab) fill(selector, text string) {
	tb.t.Helper()
	found[bool](tb, selector, `element.focus(), element.select(), true`)
	if text == "" {
		run(tb, "empty "+selector, chromedp.KeyEvent(kb.Backspace))
		return
	}
	call(tb, input.InsertText, input.InsertTextParams{Text: text})
}

// click clicks in the middle of an element, once it keeps its place.
func (tb *tab) click(selector string) {
	tb.t.Helper()
	type place struct{ X, Y, Width, Height float64 }
	box := settled(func() place {
		return found[place](tb, selector, `element.scrollIntoView({block: "nearest", behavior: "instant"}), element.getClientRects()[0].toJSON()`)
	})
	run(tb, "click "+selector, chromedp.MouseClickXY(box.X+box.Width/2, box.Y+box.Height/2))
}

// settled is a place once it is the same at two looks.
func settled[P comparable](look func() P) P {
	at := look()
	for next := look(); next != at; next = look() {
		at = next
	}
	return at
}

// see waits until the element is visible.
func (tb *tab) see(selector string) {
	tb.t.Helper()
	tb.is(fmt.Sprintf(`[...document.querySelectorAll(%q)].some((e) => e.checkVisibility({visibilityProperty: true}))`, selector))
}

// is waits until a JavaScript expression is true. It polls from outside: a
// promise inside the page would be lost when the page changes.
func (tb *tab) is(expression string) {
	tb.t.Helper()
	tb.until("wait for "+expression, func(ctx context.Context, target *chromedp.Target) (bool, error) {
		return chromedp.Evaluate[bool](expression)(ctx, target)
	})
}

// until asks again and again. An error is a no: asking fails while the page
// changes.
func (tb *tab) until(what string, holds func(context.Context, *chromedp.Target) (bool, error)) {
	tb.t.Helper()
	run(tb, what, func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		again := time.NewTicker(15 * time.Millisecond)
		defer again.Stop()
		for {
			if held, err := holds(ctx, target); err == nil && held {
				return chromedp.Void{}, nil
			}
			select {
			case <-ctx.Done():
				return chromedp.Void{}, ctx.Err()
			case <-again.C:
			}
		}
	})
}

// at waits until the tab has loaded a path of Nod.
func (tb *tab) at(path string) {
	tb.t.Helper()
	tb.is(fmt.Sprintf(`location.pathname === %q && document.readyState === "complete"`, path))
}

// heading waits for the page's heading.
func (tb *tab) heading(text string) {
	tb.t.Helper()
	tb.is(fmt.Sprintf(`document.querySelector("h1")?.innerText.trim() === %q`, text))
}

// transport waits until the waiting page listens by one: socket, stream, poll,
// or lost for none.
func (tb *tab) transport(name string) {
	tb.t.Helper()
	tb.is(listensBy(name))
}

func listensBy(transport string) string {
	return fmt.Sprintf(`document.getElementById("badge")?.dataset.way === %q`, transport)
}

// listensInTime waits until the page listens, and reports whether it did so
// before its request expired.
func (tb *tab) listensInTime(transport string) bool {
	tb.t.Helper()
	const expired = `document.querySelector("h1")?.innerText.trim() === "Request expired"`
	tb.is(listensBy(transport) + " || " + expired)
	return !eval[bool](tb, expired)
}

// text waits until an element is visible, and returns what it reads.
func (tb *tab) text(selector string) string {
	tb.t.Helper()
	return strings.TrimSpace(found[string](tb, selector, `element.innerText`))
}

// found waits until the page has loaded and the first element of a selector is visible,
// and returns the value of an expression of that "element": while a page loads, things
// move, and the focus too. The stories find elements in
// the page, not in chromedp's copy of its tree: chromedp v0.23.0 reads that
// copy without the lock under which it is written, which the race detector
// reports now and then.
func found[T any](tb *tab, selector, expression string) T {
	tb.t.Helper()
	var value *T
	tb.until("see "+selector, func(ctx context.Context, target *chromedp.Target) (_ bool, err error) {
		value, err = chromedp.Evaluate[*T](fmt.Sprintf(`((element) => document.readyState === "complete" && element?.checkVisibility({visibilityProperty: true}) ? (%s) : null)(document.querySelector(%q))`,
			expression, selector))(ctx, target)
		return value != nil, err
	})
	return *value
}

// eval returns the value of an expression; a promise is awaited. A page that has gone
// while the next one has not begun runs nothing, so that is asked again.
func eval[T any](tb *tab, expression string) T {
	tb.t.Helper()
	return run(tb, "evaluate "+expression[:min(len(expression), 80)], func(ctx context.Context, target *chromedp.Target) (T, error) {
		for {
			value, err := chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise)(ctx, target)
			if err == nil || !strings.Contains(err.Error(), betweenPages) || ctx.Err() != nil {
				return value, err
			}
		}
	})
}

// betweenPages is what Chromium says to a script while no page is there to run it.
const betweenPages = "Cannot find default execution context"

// attach is a tab, or a frame with a process of its own, that the browser has opened.
// Attaching runs a script in it, for which it may not be there yet.
func (tb *tab) attach(id target.ID) *tab {
	tb.t.Helper()
	for begun := time.Now(); ; {
		ctx, cancel := chromedp.NewContext(tb.ctx, chromedp.WithTargetID(id), chromedp.WithDetachOnCancel())
		err := chromedp.Do(ctx) // attached for longer than one action
		if err == nil {
			tb.t.Cleanup(cancel)
			return &tab{t: tb.t, nod: tb.nod, ctx: ctx}
		}
		cancel()
		if !strings.Contains(err.Error(), betweenPages) || time.Since(begun) > hangLimit {
			tb.t.Fatalf("attach to what the browser has opened: %v", err)
		}
	}
}

// offline switches the tab's network off or on, as DevTools does.
func (tb *tab) offline(off bool) {
	tb.t.Helper()
	call(tb, network.Enable, network.EnableParams{})
	// Up to Chromium 148 at least, this had to be said once more beside the rules.
	type params struct {
		network.EmulateNetworkConditionsByRuleParams
		Offline bool `json:"offline"`
	}
	byRule := cdp.Command[params, network.EmulateNetworkConditionsByRuleResult]{Method: network.CommandEmulateNetworkConditionsByRule}
	rules := []*network.Conditions{{Offline: off, DownloadThroughput: -1, UploadThroughput: -1}}
	call(tb, byRule, params{network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: rules}, off})
	call(tb, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: off, DownloadThroughput: -1, UploadThroughput: -1})
}

// look sets the width of the window and the colours: "light" or "dark".
func (tb *tab) look(width int64, scheme string) {
	tb.t.Helper()
	call(tb, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: width, Height: 900, DeviceScaleFactor: 1, Mobile: width < 500,
	})
	tb.colours(scheme)
}

// colours sets the colour scheme, "light", "dark" or "forced" by the system, and stops
// animations.
func (tb *tab) colours(scheme string) {
	tb.t.Helper()
	forced := "none"
	if scheme == "forced" {
		scheme, forced = "dark", "active"
	}
	call(tb, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "forced-colors", Value: forced}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
}

// early runs a script in every page of the tab before the page's own.
func (tb *tab) early(script string) {
	tb.t.Helper()
	call(tb, page.Enable, page.EnableParams{})
	call(tb, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
}

// noScript turns JavaScript off.
func (tb *tab) noScript() {
	tb.t.Helper()
	call(tb, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
}

// picture writes the whole page to a PNG file.
func (tb *tab) picture(file string) {
	tb.t.Helper()
	size := call(tb, page.GetLayoutMetrics, cdp.Empty{}).CSSContentSize
	shot := call(tb, page.CaptureScreenshot, page.CaptureScreenshotParams{
		CaptureBeyondViewport: new(true), // a long page is captured whole
		Clip:                  &page.Viewport{Width: size.Width, Height: size.Height, Scale: 1},
	})
	must(tb.t, os.WriteFile(file, shot.Data, 0o644))
}

// choose selects the option of a region in a list.
func (tb *tab) choose(selector, region string) {
	tb.t.Helper()
	tb.is(fmt.Sprintf(`(() => {
		const list = document.querySelector(%q);
		list.querySelector('[data-region="' + %q + '"]').selected = true;
		return list.dispatchEvent(new Event("change", {bubbles: true}));
	})()`, selector, region))
}
