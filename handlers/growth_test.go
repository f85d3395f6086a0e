package handlers_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

var writeGrowth = flag.Bool("write-growth", false, "write the growth into docs/operations.md instead of comparing it")

// size is how many bytes of a file are in use.
func (s *site) size(file string) (bytes int) {
	s.t.Helper()
	const used = `SELECT (SELECT page_count FROM pragma_page_count) - (SELECT freelist_count FROM pragma_freelist_count), page_size FROM pragma_page_size`
	var pages, each int
	must(s.t, s.open(file).QueryRowContext(s.t.Context(), used).Scan(&pages, &each))
	return pages * each
}

// docs/operations.md says what a thousand sign-ins by a tap leave in each file.
func TestTheDocumentedGrowth(t *testing.T) {
	const measured, per = 50, 1000
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	signIns := func(n int) {
		for range n {
			b.signIn(ada)
			b.post("/logout")
			s.clock.Advance(15 * time.Minute)
			must(t, s.store.SignTrail(t.Context()))
		}
	}
	signIns(10)
	const document = "../docs/operations.md"
	content, err := os.ReadFile(document)
	must(t, err)
	files := map[string]string{"nod.db": "nod.db", "nod-sessions.db": "sessions.db", "nod-simulator.db": "simulator.db"}
	before := map[string]int{}
	for name, file := range files {
		before[name] = s.size(file)
	}
	signIns(measured)
	for name, file := range files {
		kB := (s.size(file) - before[name]) * per / measured / 1000
		row := regexp.MustCompile(`(?m)^\| ` + "`" + regexp.QuoteMeta(name) + "`" + ` \| ([\d,]+) kB \|`)
		found := row.FindSubmatch(content)
		if found == nil {
			t.Fatalf("%s has no row of %s", document, name)
		}
		if *writeGrowth {
			content = row.ReplaceAll(content, fmt.Appendf(nil, "| `%s` | %d kB |", name, kB))
			continue
		}
		// Rows grow with every version; a tenth is no news.
		if said, _ := strconv.Atoi(strings.ReplaceAll(string(found[1]), ",", "")); kB > said*12/10+50 || kB < said*8/10-50 {
			t.Errorf("%s grows by %d kB per 1,000 sign-ins, and %s says %d; this writes it: go test ./handlers -run TestTheDocumentedGrowth -write-growth", name, kB, document, said)
		}
	}
	if *writeGrowth {
		must(t, os.WriteFile(document, content, 0o644))
	}
}
