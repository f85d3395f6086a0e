package main_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// mayImport is the house: for each package, which of ours it may import.
// Tests may import more.
var mayImport = map[string][]string{
	"nod":                 {"command"},
	"nod/command":         {"config", "server", "check", "phone"},
	"nod/config":          {},
	"nod/server":          {"config", "handlers", "signin", "store", "providers", "authy", "hub", "nudges", "places", "phone", "phone/push", "simulator", "stage", "metrics", "traces", "views", "static", "locales", "wire"},
	"nod/handlers":        {"signin", "store", "hub", "views", "static", "metrics", "traces", "locales", "phone", "phone/push"},
	"nod/phone":           {"signin", "store", "locales", "phone/push"},
	"nod/phone/phonetest": {}, // for tests: nothing may import it
	"nod/signin":          {"store", "passwords"},
	"nod/passwords":       {},
	"nod/store":           {},
	"nod/providers":       {"signin", "store", "authy", "locales"},
	"nod/authy":           {},
	"nod/hub":             {},
	"nod/phone/push":      {},
	"nod/nudges":          {},
	"nod/places":          {},
	"nod/simulator":       {"simulator/pages", "authy"},
	"nod/simulator/pages": {"locales", "static/tokens"},
	"nod/stage":           {"signin", "store", "simulator", "authy", "wire", "stage/pages"},
	"nod/stage/pages":     {},
	"nod/metrics":         {},
	"nod/traces":          {},
	"nod/check":           {},
	"nod/wire":            {},
	"nod/views":           {},
	"nod/static":          {},
	"nod/static/tokens":   {},
	"nod/locales":         {},
}

// outside are the folders that test and measure the product. They may import
// anything; no row above allows importing them.
var outside = []string{"e2e", "bench", "tools", "chaos", "attack", "phone/push/pushtest"}

func TestImportsPointOneWay(t *testing.T) {
	for _, p := range ourPackages(t) {
		path := strings.TrimPrefix(p.ImportPath, "nod/")
		if room, _, _ := strings.Cut(path, "/"); slices.Contains(outside, room) || slices.Contains(outside, path) {
			continue
		}
		allowed, ok := mayImport[p.ImportPath]
		if !ok {
			t.Errorf("%s is not in the table of imports", p.ImportPath)
			continue
		}
		for _, imported := range p.Imports {
			if ours, ok := strings.CutPrefix(imported, "nod/"); ok && !slices.Contains(allowed, ours) {
				t.Errorf("%s must not import %s", p.ImportPath, imported)
			}
		}
	}
}

// listed is what go list says of a package; Imports leaves its tests out.
type listed struct {
	ImportPath string
	Imports    []string
}

func ourPackages(t *testing.T) []listed {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		switch err := decoder.Decode(&p); {
		case errors.Is(err, io.EOF):
			return all
		case err != nil:
			t.Fatal(err)
		}
		all = append(all, p)
	}
}
