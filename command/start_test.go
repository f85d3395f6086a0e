package command

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nod/tools/mmdb"
)

func TestStartingWithNothingSet(t *testing.T) {
	p := start(t, lastWords, nil)
	for _, part := range []string{"Nod is at ", "The phones are at ", "no Authy key", "simulated", "AUTHY_API_KEY", "PUBLIC_URL", "PHONES=own"} {
		if !strings.Contains(p.stdout.String(), part) {
			t.Errorf("the first words lack %q:\n%s", part, p.stdout)
		}
	}
	for _, address := range []string{p.url + "/", p.url + "/healthz", p.url + "/readyz", p.phones + "/", p.phones + "/phones"} {
		if got := get(t, address).StatusCode; got != http.StatusOK {
			t.Errorf("GET %s: got %d", address, got)
		}
	}
	// Opened under another name, a page leads to the public one.
	app, err := url.Parse(p.url)
	must(t, err)
	res := get(t, "http://127.0.0.1:"+app.Port()+"/login?x=1")
	if got, want := res.Header.Get("Location"), p.url+"/login?x=1"; res.StatusCode != http.StatusFound || got != want {
		t.Errorf("got %d to %q, want a redirect to %q", res.StatusCode, got, want)
	}
	p.end()
	if _, err := http.Get(p.url + "/healthz"); err == nil {
		t.Error("the application still answers")
	}
	if _, err := http.Get(p.phones + "/phones"); err == nil {
		t.Error("the simulator still answers")
	}
	// A database that was closed well has no journal left.
	left, err := filepath.Glob("*-wal")
	must(t, err)
	if len(left) > 0 {
		t.Errorf("not closed: %v", left)
	}
}

func TestBusyPorts(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer busy.Close()
	for _, setting := range []string{"ADDR", "SIMULATOR_ADDR", "METRICS_ADDR"} {
		t.Run(setting, func(t *testing.T) {
			t.Chdir(t.TempDir())
			settings := map[string]string{"ADDR": "127.0.0.1:0", "SIMULATOR_ADDR": "127.0.0.1:0"}
			settings[setting] = busy.Addr().String()
			getenv := func(name string) (string, bool) { value, ok := settings[name]; return value, ok }
			err := run(t.Context(), nil, getenv, io.Discard, t.Output())
			if err == nil || !strings.Contains(err.Error(), busy.Addr().String()) || !strings.Contains(err.Error(), setting) {
				t.Errorf("got %v, want the address and %s", err, setting)
			}
			if exitStatus(err) != 1 {
				t.Errorf("got status %d, want 1", exitStatus(err))
			}
		})
	}
}

// A folder that is missing is a setting that cannot be used, and named as one.
func TestAMissingFolder(t *testing.T) {
	for _, args := range [][]string{nil, {"simulator"}} {
		t.Chdir(t.TempDir())
		settings := environment("ADDR", "127.0.0.1:0", "SIMULATOR_ADDR", "127.0.0.1:0", "DATABASE_URL", "sqlite:missing/a.db")
		err := run(t.Context(), args, settings, io.Discard, t.Output())
		if exitStatus(err) != 2 || !strings.Contains(err.Error(), "DATABASE_URL: ") || !strings.Contains(err.Error(), "folder missing: ") ||
			strings.Contains(err.Error(), "lock") {
			t.Errorf("nod %v: got %v with status %d", args, err, exitStatus(err))
		}
	}
}

// A file that says no places is refused, not found out when somebody signs in.
func TestAFileThatSaysNoPlaces(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, os.WriteFile("asn.mmdb", mmdb.Write("GeoLite2-ASN", nil), 0o600))
	for file, want := range map[string]string{"asn.mmdb": "and no places", "none.mmdb": "no such file"} {
		err := run(t.Context(), nil, environment("ADDR", "127.0.0.1:0", "SIMULATOR_ADDR", "127.0.0.1:0", "GEOIP_DB", file), io.Discard, t.Output())
		if exitStatus(err) != 1 || !strings.Contains(err.Error(), "GEOIP_DB: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v with status %d", file, err, exitStatus(err))
		}
	}
}

// A key that is not that of the database is refused, with the setting and the file.
func TestAnotherSecretKey(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, os.WriteFile("nod-secret.key", nil, 0o600))
	err := run(t.Context(), nil, environment("ADDR", "127.0.0.1:0", "SIMULATOR_ADDR", "127.0.0.1:0"), io.Discard, t.Output())
	if exitStatus(err) != 2 || !strings.Contains(err.Error(), "set SECRET_KEY to the key that it was used with, or put back nod-secret.key") {
		t.Errorf("got %v with status %d", err, exitStatus(err))
	}
}

func TestWithAKeyThereAreNoPhones(t *testing.T) {
	p := start(t, "Nod is at", nil, "AUTHY_API_KEY", "a-real-key-for-this-test-only", "PUBLIC_URL", "https://nod.example.com", "SIMULATOR_ADDR", "")
	if p.phones != "" || strings.Contains(p.stdout.String(), "simulated") {
		t.Errorf("phones beside a real key:\n%s", p.stdout)
	}
	p.end()
	if text := p.stdout.String(); strings.Contains(text, "a-real-key") || strings.Contains(text, "phones") {
		t.Errorf("the program said:\n%s", text)
	}
	if _, err := os.Stat("nod-simulator.db"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a simulator has left its file: %v", err)
	}
}
