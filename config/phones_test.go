package config

import (
	"slices"
	"strings"
	"testing"
)

// Whose phones are asked follows from what is set; simulated ones behind a real address
// are used only where somebody has written so.
func TestWhosePhonesAreAsked(t *testing.T) {
	const key, site = "k3y", "https://nod.example.com"
	for _, test := range []struct {
		name     string
		settings []string
		asked    []string // nil for what is refused
		says     string
	}{
		{"nothing", nil, []string{"simulated", "own"}, ""},
		{"this machine", []string{"PUBLIC_URL", "http://localhost:3000"}, []string{"simulated", "own"}, ""},
		{"another name of it", []string{"PUBLIC_URL", "http://nod.localhost:3000"}, []string{"simulated", "own"}, ""},
		{"its address", []string{"PUBLIC_URL", "http://127.0.0.1:3000"}, []string{"simulated", "own"}, ""},
		{"a name for tests", []string{"PUBLIC_URL", "http://nod.test:3000"}, []string{"simulated", "own"}, ""},
		{"all addresses", []string{"ADDR", ":3000"}, []string{"simulated", "own"}, ""},
		{"a key", []string{"AUTHY_API_KEY", key, "PUBLIC_URL", site}, []string{"authy", "own"}, ""},
		{"a key, and named", []string{"AUTHY_API_KEY", key, "PUBLIC_URL", site, "PHONES", "authy"}, []string{"authy"}, ""},
		{"named", []string{"PHONES", "simulated"}, []string{"simulated"}, ""},
		{"named twice", []string{"PHONES", " simulated , simulated"}, []string{"simulated"}, ""},
		{"https, and named", []string{"PUBLIC_URL", site, "PHONES", "simulated"}, []string{"simulated"}, ""},
		{"plain http elsewhere, and named", []string{"PUBLIC_URL", "http://192.168.1.5:3000", "PHONES", "simulated"}, []string{"simulated"}, ""},

		{"own ones beside", []string{"PUBLIC_URL", site, "PHONES", "own,simulated"}, []string{"own", "simulated"}, ""},
		{"a key and own ones", []string{"AUTHY_API_KEY", key, "PHONES", "authy own"}, []string{"authy", "own"}, ""},

		{"own ones alone", []string{"PUBLIC_URL", site, "PHONES", "own"}, []string{"own"}, ""},
		{"own ones alone, on this machine", []string{"PHONES", "own"}, []string{"own"}, ""},
		{"https", []string{"PUBLIC_URL", site}, []string{"own"}, ""},
		{"https on this machine", []string{"PUBLIC_URL", "https://localhost"}, []string{"own"}, ""},
		{"https, and a name for tests", []string{"PUBLIC_URL", "https://nod.test"}, []string{"own"}, ""},
		{"an empty name", []string{"PUBLIC_URL", site, "PHONES", ""}, []string{"own"}, ""},
		{"a list of nothing", []string{"PUBLIC_URL", site, "PHONES", ","}, []string{"own"}, ""},

		{"own ones alone, at an address", []string{"PUBLIC_URL", "http://127.0.0.1:3000", "PHONES", "own"}, nil, "PHONES: at this PUBLIC_URL browsers make no passkeys"},
		{"an address by https", []string{"PUBLIC_URL", "https://192.168.1.5"}, nil, "PHONES: at this PUBLIC_URL browsers make no passkeys"},
		{"plain http elsewhere", []string{"PUBLIC_URL", "http://192.168.1.5:3000"}, nil, "PHONES: at this PUBLIC_URL browsers make no passkeys"},
		{"plain http by a name", []string{"PUBLIC_URL", "http://nod.example.com"}, nil, "PHONES: at this PUBLIC_URL browsers make no passkeys"},
		{"an address elsewhere", []string{"ADDR", "192.168.1.5:3000"}, nil, "PHONES: at this ADDR browsers make no passkeys"},
		{"own ones alone, and a key", []string{"AUTHY_API_KEY", key, "PUBLIC_URL", site, "PHONES", "own"}, nil, "PHONES: own alone asks nobody through Authy"},
		{"own ones alone, and a place for others", []string{"PUBLIC_URL", site, "SIMULATOR_ADDR", "127.0.0.1:3001"}, nil, "SIMULATOR_ADDR: only phones of people's own are asked"},
		{"a key that is named simulated", []string{"AUTHY_API_KEY", key, "PUBLIC_URL", site, "PHONES", "simulated"}, nil, "PHONES: there are no simulated phones beside a real key"},
		{"a key that cannot be read", []string{"AUTHY_API_KEY_FILE", "no/such/file", "PHONES", "simulated"}, nil, "PHONES: there are no simulated phones beside a real key"},
	} {
		c, err := Application(environment(test.settings...))
		switch {
		case test.asked != nil && (err != nil || !slices.Equal(c.Asked(), test.asked)):
			t.Errorf("%s: got %v, %v, want %v", test.name, c.Asked(), err, test.asked)
		case test.asked == nil && (err == nil || !strings.Contains(err.Error(), test.says)):
			t.Errorf("%s: got %v, want %q", test.name, err, test.says)
		}
	}
	// A demonstration simulates its phones, whatever an installation says.
	c, err := Demo(environment("PHONES", "authy", "AUTHY_API_KEY", key))
	if err != nil || !c.Simulated() {
		t.Errorf("a demonstration asks %v: %v", c.Asked(), err)
	}
}
