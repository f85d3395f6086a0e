package simulator_test

import (
	"os"
	"strings"
	"testing"

	"nod/simulator"
)

// What the guide says of Node and Go is what the programs do by which the
// tests run these clients.
func TestTheGuideTellsWhatIsTested(t *testing.T) {
	tests := []struct {
		program, url, key string
		lines             []string
	}{
		{"testdata/authy-client/client.js", "host", "key", []string{`client = new Client({ key: key }, { host: host })`}},
		{"testdata/go-authy/main.go", "os.Args[1]", "os.Args[2]", []string{`api := authy.NewAuthyAPI(os.Args[2])`, `api.BaseURL = os.Args[1]`}},
	}
	for _, test := range tests {
		program, err := os.ReadFile(test.program)
		must(t, err)
		// Texts become the variables of the program.
		guide := strings.NewReplacer(`"`+test.key+`"`, test.key, `"`+test.url+`"`, test.url).
			Replace(simulator.Guide(test.url, test.key, ""))
		for _, line := range test.lines {
			if !strings.Contains(guide, line) {
				t.Errorf("the guide does not say %q:\n%s", line, guide)
			}
			if !strings.Contains(string(program), line) {
				t.Errorf("%s does not do %q", test.program, line)
			}
		}
	}
}

func TestTheGuideSaysWhoIsTold(t *testing.T) {
	told := simulator.Guide("http://localhost:3001", "KEY", "http://localhost:3000/authy/callback")
	if want := "told to: http://localhost:3000/authy/callback\n"; !strings.Contains(told, want) {
		t.Errorf("got %s\nwant %q in it", told, want)
	}
	if untold := simulator.Guide("http://localhost:3001", "KEY", ""); !strings.Contains(untold, "set SIMULATOR_CALLBACK_URL") {
		t.Errorf("got %s\nwant a word on how to be told", untold)
	}
}
