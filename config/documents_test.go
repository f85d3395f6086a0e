package config

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

// rewrite is how the two files are brought up to date after a change of the
// table.
const rewrite = "go test ./config -run TestDocuments -write"

var write = flag.Bool("write", false, "write docs/settings.md and .env.example instead of comparing them")

func TestDocuments(t *testing.T) {
	for name, want := range map[string]string{"../docs/settings.md": markdown(), "../.env.example": exampleFile()} {
		if *write {
			must(t, os.WriteFile(name, []byte(want), 0o644))
		}
		got, err := os.ReadFile(name)
		must(t, err)
		if string(got) != want {
			t.Errorf("%s does not say what the table of settings says; this writes it: %s", name, rewrite)
		}
	}
}

func TestTheExampleFileNamesEverySetting(t *testing.T) {
	content, err := os.ReadFile("../.env.example")
	must(t, err)
	for _, s := range Settings() {
		if !strings.Contains(string(content), "\n#"+s.Name+"=") {
			t.Errorf(".env.example lacks %s", s.Name)
		}
	}
}

// Whoever removes the # before a line of the example must get a setting that
// can be read.
func TestEveryExampleCanBeRead(t *testing.T) {
	for _, s := range Settings() {
		if strings.HasSuffix(s.Name, "_KEY_FILE") || s.example() == "" {
			continue // no such file here, and no key is an example
		}
		r := &reader{getenv: environment()}
		s.read(&Config{}, input{r, s.Name, s.example()})
		if err := r.err(); err != nil {
			t.Errorf("%s=%s: %v", s.Name, s.example(), err)
		}
	}
}

// example is the value in .env.example.
func (s Setting) example() string {
	if s.Example != "" {
		return s.Example
	}
	return s.Default
}

// sentences is all that is said about a setting.
func (s Setting) sentences() string {
	text := strings.ToUpper(s.What[:1]) + s.What[1:] + "."
	if s.More != "" {
		text += " " + s.More
	}
	return text
}

func (s Setting) readers() string {
	switch s.readBy {
	case application:
		return "`nod`"
	case simulator:
		return "`nod simulator`"
	default:
		return "both"
	}
}

func markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Settings

<!-- Made from the table in config/settings.go: %s -->

Nod reads its settings from the environment and from a file `+"`.env`"+` in the
working directory. The environment wins, even with an empty value; an empty
value counts as not set. All configuration errors are reported together, each
under the name of its setting, and Nod ends with status 2. Nod runs with
nothing set at all.

`+"`nod -h`"+` prints a shorter table; [.env.example](../.env.example) is a file to
start from.

| name | default | read by | what |
|---|---|---|---|
`, rewrite)
	for _, s := range Settings() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", s.Name, s.shownInMarkdown(), s.readers(), s.sentences())
	}
	return b.String()
}

func (s Setting) shownInMarkdown() string {
	if s.Default == "" {
		return s.Shown()
	}
	return "`" + s.Default + "`"
}

func exampleFile() string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Settings of Nod. Copy this file to .env and remove the # before what you want
# to set. The environment wins over the file. Nod runs with nothing set at all.
#
# Made from the table in config/settings.go:
# %s
`, rewrite)
	for _, s := range Settings() {
		fmt.Fprintf(&b, "\n%s#%s=%s\n", comment(s.sentences()), s.Name, s.example())
	}
	return b.String()
}

// comment wraps text into lines that begin with #.
func comment(text string) string {
	var b strings.Builder
	line := "#"
	for _, word := range strings.Fields(text) {
		if len(line)+1+len(word) > 79 {
			b.WriteString(line + "\n")
			line = "#"
		}
		line += " " + word
	}
	return b.String() + line + "\n"
}
