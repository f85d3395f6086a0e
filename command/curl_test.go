package command

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// The way through Nod with nothing but curl is run as the docs tell it.
func TestTheCurlStory(t *testing.T) {
	for _, tool := range []string{"sh", "curl", "jq"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("NOD_TEST_ALL") != "" {
				t.Fatal(err)
			}
			t.Skipf("no %s here; the curl story is left out", tool)
		}
	}
	story, err := os.ReadFile("../docs/curl.md")
	must(t, err)
	var blocks []string
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllSubmatch(story, -1) {
		// The first one names where everything is; the next go on from it.
		if text := string(block[1]); strings.HasPrefix(text, "jar=") || len(blocks) > 0 && strings.Contains(text, "post /") {
			blocks = append(blocks, text)
		}
	}
	if len(blocks) != 3 {
		t.Fatalf("docs/curl.md tells its story in %d blocks, want 3", len(blocks))
	}
	p := start(t, lastWords, nil)
	script := strings.NewReplacer("http://localhost:3000", p.url, "http://localhost:3001", p.phones).Replace(strings.Join(blocks, "\n"))
	command := exec.CommandContext(t.Context(), "sh", "-eu", "-c", script)
	command.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
	said, err := command.CombinedOutput()
	must(t, err)
	for _, part := range []string{
		`"status":"approved"`, "Welcome, Ada", "a tap on your phone",
		"a code by text", "a code from an app", "a code by call", `"status":"executed"`, `"status":"denied"`,
	} {
		if !strings.Contains(string(said), part) {
			t.Errorf("the story never says %q:\n%s", part, said)
		}
	}
	p.end()
}
