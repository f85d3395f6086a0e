package simulator_test

import (
	"os"
	"regexp"
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
	if want := "sends callbacks to: http://localhost:3000/authy/callback\n"; !strings.Contains(told, want) {
		t.Errorf("got %s\nwant %q in it", told, want)
	}
	if untold := simulator.Guide("http://localhost:3001", "KEY", ""); !strings.Contains(untold, "set SIMULATOR_CALLBACK_URL") {
		t.Errorf("got %s\nwant a word on how to be told", untold)
	}
}

// Each line that the guide has for other clients is as their sources want it.
func TestTheGuideOnOtherClients(t *testing.T) {
	guide := simulator.Guide("http://localhost:3001", "KEY", "")
	for _, line := range []string{
		`Authy.api_uri = "http://localhost:3001"; Authy.api_key = "KEY"`,
		`client = AuthyApiClient("KEY", "http://localhost:3001")`,
		`client = require("authy")("KEY", "http://localhost:3001")`,
		`$client = new Authy\AuthyApi("KEY", "http://localhost:3001");`,
		`client = new com.authy.AuthyApiClient("KEY", "http://localhost:3001", true);`,
	} {
		if !strings.Contains(guide, line+"\n") {
			t.Errorf("the guide lacks %s", line)
		}
	}
}

var curl = regexp.MustCompile(`(?m)^  curl (?:-X (\w+) )?'?(http:\S+?)'?(?: .*?)?(?:-d '(.+)')?$`)

// The commands in the guide work as they stand.
func TestTheGuidesCommands(t *testing.T) {
	s := newAda(t)
	uuid := s.ask(ada, "message=x")
	s.call("POST", "/protected/json/users/100001/secret", "").wantStatus(200)
	commands := curl.FindAllStringSubmatch(simulator.Guide(s.url, testKey, ""), -1)
	if len(commands) != 10 {
		t.Errorf("got %d commands: %q", len(commands), commands)
	}
	for _, c := range commands {
		method, path, body := c[1], strings.NewReplacer("/UUID", "/"+uuid, "/ID", "/100001").Replace(strings.TrimPrefix(c[2], s.url)), c[3]
		if method == "" {
			method = "GET"
		}
		s.do(method, path, body, nil).wantStatus(200)
	}
	s.app.next() // the answer, and after it the test of the dashboard
	s.app.next()
}
