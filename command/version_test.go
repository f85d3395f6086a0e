package command

import (
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
