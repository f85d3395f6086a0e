package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A change that moves the text of a row, or renames its test, is told at once
// and not at the next long run.
func TestEveryRowFitsTheCode(t *testing.T) {
	t.Chdir("../..")
	names := map[string]bool{}
	for _, r := range chosen("") {
		if names[r.String()] {
			t.Errorf("%s: two rows have this name", r)
		}
		names[r.String()] = true
		if _, err := r.mutated(); err != nil {
			t.Errorf("%s: %v", r, err)
		}
		pkg, test := r.target()
		if !hasTest(t, pkg, test) {
			t.Errorf("%s: %s has no test %s", r, pkg, test)
		}
	}
}

func hasTest(t *testing.T, pkg, test string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(pkg, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(source), "\nfunc "+test+"(t *testing.T)") {
			return true
		}
	}
	return false
}
