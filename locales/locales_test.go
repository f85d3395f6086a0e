package locales

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template/parse"
)

// placeholder is where a sentence takes an argument in.
var placeholder = regexp.MustCompile(`\{\{\.([a-z_]+)\}\}`)

// sentences are those of a language by key, each with the names of its arguments.
func sentences(t *testing.T, language string) map[string][]string {
	t.Helper()
	text, err := files.ReadFile(language + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		t.Fatal(err)
	}
	args := map[string][]string{}
	for key, sentence := range raw {
		names := map[string]bool{}
		for _, found := range placeholder.FindAllStringSubmatch(string(sentence), -1) {
			names[found[1]] = true
		}
		args[key] = slices.Sorted(maps.Keys(names))
	}
	return args
}

// use is a place in a template that shows a sentence.
type use struct {
	file, key string
	args      []string
}

// uses are all places in the templates, also those that no state reaches.
func uses(t *testing.T) []use {
	t.Helper()
	paths, err := filepath.Glob("../views/*.html")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no templates: %v", err)
	}
	var found []use
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		trees := map[string]*parse.Tree{}
		tree := parse.New(path)
		tree.Mode = parse.SkipFuncCheck
		if _, err := tree.Parse(string(text), "", "", trees); err != nil {
			t.Fatal(err)
		}
		for _, tree := range trees {
			walk(tree.Root, func(call *parse.CommandNode) {
				if name, ok := call.Args[0].(*parse.IdentifierNode); ok && (name.Ident == "t" || name.Ident == "rich") {
					found = append(found, readUse(t, path, call))
				}
			})
		}
	}
	return found
}

func readUse(t *testing.T, path string, call *parse.CommandNode) use {
	t.Helper()
	u := use{file: path}
	for i, arg := range call.Args[1:] {
		text, ok := arg.(*parse.StringNode)
		switch {
		case i == 0 && ok:
			u.key = text.Text
		case i == 0, i%2 == 1 && !ok:
			t.Errorf("%s: %s: keys and names must be written out, so that they can be checked", path, call)
		case i%2 == 1:
			u.args = append(u.args, text.Text)
		}
	}
	slices.Sort(u.args)
	return u
}

// walk calls visit for every command in a template.
func walk(node parse.Node, visit func(*parse.CommandNode)) {
	switch n := node.(type) {
	case *parse.ListNode:
		if n != nil {
			for _, child := range n.Nodes {
				walk(child, visit)
			}
		}
	case *parse.ActionNode:
		walk(n.Pipe, visit)
	case *parse.TemplateNode:
		walk(n.Pipe, visit)
	case *parse.IfNode:
		walkBranch(&n.BranchNode, visit)
	case *parse.WithNode:
		walkBranch(&n.BranchNode, visit)
	case *parse.RangeNode:
		walkBranch(&n.BranchNode, visit)
	case *parse.PipeNode:
		if n != nil {
			for _, command := range n.Cmds {
				walk(command, visit)
			}
		}
	case *parse.CommandNode:
		visit(n)
		for _, arg := range n.Args {
			walk(arg, visit)
		}
	}
}

func walkBranch(n *parse.BranchNode, visit func(*parse.CommandNode)) {
	walk(n.Pipe, visit)
	walk(n.List, visit)
	walk(n.ElseList, visit)
}

func TestTemplatesShowWhatTheCatalogueHas(t *testing.T) {
	known := sentences(t, "en")
	found := uses(t)
	if len(found) < 100 {
		t.Fatalf("only %d places in the templates show a sentence: the search is broken", len(found))
	}
	for _, u := range found {
		want, ok := known[u.key]
		if !ok {
			t.Errorf("%s: there is no sentence %q", u.file, u.key)
		} else if !slices.Equal(u.args, want) {
			t.Errorf("%s: %q gets the arguments %v, its sentence wants %v", u.file, u.key, u.args, want)
		}
	}
}

// keyInGo is a string of Go code that reads like a key.
var keyInGo = regexp.MustCompile(`"([a-z_]+(?:\.[a-z0-9_]+)+)"`)

// derived are the beginnings of keys that handlers and providers complete with a
// constant, and this package with a country. Tests there hold them against the
// constants.
var derived = []string{"problem.", "code_not_sent.", "method.", "event.", "told.", "limit.", "ring.told.", "country."}

// ofAnEnd are the sentences of the ends of a wait, which views completes with its rows. A
// test of handlers holds them against these.
var ofAnEnd = regexp.MustCompile(`^approval\.[a-z_]+\.(title|text)$`)

func isDerived(key string) bool {
	return ofAnEnd.MatchString(key) || slices.ContainsFunc(derived, func(prefix string) bool { return strings.HasPrefix(key, prefix) })
}

