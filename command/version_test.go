package command

import (
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersionSaysWhatTheBuildRecorded(t *testing.T) {
	revision := debug.BuildSetting{Key: "vcs.revision", Value: "0123abcd"}
	modified := debug.BuildSetting{Key: "vcs.modified", Value: "true"}
	for _, c := range []struct {
		name string
		info debug.BuildInfo
		want string
	}{
		{"a release", debug.BuildInfo{GoVersion: "go1.26.0", Main: debug.Module{Version: "v1.2.3"}, Settings: []debug.BuildSetting{revision}},
			"nod v1.2.3\ncommit 0123abcd\ngo1.26.0\n"},
		{"a changed checkout", debug.BuildInfo{GoVersion: "go1.26.0", Main: debug.Module{Version: "v1.2.4-0.20261125+dirty"}, Settings: []debug.BuildSetting{revision, modified}},
			"nod v1.2.4-0.20261125+dirty\ncommit 0123abcd with changes\ngo1.26.0\n"},
		{"go run", debug.BuildInfo{GoVersion: "go1.26.0", Main: debug.Module{Version: "(devel)"}},
			"nod (a development build, not a release)\ncommit unknown: the build did not record it\ngo1.26.0\n"},
		{"no build information", debug.BuildInfo{},
			"nod (a development build, not a release)\ncommit unknown: the build did not record it\n" + runtime.Version() + "\n"},
	} {
		if got := version(&c.info); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestVersionNeedsNoSettings(t *testing.T) {
	for _, arg := range []string{"version", "-v", "-version", "--version"} {
		var out strings.Builder
		must(t, run(t.Context(), []string{arg}, environment("ADDR", "x"), &out, &out))
		if !strings.HasPrefix(out.String(), "nod ") || !strings.Contains(out.String(), "\ncommit ") || !strings.Contains(out.String(), runtime.Version()) {
			t.Errorf("nod %s: got %q, want version, commit and Go", arg, out.String())
		}
	}
}

// CHANGELOG.md has what is not released yet, and below it each release with its day,
// newest first.
func TestTheChangelogHasReleases(t *testing.T) {
	headings := regexp.MustCompile(`(?m)^## (.*)$`).FindAllStringSubmatch(document(t, "CHANGELOG.md"), -1)
	if len(headings) == 0 || headings[0][1] != "Unreleased" {
		t.Fatalf("the headings are %q", headings)
	}
	release := regexp.MustCompile(`^v\d+\.\d+\.\d+ \((\d{4}-\d\d-\d\d)\)$`)
	newer := "9999-99-99"
	for _, heading := range headings[1:] {
		day := release.FindStringSubmatch(heading[1])
		if day == nil || day[1] > newer {
			t.Fatalf("%q is no release, or not older than the one above: want v1.2.3 (2026-11-26)", heading[1])
		}
		newer = day[1]
	}
}
