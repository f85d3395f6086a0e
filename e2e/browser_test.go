package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// person is somebody with a browser of their own: cookies and tabs.
type person struct {
	t   *testing.T
	nod *nod
	ctx context.Context // nil before the first tab
}

func (n *nod) person() *person { return &person{t: n.t, nod: n} }

// tab is one page in front of a person.
type tab struct {
	t   *testing.T
	nod *nod
	ctx context.Context

	mu       sync.Mutex
	problems []string
	expected []string // parts of problems that the story itself causes
}

// tab opens an empty tab beside the person's others.
func (p *person) tab() *tab {
	p.t.Helper()
	tb := &tab{t: p.t, nod: p.nod}
	parent, options := p.ctx, []chromedp.ContextOption{chromedp.WithListener(tb.watch)}
	if parent == nil {
		parent, options = chrome, append(options, chromedp.WithNewBrowserContext())
	}
	ctx, cancel := chromedp.NewContext(parent, options...)
	tb.ctx = ctx
	call(tb, log.Enable, cdp.Empty{})
	if p.ctx == nil {
		p.ctx = ctx
	}
	// The person's first tab is closed last, and their cookies with it.
	p.t.Cleanup(func() {
		tb.blameless()
		cancel()
	})
	return tb
}

// watch hears the console: script errors, and what Chromium itself reports,
// such as a breach of the content security policy.
func (tb *tab) watch(event any) {
	var problem string
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		problem = "exception: " + e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			problem += " " + e.ExceptionDetails.Exception.Description
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type != runtime.ConsoleAPICalledTypeError && e.Type != runtime.ConsoleAPICalledTypeWarning && e.Type != runtime.ConsoleAPICalledTypeAssert {
			return
		}
		for _, arg := range e.Args {
			problem += string(arg.Value) + arg.Description + " "
		}
		problem = "console: " + problem
	case *log.EventEntryAdded:
		if e.Entry.Level != log.EntryLevelError && e.Entry.Level != log.EntryLevelWarning {
			return
		}
		problem = fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL)
	default:
		return
	}
	tb.mu.Lock()
	defer tb.mu.Unlock()
	tb.problems = append(tb.problems, problem)
}

// expect names a part of problems which the story brings about itself: a
// refused form, a line that is cut.
func (tb *tab) expect(parts ...string) {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	tb.expected = append(tb.expected, parts...)
}

func (tb *tab) blameless() {
	tb.t.Helper()
	tb.mu.Lock()
	defer tb.mu.Unlock()
problems:
	for _, problem := range tb.problems {
		for _, part := range tb.expected {
			if strings.Contains(problem, part) {
				continue problems
			}
		}
		tb.t.Errorf("in the browser's console: %s", problem)
	}
}

// run runs an action within the story's patience.
func run[T any](tb *tab, what string, action chromedp.Action[T]) T {
	tb.t.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	for err != nil && ctx.Err() == nil && strings.Contains(err.Error(), "node with given id") {
		// The page was just being replaced by the next one.
		value, err = chromedp.Run(ctx, action)
	}
	if err != nil {
		shown, _ := chromedp.Run(tb.ctx, chromedp.Evaluate[string](`location.href + "\n" + document.querySelector("main")?.innerText.slice(0, 500)`))
		tb.t.Fatalf("%s: %v\nwhat is shown: %s", what, err, shown)
	}
	return value
}

// call is a command to the browser itself. The first one of a tab opens it,
// which is why it has no limit of time of its own.
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

// openPhone opens a phone that has the app, and waits until it is alive.
func (tb *tab) openPhone(p phone) {
	tb.t.Helper()
	tb.open(tb.nod.phones + p.path(""))
	tb.is(`document.getElementById("no-codes").hidden`)
}

func (tb *tab) fill(selector, text string) {
	tb.t.Helper()
	run(tb, "empty "+selector, chromedp.Clear(chromedp.CSS(selector)))
	run(tb, "fill "+selector, chromedp.SendKeys(chromedp.CSS(selector), text))
}

