package command

import (
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"nod/config"
)

// The log is written as the settings say, from its first line on, which names the
// version; also where another setting cannot be used.
func TestTheLogIsAsTheSettingsSay(t *testing.T) {
	for _, test := range []struct {
		settings []string
		want     string // in the log
		problem  string
	}{
		{nil, `level=INFO msg="nod starts" version=`, "ADDR: "},
		{[]string{"LOG_FORMAT", "json"}, `"msg":"nod starts","version":`, "ADDR: "},
		{[]string{"LOG_LEVEL", "loud"}, `msg="nod starts"`, `LOG_LEVEL: "loud": want debug or info or warn or error`},
		{[]string{"LOG_FORMAT", "xml"}, `msg="nod starts"`, `LOG_FORMAT: "xml": want text or json`},
		{[]string{"LOG_LEVEL", "warn"}, "", "ADDR: "},
	} {
		for _, args := range [][]string{nil, {"demo", "--no-browser"}, {"simulator"}} {
			t.Chdir(t.TempDir())
			var out, log strings.Builder
			settings := append([]string{"ADDR", "no address", "SIMULATOR_ADDR", "no ADDR: either"}, test.settings...)
			err := run(t.Context(), args, environment(settings...), &out, &log)
			if err == nil || !strings.Contains(err.Error(), test.problem) {
				t.Errorf("nod %v %v: got %v, want %q", args, test.settings, err, test.problem)
			}
			if !strings.Contains(log.String(), test.want) || (test.want == "") != (log.String() == "") {
				t.Errorf("nod %v %v: the log is %q, want %q", args, test.settings, &log, test.want)
			}
		}
	}
}

// No line of JSON does anything to a screen, and each is one line.
func TestALineOfJSONIsHarmless(t *testing.T) {
	const evil = "x\n\x1b[2J\u009b31m\u202e\u2028\" \xff"
	var log strings.Builder
	newLog(&log, config.Log{JSON: true}).With("with", evil).Error(evil, "text", evil, "error", errors.New(evil), slog.Group("in", "group", evil))
	line, rest, _ := strings.Cut(log.String(), "\n")
	if rest != "" || strings.ContainsFunc(line, unseen) {
		t.Errorf("got %q", log.String())
	}
	var fields map[string]any
	must(t, json.Unmarshal([]byte(line), &fields))
	for _, name := range []string{"msg", "text", "error", "with"} {
		if text, _ := fields[name].(string); !strings.HasPrefix(text, `x\n\x1b[2J`) {
			t.Errorf("%s is %q", name, fields[name])
		}
	}
}
