package metrics_test

import (
	"database/sql"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"nod/metrics"
)

// all has counted everything once, so that every name is there.
func all() *metrics.Metrics {
	m := metrics.New(none, nil)
	m.SignIn("signed_in", "push")
	m.Request("login", "approved")
	m.Password("wrong")
	m.CodeSent("sms", "sent")
	m.CodeChecked("right")
	m.Limited("push")
	m.Pushed("accepted")
	m.WaitEnded("stream", "slow")
	m.Tap(time.Second)
	m.Callback("applied")
	m.ProviderCall("ask", "ok", time.Second)
	m.Build("v1.2.3", "0123abcd")
	m.Hashes(func() (waiting, working int) { return 3, 2 })
	m.Pool("writer", func() sql.DBStats { return sql.DBStats{WaitCount: 4, WaitDuration: 1500 * time.Millisecond} })
	return m
}

// series is each name with its labels, as a dashboard may ask for them.
func series(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for _, line := range regexp.MustCompile(`(?m)^(\w+)(?:\{(.*)\})? `).FindAllStringSubmatch(text(all()), -1) {
		for _, label := range regexp.MustCompile(`(\w+)="`).FindAllStringSubmatch(line[2], -1) {
			if !slices.Contains(found[line[1]], label[1]) {
				found[line[1]] = append(found[line[1]], label[1])
			}
		}
		found[line[1]] = append(found[line[1]], "job", "instance") // of Prometheus
	}
	return found
}

// given are the labels that Prometheus itself puts on what it reads.
var (
	selector = regexp.MustCompile(`\b(nod_\w+|process_\w+)(?:\{([^}]*)\})?`)
	matcher  = regexp.MustCompile(`(\w+)(?:=~|!~|!=|=)"`)
	grouping = regexp.MustCompile(`\bby \(([^)]*)\)`)
)

// wantKnown checks the names and labels of an expression.
func wantKnown(t *testing.T, known map[string][]string, expr string) (names []string) {
	t.Helper()
	var labels []string
	for _, found := range selector.FindAllStringSubmatch(expr, -1) {
		if known[found[1]] == nil {
			t.Errorf("there is no metric %s in %s", found[1], expr)
		}
		for _, label := range matcher.FindAllStringSubmatch(found[2], -1) {
			if !slices.Contains(known[found[1]], label[1]) {
				t.Errorf("%s has no label %s", found[1], label[1])
			}
		}
		names, labels = append(names, found[1]), append(labels, known[found[1]]...)
	}
	for _, by := range grouping.FindAllStringSubmatch(expr, -1) {
		for label := range strings.SplitSeq(by[1], ", ") {
			if !slices.Contains(labels, label) {
				t.Errorf("nothing has the label %s in %s", label, expr)
			}
		}
	}
	return names
}

// The dashboard asks for what there is, and shows every metric of Nod.
func TestTheDashboardShowsEveryMetric(t *testing.T) {
	content, err := os.ReadFile("../docs/monitoring/dashboard.json")
	must(t, err)
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	must(t, json.Unmarshal(content, &dashboard))
	known := series(t)
	shown := map[string]bool{}
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			for _, name := range wantKnown(t, known, target.Expr) {
				shown[regexp.MustCompile(`_(bucket|count|sum)$`).ReplaceAllString(name, "")] = true
			}
		}
	}
	for name := range known {
		name = regexp.MustCompile(`_(bucket|count|sum)$`).ReplaceAllString(name, "")
		if strings.HasPrefix(name, "nod_") && !shown[name] {
			t.Errorf("no panel shows %s", name)
		}
	}
}

// The alert rules ask for what there is, and with values that it has.
func TestTheAlertsAskForWhatThereIs(t *testing.T) {
	content, err := os.ReadFile("../docs/monitoring/alerts.yml")
	must(t, err)
	rules := regexp.MustCompile(`(?s)expr: (.*?)\n        (?:for|labels):`).FindAllStringSubmatch(string(content), -1)
	if want := strings.Count(string(content), "- alert:"); len(rules) != want || want == 0 {
		t.Fatalf("found %d expressions of %d rules", len(rules), want)
	}
	known := series(t)
	for _, rule := range rules {
		wantKnown(t, known, rule[1])
	}
}

func TestWhatIsWaitedForIsTold(t *testing.T) {
	got := text(all())
	for _, line := range []string{
		`nod_build_info{commit="0123abcd",goversion="go`,
		`nod_password_hashes{state="waiting"} 3`,
		`nod_password_hashes{state="working"} 2`,
		`nod_database_waits_total{pool="writer"} 4`,
		`nod_database_wait_seconds_total{pool="writer"} 1.5`,
		`nod_limited_total{limit="push"} 1`,
	} {
		if !strings.Contains(got, "\n"+line) {
			t.Errorf("the metrics lack %q", line)
		}
	}
}