func (tb *tab) click(selector string) {
	tb.t.Helper()
	run(tb, "click "+selector, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// see waits until the element is there to be seen.
func (tb *tab) see(selector string) {
	tb.t.Helper()
	tb.is(fmt.Sprintf(`[...document.querySelectorAll(%q)].some((e) => e.checkVisibility())`, selector))
}

// is waits until an expression of the page's script is true. It asks from
// outside: what a page waits with itself is lost when it is left for another.
func (tb *tab) is(expression string) {
	tb.t.Helper()
	run(tb, "wait for "+expression, func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		again := time.NewTicker(15 * time.Millisecond)
		defer again.Stop()
		for {
			// An error here is a page that is just being left.
			if so, err := chromedp.Evaluate[bool](expression)(ctx, target); err == nil && so {
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

// at waits until the tab has come to a path of Nod and shows it.
func (tb *tab) at(path string) {
	tb.t.Helper()
	tb.is(fmt.Sprintf(`location.pathname === %q && document.readyState === "complete"`, path))
}

// heading waits for the page's heading.
func (tb *tab) heading(text string) {
	tb.t.Helper()
	tb.is(fmt.Sprintf(`document.querySelector("h1")?.innerText.trim() === %q`, text))
}

// way waits until the waiting page hears by a way: socket, stream, poll, lost.
func (tb *tab) way(name string) {
	tb.t.Helper()
	tb.is(fmt.Sprintf(`document.getElementById("badge")?.dataset.way === %q`, name))
}

func (tb *tab) text(selector string) string {
	tb.t.Helper()
	return strings.TrimSpace(run(tb, "read "+selector, chromedp.Text(chromedp.CSS(selector))))
}

// eval is the value of an expression, awaited where it is a promise.
func eval[T any](tb *tab, expression string) T {
	tb.t.Helper()
	return run(tb, "evaluate "+expression[:min(len(expression), 80)], chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// offline is the browser's own switch for the whole tab.
func (tb *tab) offline(off bool) {
	tb.t.Helper()
	call(tb, network.Enable, network.EnableParams{})
	call(tb, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{Offline: off, DownloadThroughput: -1, UploadThroughput: -1}},
	})
	call(tb, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: off, DownloadThroughput: -1, UploadThroughput: -1})
}

// look sets the size of the window and the colours: "light" or "dark".
func (tb *tab) look(width int64, scheme string) {
	tb.t.Helper()
	call(tb, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: width, Height: 900, DeviceScaleFactor: 1, Mobile: width < 500,
	})
	tb.colours(scheme)
}

// colours are "light" or "dark"; what would move stands still.
func (tb *tab) colours(scheme string) {
	tb.t.Helper()
	call(tb, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
}

// noScript switches the pages' script off.
func (tb *tab) noScript() {
	tb.t.Helper()
	call(tb, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
}

// picture writes the whole page to a PNG file.
func (tb *tab) picture(file string) {
	tb.t.Helper()
	size := call(tb, page.GetLayoutMetrics, cdp.Empty{}).CSSContentSize
	shot := call(tb, page.CaptureScreenshot, page.CaptureScreenshotParams{
		CaptureBeyondViewport: new(true), // a long page is not cut
		Clip:                  &page.Viewport{Width: size.Width, Height: size.Height, Scale: 1},
	})
	must(tb.t, os.WriteFile(file, shot.Data, 0o644))
}

// axeSource is axe-core, which finds what keeps people from using a page.
var axeSource = sync.OnceValues(func() (string, error) {
	source, err := os.ReadFile(filepath.Join("node_modules", "axe-core", "axe.min.js"))
	return string(source), err
})

// accessible holds the page, as it stands, against axe-core in light and dark.
func (tb *tab) accessible(name string) {
	tb.t.Helper()
	source, err := axeSource()
	if err != nil {
		if os.Getenv("NOD_TEST_ALL") != "" {
			tb.t.Fatalf("axe-core is missing (make setup installs it): %v", err)
		}
		tb.t.Logf("axe-core is missing (make setup installs it); %s is not checked", name)
		return
	}
	eval[bool](tb, source+"; true")
	for _, scheme := range []string{"light", "dark"} {
		tb.colours(scheme)
		violations := eval[[][]string](tb, `axe.run(document, {resultTypes: ["violations"]}).then((r) =>
			r.violations.map((v) => [v.id + ": " + v.help, ...v.nodes.map((n) => n.html + " " + n.failureSummary)]))`)
		for _, v := range violations {
			tb.t.Errorf("%s (%s): axe finds %s", name, scheme, strings.Join(v, "\n  "))
		}
	}
	tb.colours("light")
}

// choose picks an option of a list by its region, as a person would by name.
func (tb *tab) choose(selector, region string) {
	tb.t.Helper()
	tb.is(fmt.Sprintf(`(() => {
		const list = document.querySelector(%q);
		list.querySelector('[data-region="' + %q + '"]').selected = true;
		return list.dispatchEvent(new Event("change", {bubbles: true}));
	})()`, selector, region))
}
