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
		{"simulated phones on plain http", []string{"PHONES", "simulated", "PUBLIC_URL", "http://nod.example.com", "SIMULATOR_ADDR", "0.0.0.0:3001"}, ""},

		{"simulated phones for all", []string{"PHONES", "simulated", "PUBLIC_URL", "https://nod.example.com", "SIMULATOR_ADDR", "0.0.0.0:3001"}, "SIMULATOR_ADDR: anyone who can reach it"},
		{"and without an address", []string{"PHONES", "simulated", "PUBLIC_URL", "https://nod.example.com", "SIMULATOR_ADDR", ":3001"}, "SIMULATOR_ADDR: anyone who can reach it"},
		{"and by IPv6", []string{"PHONES", "simulated", "PUBLIC_URL", "https://nod.example.com", "SIMULATOR_ADDR", "[::]:3001"}, "SIMULATOR_ADDR: anyone who can reach it"},
		{"and by an address of the internet", []string{"PHONES", "simulated", "PUBLIC_URL", "https://nod.example.com", "SIMULATOR_ADDR", "203.0.113.9:3001"}, "SIMULATOR_ADDR: anyone who can reach it"},
		{"and by one of IPv6", []string{"PHONES", "simulated", "PUBLIC_URL", "https://nod.example.com", "SIMULATOR_ADDR", "[2001:db8::9]:3001"}, "SIMULATOR_ADDR: anyone who can reach it"},
		{"simulated phones on this machine", []string{"PHONES", "simulated", "PUBLIC_URL", "https://nod.example.com"}, ""},
		{"and in a private network", []string{"PHONES", "simulated", "PUBLIC_URL", "https://nod.example.com", "SIMULATOR_ADDR", "10.0.0.5:3001"}, ""},
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

// Who can write the file can have the key sent elsewhere, and who can read it has it.
// A file that has no key in it, such as that of a fresh copy, may be read by all.
func TestAFileThatIsOpenToAllHasNoKey(t *testing.T) {
	for _, test := range []struct {
		name, content string
		mode          os.FileMode
		environment   []string
		advice        string // "" for what is taken
	}{
		{"a key that everybody writes", "AUTHY_API_KEY=k3y", 0o602, nil, "o-w"},
		{"and reads", "AUTHY_API_KEY=k3y", 0o666, nil, "o-rw"},
		{"the file of a key", "AUTHY_API_KEY_FILE=/run/secrets/authy", 0o666, nil, "o-w"},
		{"a key that seals", "SECRET_KEY=k3y", 0o602, nil, "o-w"},
		{"a key in the environment", "AUTHY_API_URL=https://evil.example", 0o666, []string{"AUTHY_API_KEY", "k3y"}, "o-w"},
		{"no key", "ADDR=127.0.0.1:3000", 0o666, nil, ""},
		{"a key that the environment takes away", "AUTHY_API_KEY=k3y", 0o666, []string{"AUTHY_API_KEY", ""}, ""},
		{"a key that everybody reads", "AUTHY_API_KEY=k3y", 0o644, nil, "o-r"},
		{"a key that seals and everybody reads", "SECRET_KEY=k3y", 0o604, nil, "o-r"},
		{"and stands in the environment, too", "SECRET_KEY=k3y", 0o604, []string{"SECRET_KEY", "k3y"}, "o-r"},
		{"another key than that of the environment", "SECRET_KEY=old", 0o644, []string{"SECRET_KEY", "k3y"}, ""},
		{"where the key is, which everybody reads", "SECRET_KEY_FILE=/run/secrets/nod", 0o644, nil, ""},
		{"an empty key", "SECRET_KEY=\nAUTHY_API_KEY=", 0o644, nil, ""},
		{"a key that the group writes", "AUTHY_API_KEY=k3y", 0o660, nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), ".env")
			must(t, os.WriteFile(file, []byte(test.content+"\n"), 0o600))
			must(t, os.Chmod(file, test.mode)) // whatever the umask is
			_, err := WithDotEnv(file, environment(test.environment...))
			wantAdvice(t, err, test.advice, file)
		})
	}
	file := filepath.Join(t.TempDir(), "key")
	must(t, os.WriteFile(file, []byte("k3y\n"), 0o600))
	must(t, os.Chmod(file, 0o646))
	_, err := Application(environment("AUTHY_API_KEY_FILE", file))
	wantAdvice(t, err, "o-w", file)
}

// wantAdvice wants an error that says to run chmod, and no key; none for "".
func wantAdvice(t *testing.T, err error, advice, path string) {
	t.Helper()
	switch {
	case advice == "" && err != nil:
		t.Errorf("got %v", err)
	case advice != "" && (err == nil || !strings.Contains(err.Error(), "chmod "+advice+" "+path)):
		t.Errorf("got %v, want it to say chmod %s %s", err, advice, path)
	case err != nil && strings.Contains(err.Error(), "k3y"):
		t.Errorf("the key is shown: %v", err)
	}
}

// Who can write a folder can put another file in the place of the one with the key:
// there, in a folder above it, or where a link to it is.
func TestAFolderThatIsOpenToAllHasNoKey(t *testing.T) {
	const all, sticky = 0o777, 0o777 | os.ModeSticky
	for _, test := range []struct {
		name   string
		folder string // whose mode is changed
		mode   os.FileMode
		file   string // as it is set
		advice string
	}{
		{"the folder", "above/keys", all, "above/keys/key", "o-w"},
		{"one above it", "above", all, "above/keys/key", "o-w"},
		{"where a link is", "links", all, "links/key", "o-w"},
		{"where a link leads", "above/keys", all, "links/key", "o-w"},
		{"a folder as /tmp is", "above/keys", sticky, "above/keys/key", ""},
		{"a folder that the group writes", "above/keys", 0o775, "above/keys/key", ""},
		{"another folder", "links", all, "above/keys/key", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir, err := filepath.EvalSymlinks(t.TempDir())
			must(t, err)
			in := func(path string) string { return filepath.Join(dir, path) }
			must(t, os.MkdirAll(in("above/keys"), 0o700))
			must(t, os.Mkdir(in("links"), 0o700))
			must(t, os.WriteFile(in("above/keys/key"), []byte("SECRET_KEY=k3y-k3y-k3y-k3y-k3y-k3y-k3y-k3y\n"), 0o600))
			must(t, os.Symlink(in("above/keys/key"), in("links/key")))
			must(t, os.Chmod(in(test.folder), test.mode))
			_, err = WithDotEnv(in(test.file), environment())
			wantAdvice(t, err, test.advice, in(test.folder))
			for _, name := range []string{"AUTHY_API_KEY_FILE", "SECRET_KEY_FILE"} {
				_, err := Application(environment(name, in(test.file)))
				wantAdvice(t, err, test.advice, in(test.folder))
			}
		})
	}
	// A demo has no key of its own, and starts wherever it is.
	dir := t.TempDir()
	must(t, os.Chmod(dir, all))
	must(t, os.WriteFile(filepath.Join(dir, ".env"), []byte("ADDR=127.0.0.1:3000\n"), 0o644))
	_, err := WithDotEnv(filepath.Join(dir, ".env"), environment())
	must(t, err)
}
