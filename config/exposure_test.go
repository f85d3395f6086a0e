package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What would let others act for everybody is refused in words, and what only looks
// like it is not.
func TestASiteThatIsOpenToAllIsRefused(t *testing.T) {
	const key = "k3y"
	for _, test := range []struct {
		name     string
		settings []string
		says     string // "" for what is taken
	}{
		{"a real key on plain http", []string{"AUTHY_API_KEY", key, "PUBLIC_URL", "http://nod.example.com"}, "PUBLIC_URL: with a real key, plain http"},
		{"and in a private network", []string{"AUTHY_API_KEY", key, "PUBLIC_URL", "http://192.168.1.5:3000"}, "PUBLIC_URL: with a real key, plain http"},
		{"and by a name that begins like this machine", []string{"AUTHY_API_KEY", key, "PUBLIC_URL", "http://localhost.example.com"}, "PUBLIC_URL: with a real key, plain http"},
		{"and by the address of the listener", []string{"AUTHY_API_KEY", key, "ADDR", "192.168.1.5:3000"}, "PUBLIC_URL: with a real key, others must not"},
		{"a real key on https", []string{"AUTHY_API_KEY", key, "PUBLIC_URL", "https://nod.example.com", "ADDR", "192.168.1.5:3000"}, ""},
		{"a real key on this machine", []string{"AUTHY_API_KEY", key, "PUBLIC_URL", "http://localhost:3000"}, ""},
		{"and under another name of it", []string{"AUTHY_API_KEY", key, "PUBLIC_URL", "http://nod.localhost:3000"}, ""},
		{"and by its address", []string{"AUTHY_API_KEY", key, "PUBLIC_URL", "http://[::1]:3000"}, ""},
		{"a real key and no address", []string{"AUTHY_API_KEY", key}, ""},
		{"a key of a simulator", []string{"AUTHY_API_KEY", key, "AUTHY_API_URL", "http://127.0.0.1:3001", "PUBLIC_URL", "http://nod.example.com"}, ""},
		{"simulated phones on plain http", []string{"PUBLIC_URL", "http://nod.example.com", "SIMULATOR_ADDR", "0.0.0.0:3001"}, ""},

		{"simulated phones for all", []string{"PUBLIC_URL", "https://nod.example.com", "SIMULATOR_ADDR", "0.0.0.0:3001"}, "SIMULATOR_ADDR: anyone who can reach it"},
		{"and without an address", []string{"PUBLIC_URL", "https://nod.example.com", "SIMULATOR_ADDR", ":3001"}, "SIMULATOR_ADDR: anyone who can reach it"},
		{"and by IPv6", []string{"PUBLIC_URL", "https://nod.example.com", "SIMULATOR_ADDR", "[::]:3001"}, "SIMULATOR_ADDR: anyone who can reach it"},
		{"and by an address of the internet", []string{"PUBLIC_URL", "https://nod.example.com", "SIMULATOR_ADDR", "203.0.113.9:3001"}, "SIMULATOR_ADDR: anyone who can reach it"},
		{"and by one of IPv6", []string{"PUBLIC_URL", "https://nod.example.com", "SIMULATOR_ADDR", "[2001:db8::9]:3001"}, "SIMULATOR_ADDR: anyone who can reach it"},
		{"simulated phones on this machine", []string{"PUBLIC_URL", "https://nod.example.com"}, ""},
		{"and in a private network", []string{"PUBLIC_URL", "https://nod.example.com", "SIMULATOR_ADDR", "10.0.0.5:3001"}, ""},
	} {
		_, err := Application(environment(test.settings...))
		switch {
		case test.says == "" && err != nil:
			t.Errorf("%s: got %v", test.name, err)
		case test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)):
			t.Errorf("%s: got %v, want %q", test.name, err, test.says)
		case err != nil && strings.Contains(err.Error(), key):
			t.Errorf("%s: the key is shown: %v", test.name, err)
		}
	}
}

// Who can write the file can have the key sent elsewhere.
func TestAFileThatEverybodyWritesHasNoKey(t *testing.T) {
	for _, test := range []struct {
		name, content string
		mode          os.FileMode
		environment   []string
		refused       bool
	}{
		{"a key", "AUTHY_API_KEY=k3y", 0o602, nil, true},
		{"the file of a key", "AUTHY_API_KEY_FILE=/run/secrets/authy", 0o666, nil, true},
		{"a key that seals", "SECRET_KEY=k3y", 0o602, nil, true},
		{"a key in the environment", "AUTHY_API_URL=https://evil.example", 0o666, []string{"AUTHY_API_KEY", "k3y"}, true},
		{"no key", "ADDR=127.0.0.1:3000", 0o666, nil, false},
		{"a key that the environment takes away", "AUTHY_API_KEY=k3y", 0o666, []string{"AUTHY_API_KEY", ""}, false},
		{"a key that everybody reads", "AUTHY_API_KEY=k3y", 0o644, nil, false},
		{"a key that the group writes", "AUTHY_API_KEY=k3y", 0o660, nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), ".env")
			must(t, os.WriteFile(file, []byte(test.content+"\n"), 0o600))
			must(t, os.Chmod(file, test.mode)) // whatever the umask is
			_, err := WithDotEnv(file, environment(test.environment...))
			if refused := err != nil; refused != test.refused {
				t.Fatalf("got %v", err)
			}
			if err != nil && (!strings.Contains(err.Error(), "chmod o-w "+file) || strings.Contains(err.Error(), "k3y")) {
				t.Errorf("got %v, want what to do, and no key", err)
			}
		})
	}
	file := filepath.Join(t.TempDir(), "key")
	must(t, os.WriteFile(file, []byte("k3y\n"), 0o600))
	must(t, os.Chmod(file, 0o646))
	_, err := Application(environment("AUTHY_API_KEY_FILE", file))
	if err == nil || !strings.Contains(err.Error(), "AUTHY_API_KEY_FILE: "+file+" can be written by everybody") {
		t.Errorf("a key file that everybody writes: got %v", err)
	}
}
