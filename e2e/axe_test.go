package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// axeSource is axe-core, which finds accessibility problems.
var axeSource = sync.OnceValues(func() (string, error) {
	source, err := os.ReadFile(filepath.Join("node_modules", "axe-core", "axe.min.js"))
	return string(source), err
})

// axeRuns are what axe-core is asked in each scheme: nothing but colours differs in the
// second.
var axeRuns = []struct{ scheme, options string }{
	{"light", `{resultTypes: ["violations"]}`},
	{"dark", `{resultTypes: ["violations"], runOnly: ["color-contrast", "link-in-text-block"]}`},
}

// accessible checks the page as it is with axe-core, in light and dark.
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
	for _, r := range axeRuns {
		tb.colours(r.scheme)
		violations := eval[[][]string](tb, `axe.run(document, `+r.options+`).then((r) =>
			r.violations.map((v) => [v.id + ": " + v.help, ...v.nodes.map((n) => n.html + " " + n.failureSummary)]))`)
		for _, v := range violations {
			tb.t.Errorf("%s (%s): axe finds %s", name, r.scheme, strings.Join(v, "\n  "))
		}
	}
	tb.colours("light")
}
