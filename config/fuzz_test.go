package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzSettings reads any value as each of the settings: it is taken or refused in
// words, under its name, and never repeated if it is secret.
func FuzzSettings(f *testing.F) {
	for _, value := range []string{
		"", "127.0.0.1:3000", ":0", "[::1]:65536", "http://localhost:3000", "https://nod.example/", "http://a@b:1", "https://xn--/", "sqlite:nod.db", "sqlite:",
		"sqlite:/x?mode=ro", "1h", "-1s", "9999999h", "1e3", "10.0.0.0/8, ::1", "authy", "a key", "\x00", "\xff", strings.Repeat("9", 40), "ＨＴＴＰ://x", "none",
	} {
		for _, name := range []string{"ADDR", "PUBLIC_URL", "DATABASE_URL", "AUTHY_API_KEY", "AUTHY_API_URL", "SESSION_IDLE", "TRUSTED_PROXIES", "WAITING_PER_ADDRESS"} {
			f.Add(name, value)
		}
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		for _, read := range []func(Lookup) (Config, error){Application, Simulator} {
			_, err := read(environment(name, value))
			if err == nil {
				continue
			}
			if !strings.Contains(err.Error(), name) {
				t.Errorf("%s=%q: the error does not name it: %v", name, value, err)
			}
			if strings.HasSuffix(name, "_KEY") && len(value) > 8 && strings.Contains(err.Error(), value) {
				t.Errorf("%s: the error shows it: %v", name, err)
			}
		}
	})
}

// FuzzDotEnv reads any bytes as a .env file.
func FuzzDotEnv(f *testing.F) {
	for _, content := range []string{
		"ADDR=127.0.0.1:1\n", "\ufeffADDR=x", "A='b\nc'", "export A=\"$B\"", "=", "A", "#", "\xff\xfeA\x00=\x00b\x00", "\xfe\xff\x00A\x00=", "A=b\x00c", "A=${A}", strings.Repeat("A=b\n", 100),
	} {
		f.Add([]byte(content))
	}
	path := filepath.Join(f.TempDir(), ".env")
	f.Fuzz(func(t *testing.T, content []byte) {
		must(t, os.WriteFile(path, content, 0o600))
		settings, err := WithDotEnv(path, environment("ADDR", "of the environment"))
		if err != nil {
			return
		}
		if value, set := settings("ADDR"); !set || value != "of the environment" {
			t.Errorf("the file wins over the environment: %q", value)
		}
	})
}
