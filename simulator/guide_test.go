package simulator_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"nod/simulator"
)

// The guide's lines for Node and Go are those of the programs that the tests run.
func TestTheGuideMatchesTheTestedPrograms(t *testing.T) {
	tests := []struct {
		program, url, key string
		lines             []string
	}{
		{"testdata/authy-client/client.js", "host", "key", []string{`client = new Client({ key: key }, { host: host })`}},
		{"testdata/go-authy/main.go", "os.Args[1]", "os.Args[2]", []string{`api := authy.NewAuthyAPI(os.Args[2])`, `api.BaseURL = os.Args[1]`}},
		{"testdata/authy/client.js", "host", "key", []string{`client = require("authy")(key, host)`}},
	}
	for _, test := range tests {
		program, err := os.ReadFile(test.program)
		must(t, err)
		// The guide has literals where the program has variables.
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

func TestTheGuideNamesTheCallbackURL(t *testing.T) {
	with := simulator.Guide("http://localhost:3001", "KEY", "http://localhost:3000/authy/callback")
	if want := "sends callbacks to: http://localhost:3000/authy/callback\n"; !strings.Contains(with, want) {
		t.Errorf("got %s\nwant %q in it", with, want)
	}
	if without := simulator.Guide("http://localhost:3001", "KEY", ""); !strings.Contains(without, "set SIMULATOR_CALLBACK_URL") {
		t.Errorf("got %s\nwant it to say how to set one", without)
	}
}

// The guide's lines for the other clients follow their sources.
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

// The commands in the guide work unchanged.
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
	s.app.next() // the answer, then the dashboard's test callback
	s.app.next()
}