// Keys in Go code stand in tables and calls, so they are found as strings: a
// string that begins like the keys of the catalogue must be one of them.
func TestGoCodeNamesWhatTheCatalogueHas(t *testing.T) {
	known := sentences(t, "en")
	groups := map[string]bool{}
	used := map[string]bool{}
	for key := range known {
		group, _, _ := strings.Cut(key, ".")
		groups[group] = true
	}
	for _, u := range uses(t) {
		used[u.key] = true
	}
	paths := []string{"../views/ends.go"}
	for _, folder := range []string{".", "../handlers", "../providers", "../phone"} {
		found, err := filepath.Glob(folder + "/*.go")
		if err != nil || len(found) == 0 {
			t.Fatalf("no Go files in %s: %v", folder, err)
		}
		paths = append(paths, found...)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range keyInGo.FindAllStringSubmatch(string(text), -1) {
			key := found[1]
			group, _, _ := strings.Cut(key, ".")
			if _, ok := known[key]; !ok && groups[group] {
				t.Errorf("%s: there is no sentence %q", path, key)
			}
			used[key] = true
		}
	}
	for key := range known {
		if !used[key] && !isDerived(key) {
			t.Errorf("nothing shows the sentence %q", key)
		}
	}
}

// What a language lacks is named.
func TestEveryLanguageHasEverySentence(t *testing.T) {
	catalogue := read(t)
	if len(catalogue.Languages()) < 2 {
		t.Fatal("there is only one language")
	}
	known := sentences(t, "en")
	for _, l := range catalogue.Languages() {
		has := sentences(t, l.Tag())
		for key, args := range known {
			got, ok := has[key]
			if !ok {
				t.Errorf("%s.json lacks %q", l.Tag(), key)
			} else if !slices.Equal(got, args) {
				t.Errorf("%s.json: %q shows %v, in English %v", l.Tag(), key, got, args)
			}
		}
		for key := range has {
			if _, ok := known[key]; !ok {
				t.Errorf("%s.json has %q, which English lacks", l.Tag(), key)
			}
		}
	}
}

// Of a key that stands twice in a file only the last sentence is ever shown.
func TestNoKeyStandsTwice(t *testing.T) {
	for _, l := range read(t).Languages() {
		text, err := files.ReadFile(l.Tag() + ".json")
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, found := range keyInFile.FindAllStringSubmatch(string(text), -1) {
			if seen[found[1]] {
				t.Errorf("%s.json has %q twice", l.Tag(), found[1])
			}
			seen[found[1]] = true
		}
		if len(seen) != len(sentences(t, l.Tag())) {
			t.Errorf("%d keys of %s.json were found: the search is broken", len(seen), l.Tag())
		}
	}
}

// keyInFile is a key where it stands in a file: one sentence, or its forms, follow.
var keyInFile = regexp.MustCompile(`(?m)^  "([^"]+)": `)

func TestEverySentenceCanBeShown(t *testing.T) {
	for _, l := range read(t).Languages() {
		for key, names := range sentences(t, l.Tag()) {
			args := make([]any, 0, 2*len(names))
			for _, name := range names {
				args = append(args, name, 7)
			}
			got := l.Text(key, args...)
			if got == "" || got == key || strings.Contains(got, "<no value>") {
				t.Errorf("%s: %q reads %q", l.Tag(), key, got)
			}
			if strings.ContainsAny(got, "<>{}") {
				t.Errorf("%s: %q contains markup: %q", l.Tag(), key, got)
			}
		}
	}
}

func read(t *testing.T) *Catalogue {
	t.Helper()
	catalogue, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return catalogue
}

func TestText(t *testing.T) {
	catalogue := read(t)
	tests := []struct {
		name, lang, key string
		args            []any
		want            string
	}{
		{"plain", "en", "login.title", nil, "Sign in"},
		{"in German", "de", "login.title", nil, "Anmelden"},
		{"with an argument", "en", "protected.welcome_name", []any{"name", "Ada"}, "Welcome, Ada"},
		{"singular", "en", "token.tries_left", []any{"count", 1}, "One try left."},
		{"plural", "en", "token.tries_left", []any{"count", 3}, "3 tries left."},
		{"singular in German", "de", "token.tries_left", []any{"count", 1}, "Noch ein Versuch."},
		{"plural in German", "de", "token.tries_left", []any{"count", 3}, "Noch 3 Versuche."},
		{"a language that is not there", "tlh", "login.title", nil, "Sign in"},
		{"a key that is not there", "de", "no.such.key", nil, "no.such.key"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := catalogue.Reader(test.lang).Text(test.key, test.args...); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
