package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// ids are all attacks that Nod must answer for.
func ids() (all []string) {
	for _, room := range []struct {
		prefix string
		names  string
	}{
		{"A-0", "123456"}, {"A-1", "0123456789ABCDE"}, {"A-2", "0123456789A"}, {"A-3", "0123"},
		{"A-4", "01234567"}, {"A-5", "0123456"}, {"A-6", "0123456"}, {"A-7", "0123456789"},
	} {
		for _, name := range room.names {
			all = append(all, room.prefix+string(name))
		}
	}
	for n := range 22 {
		all = append(all, fmt.Sprintf("6.%d", n+1))
	}
	return append(all, "A-12b")
}

// testOf is how a test of an attack begins: TestA01, Test6_03.
func testOf(id string) string {
	var n int
	if _, err := fmt.Sscanf(id, "6.%d", &n); err == nil {
		return fmt.Sprintf("Test6_%02d", n)
	}
	return "Test" + strings.Replace(id, "-", "", 1)
}

// Each attack is tried here, or docs/security.md says in a row of its last table
// why it is not.
func TestEveryAttackIsTriedOrExplained(t *testing.T) {
	files, err := filepath.Glob("*_test.go")
	wantNil(t, err)
	var tests strings.Builder
	for _, file := range files {
		source, err := os.ReadFile(file)
		wantNil(t, err)
		tests.Write(source)
	}
	document, err := os.ReadFile("../docs/security.md")
	wantNil(t, err)
	_, untried, found := strings.Cut(string(document), "\n## Attacks that are not tried\n")
	if !found {
		t.Fatal("docs/security.md has no list of what is not tried")
	}
	for _, id := range ids() {
		tried := regexp.MustCompile(`(?m)^func ` + testOf(id) + `[A-Za-z]*\(t \*testing\.T\)`).MatchString(tests.String())
		explained := strings.Contains(untried, "\n| "+id+" |")
		if tried == explained {
			t.Errorf("%s: tried %v, explained %v: want one of the two", id, tried, explained)
		}
	}
	for _, a := range catalogue() {
		if !strings.Contains(tests.String(), "func "+testOf(a.id)+"(t *testing.T)") {
			t.Errorf("%s: no test of this name tries it", a.id)
		}
	}
}
