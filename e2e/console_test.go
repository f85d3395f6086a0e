package e2e

import (
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
)

// watch collects script errors and what Chromium itself reports on the
// console, such as a breach of the content security policy.
func (tb *tab) watch(event any) {
	tb.mu.Lock()
	also := tb.also
	tb.mu.Unlock()
	if also != nil {
		also(event)
	}
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
	case *page.EventJavascriptDialogOpening:
		problem = "dialog: " + e.Message
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

// expect allows problems that contain one of the parts, because the story
// causes them: a rejected form, a broken connection.
func (tb *tab) expect(parts ...string) {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	tb.expected = append(tb.expected, parts...)
}

// listen hands every event of the browser to a story, too.
func (tb *tab) listen(to func(event any)) {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	tb.also = to
}

// refused is what Chromium says of a socket whose session ended while the socket was
// under way: a page was left, or let in, as it opened. The page is right to try and
// Nod to refuse, so every story expects it.
const refused = "/events' failed: HTTP Authentication failed"

// leftEarly is what Chromium says of a page that goes on, and closes its socket, before the
// socket was open: whoever types or taps fast does that in any story.
const leftEarly = "WebSocket is closed before the connection is established"

// checkConsole fails the story for each problem that it did not expect.
func (tb *tab) checkConsole() {
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
