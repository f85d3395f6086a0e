package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// environment is a fixed one; names that are missing are not set.
func environment(pairs ...string) Lookup {
	set := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		set[pairs[i]] = pairs[i+1]
	}
	return func(name string) (string, bool) {
		value, ok := set[name]
		return value, ok
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestNothingSetIsAConfiguration(t *testing.T) {
	got, err := Application(environment())
	must(t, err)
	want := Config{
		Addr: "127.0.0.1:3000", Database: "nod.db", AuthyURL: "https://api.authy.com",
		SessionIdle: time.Hour, SessionMax: 24 * time.Hour, ApprovalTTL: 2 * time.Minute,
		SimulatorAddr: "127.0.0.1:3001", WaitingPerAddress: 1000, CodesPerCountry: 100, CodesPerSite: 500,
		Phones: Phones{Name: "Nod", CodesPerHour: 30, Keep: 168 * time.Hour},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("got %+v, want %+v", got, want)
	}
	if !got.Simulated() {
		t.Fatal("without a key the phones must be simulated")
	}
}

func TestEverySettingIsRead(t *testing.T) {
	got, err := Application(environment(
		"ADDR", ":8080", "PUBLIC_URL", "HTTPS://Nod.Example.com:443/", "DATABASE_URL", "sqlite:///var/lib/nod/nod.db",
		"AUTHY_API_KEY", "k3y", "AUTHY_API_URL", "https://authy.example/", "SESSION_IDLE", "30m", "SESSION_MAX", "8h",
		"APPROVAL_TTL", "10m", "TRUSTED_PROXIES", "10.0.0.0/8, ::1", "METRICS_ADDR", "127.0.0.1:9090",
		"WAITING_PER_ADDRESS", "50", "CODES_PER_COUNTRY", "7", "CODES_PER_SITE", "9", "LEGACY_PROVIDER", "simulator",
		"PUSH_SUBJECT", "mailto:ops@example.com", "PUSH_HOSTS", "Push.example.com, *.push.example.org"))
	must(t, err)
	want := Config{
		Addr: ":8080", PublicURL: "https://nod.example.com", Database: "/var/lib/nod/nod.db", APIKey: "k3y",
		AuthyURL: "https://authy.example", SessionIdle: 30 * time.Minute, SessionMax: 8 * time.Hour,
		ApprovalTTL: 10 * time.Minute, SimulatorAddr: "127.0.0.1:3001",
		TrustedProxies: []string{"10.0.0.0/8", "::1"}, MetricsAddr: "127.0.0.1:9090", WaitingPerAddress: 50, CodesPerCountry: 7, CodesPerSite: 9,
		LegacyProvider: "simulator",
		Push:           Push{Subject: "mailto:ops@example.com", Hosts: []string{"push.example.com", "*.push.example.org"}},
		Phones:         Phones{Name: "Nod", CodesPerHour: 30, Keep: 168 * time.Hour},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) || got.APIKey != want.APIKey {
		t.Fatalf("got %+v, want %+v", got, want)
	}
}

// The address is compared with what browsers send, letter by letter.
func TestThePublicURLIsSpeltAsBrowsersDo(t *testing.T) {
	for value, want := range map[string]string{
		"https://Nod.Example.com/":      "https://nod.example.com",
		"http://nod.example.com:80":     "http://nod.example.com",
		"http://nod.example.com:":       "http://nod.example.com",
		"https://nod.example.com:80":    "https://nod.example.com:80",
		"https://bücher.example:8443":   "https://xn--bcher-kva.example:8443",
		"https://BÜCHER.example":        "https://xn--bcher-kva.example",
		"https://b%C3%BCcher.example":   "https://xn--bcher-kva.example",
		"https://xn--bcher-kva.example": "https://xn--bcher-kva.example",
		"https://nod。example":           "https://nod.example",
		"http://my_host:3000":           "http://my_host:3000",
		"http://127.0.0.1:3000":         "http://127.0.0.1:3000",
		"http://[::1]:3000":             "http://[::1]:3000",
		"http://[2001:DB8:0:0::1]:3000": "http://[2001:db8::1]:3000",
		"http://3com.example:3000":      "http://3com.example:3000",
	} {
		got, err := Application(environment("PUBLIC_URL", value, "PHONES", "simulated"))
		if err != nil || got.PublicURL != want {
			t.Errorf("%s: got %q, %v, want %s", value, got.PublicURL, err, want)
		}
	}
}

// The simulator is started in the environment of the program that it is for.
func TestTheSimulatorIgnoresTheDatabaseOfAnotherProgram(t *testing.T) {
	for _, url := range []string{"postgres://app:hush@db/app", "mysql2://localhost/app"} {
		got, err := Simulator(environment("DATABASE_URL", url))
		if err != nil || got.Database != "nod.db" || !got.ForeignDatabase {
			t.Errorf("%s: got %q, %v", url, got.Database, err)
		}
		if _, err := Application(environment("DATABASE_URL", url)); err == nil {
			t.Errorf("%s: the application takes it", url)
		}
	}
	for _, url := range []string{"nod.db", "sqlite3://nod.db"} {
		if _, err := Simulator(environment("DATABASE_URL", url)); err == nil {
			t.Errorf("%s was meant for us, and is not refused", url)
		}
	}
}

// Each row is one setting that cannot be used, and part of what is said.
var badSettings = []struct{ name, value, says string }{
	{"ADDR", "3000", "want host:port"},
	{"ADDR", "127.0.0.1:http", "number from 0 to 65535"},
	{"ADDR", "127.0.0.1:65536", "number from 0 to 65535"},
	// Two spellings of one port would hide that two listeners want it.
	{"ADDR", "127.0.0.1:03000", "write the port as 3000"},
	{"ADDR", "127.0.0.1:3001", "SIMULATOR_ADDR: 127.0.0.1:3001 is the address of ADDR already"},
	{"METRICS_ADDR", "127.0.0.1:3000", "the address of ADDR already"},
	{"PUBLIC_URL", "nod.example.com", "want http://"},
	{"PUBLIC_URL", "ftp://nod.example.com", "want http://"},
	{"PUBLIC_URL", "https://", "want http://"},
	{"PUBLIC_URL", "https://ada:pw@nod.example.com", "must not carry a user"},
	{"PUBLIC_URL", "https://nod.example.com/login", "must end after the host"},
	{"PUBLIC_URL", "https://nod.example.com?a=b", "must end after the host"},
	{"PUBLIC_URL", "https://nod.example.com#a", "must not carry a fragment"},
	// What browsers would spell in another way, and so never send as Host.
	{"PUBLIC_URL", "http://127.1:3000", "write all four numbers"},
	{"PUBLIC_URL", "http://127.0.0.01:3000", "write all four numbers"},
	{"PUBLIC_URL", "http://2130706433", "write all four numbers"},
	{"PUBLIC_URL", "http://0x7f.1", "write all four numbers"},
	{"PUBLIC_URL", "http://[::ffff:127.0.0.1]:3000", "write the address as 127.0.0.1"},
	{"PUBLIC_URL", "http://[fe80::1%25eth0]:3000", "works in no browser"},
	{"PUBLIC_URL", "http://nod.example.com:080", "write the port as 80"},
	{"PUBLIC_URL", "http://nod.example.com:0", "number from 1 to 65535"},
	{"PUBLIC_URL", "http://nod.example.com:65536", "number from 1 to 65535"},
	{"PUBLIC_URL", "http://localhost:6000", "no page on port 6000"},
	{"PUBLIC_URL", "https://nod..example.com", "no host name has"},
	{"PUBLIC_URL", "https://nod*.example.com", "no host name has"},
	{"PUBLIC_URL", "https://xn--a.example.com", "no host name has"},
	{"DATABASE_URL", "mysql://localhost/nod", "want sqlite:PATH"},
	{"DATABASE_URL", "postgres://localhost/", "the name of a database"},
	{"DATABASE_URL", "postgres://nod:a%b@localhost/nod", "%25"},
	{"DATABASE_URL", "postgres://nod:123/abc@localhost/nod", "%2F"},
	{"DATABASE_URL", "sqlite:", "path of a file"},
	{"DATABASE_URL", "sqlite:data/", "path of a file"},
	{"DATABASE_URL", "sqlite::memory:", "want a file"},
	{"DATABASE_URL", "sqlite:nod.db?mode=ro", "must not carry options"},
	{"AUTHY_API_KEY", "two words", "no blanks"},
	{"AUTHY_API_KEY", "schlüssel", "only plain characters"},
	{"AUTHY_API_KEY_FILE", "no/such/file", "no such file"},
	{"SECRET_KEY", "too short", "at least 32 characters"},
	{"SECRET_KEY", strings.Repeat("two words ", 4), "no blanks"},
	{"SECRET_KEY_FILE", "no/such/file", "no such file"},
	{"AUTHY_API_URL", "https://api.authy.com", "needs AUTHY_API_KEY"},
	{"LEGACY_PROVIDER", "Authy", "want authy or simulator"},
	{"PHONES", "Authy", "want simulated, authy or own"},
	{"PUSH_SUBJECT", "ops@example.com", "want a URL such as mailto:"},
	{"PUSH_SUBJECT", "http://example.com", "want a URL such as mailto:"},
	{"PUSH_SUBJECT", "https://localhost:3000", "leads nowhere"},
	{"PUSH_SUBJECT", "https://192.0.2.1", "leads nowhere"},
	{"PUSH_SUBJECT", "mailto:ops@nod.local", "leads nowhere"},
	{"PUSH_SUBJECT", "mailto:ops", "leads nowhere"},
	{"PUSH_HOSTS", "https://push.example.com", "want a name such as push.example.com"},
	{"PUSH_HOSTS", "push.example.com:8443", "want a name such as push.example.com"},
	{"PUSH_HOSTS", "*", "want a name such as push.example.com"},
	{"PUSH_HOSTS", "*.com", "want a name such as push.example.com"},
	{"PUSH_HOSTS", "10.0.0.1", "want a name such as push.example.com"},
	{"PHONES", "authy", "authy needs AUTHY_API_KEY"},
	{"PHONES", "simulated,authy", "authy needs AUTHY_API_KEY"},
	{"SESSION_IDLE", "1 hour", "want a time such as"},
	{"SESSION_MAX", "-1h", "at least 1s"},
	{"APPROVAL_TTL", "11m", "at most 10m"},
	{"APPROVAL_TTL", "500ms", "at least 1s"},
	{"SIMULATOR_ADDR", "localhost", "want host:port"},
	{"SIMULATOR_CALLBACK_URL", "http://localhost:1/", `only "nod simulator" uses it`},
	{"TRUSTED_PROXIES", "10.0.0.0/8,proxy", `"proxy" is no address`},
}

func TestABadSettingIsNamed(t *testing.T) {
	for _, bad := range badSettings {
		_, err := Application(environment(bad.name, bad.value))
		if err == nil || !strings.Contains(err.Error(), bad.name) || !strings.Contains(err.Error(), bad.says) {
			t.Errorf("%s=%s: got %v, want an error with its name and %q", bad.name, bad.value, err, bad.says)
		}
	}
}

func TestAKeyExcludesTheSimulator(t *testing.T) {
	for _, key := range []string{"AUTHY_API_KEY", "AUTHY_API_KEY_FILE"} {
		_, err := Application(environment(key, "missing", "SIMULATOR_ADDR", "127.0.0.1:3001"))
		if err == nil || !strings.Contains(err.Error(), "SIMULATOR_ADDR: there is no simulator beside a real key") {
			t.Errorf("%s beside SIMULATOR_ADDR: got %v, want a refusal", key, err)
		}
	}
	_, err := Application(environment("AUTHY_API_KEY", "k3y", "AUTHY_API_URL", "http://api.authy.com"))
	if err == nil || !strings.Contains(err.Error(), "AUTHY_API_URL: plain http") {
		t.Errorf("a key over plain http: got %v, want a refusal", err)
	}
	_, err = Application(environment("AUTHY_API_KEY", "k3y", "AUTHY_API_URL", "http://127.0.0.1:3001"))
	must(t, err)
}

// What is wrong for the application alone does not stop nod simulator.
func TestTheSimulatorAloneReadsOnlyItsSettings(t *testing.T) {
	got, err := Simulator(environment("ADDR", "x", "SESSION_IDLE", "x", "AUTHY_API_URL", "https://authy.example",
		"AUTHY_API_KEY", "k3y", "SIMULATOR_ADDR", ":4001", "SIMULATOR_CALLBACK_URL", "http://localhost:4567/callback"))
	must(t, err)
	want := Config{Database: "nod.db", APIKey: "k3y", SimulatorAddr: ":4001", SimulatorCallbackURL: "http://localhost:4567/callback",
		Phones: Phones{CallbackMethod: "POST", Name: "Nod", CodesPerHour: 30, Keep: 168 * time.Hour}}
	if fmt.Sprint(got) != fmt.Sprint(want) || got.APIKey != want.APIKey {
		t.Errorf("got %+v, want %+v", got, want)
	}
	_, err = Simulator(environment("SIMULATOR_ADDR", "x", "SIMULATOR_CALLBACK_URL", "x", "AUTHY_API_KEY", "a", "AUTHY_API_KEY_FILE", "b"))
	for _, name := range []string{"SIMULATOR_ADDR", "SIMULATOR_CALLBACK_URL", "AUTHY_API_KEY"} {
		if !strings.Contains(fmt.Sprint(err), "\n  "+name+": ") {
			t.Errorf("%s is not named in:\n%v", name, err)
		}
	}
}

func TestTheKeyMayBeInAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	must(t, os.WriteFile(file, []byte("k3y\n"), 0o600))
	got, err := Application(environment("AUTHY_API_KEY_FILE", file))
	must(t, err)
	if got.APIKey != "k3y" || got.Simulated() {
		t.Fatal("the key of the file was not taken")
	}
	_, err = Application(environment("AUTHY_API_KEY_FILE", file, "AUTHY_API_KEY", "k3y"))
	if err == nil || !strings.Contains(err.Error(), "want one of the two") {
		t.Fatalf("key and file: got %v, want a refusal", err)
	}
	must(t, os.WriteFile(file, []byte(" \n"), 0o600))
	_, err = Application(environment("AUTHY_API_KEY_FILE", file))
	if err == nil || !strings.Contains(err.Error(), "AUTHY_API_KEY_FILE: "+file+" is empty") {
		t.Fatalf("an empty file: got %v, want a refusal", err)
	}
}

func TestTheSecretKeyMayBeInAFile(t *testing.T) {
	const secret = "0123456789abcdef0123456789abcdef"
	file := filepath.Join(t.TempDir(), "key")
	must(t, os.WriteFile(file, []byte(secret+"\n"), 0o600))
	got, err := Application(environment("SECRET_KEY_FILE", file))
	must(t, err)
	if got.SecretKey != secret {
		t.Error("the key of the file was not taken")
	}
	_, err = Application(environment("SECRET_KEY_FILE", file, "SECRET_KEY", secret))
	if err == nil || !strings.Contains(err.Error(), "SECRET_KEY: set as well as SECRET_KEY_FILE") {
		t.Errorf("key and file: got %v, want a refusal", err)
	}
	for mode, advice := range map[os.FileMode]string{0o602: "chmod o-w", 0o604: "chmod o-r"} {
		must(t, os.Chmod(file, mode))
		_, err = Application(environment("SECRET_KEY_FILE", file))
		if err == nil || !strings.Contains(err.Error(), advice+" "+file) || strings.Contains(err.Error(), secret) {
			t.Errorf("mode %v: got %v, want what to do, and no key", mode, err)
		}
	}
}

func TestNoMessageShowsAKey(t *testing.T) {
	const key = "hush-hush-4711"
	c, err := Application(environment("AUTHY_API_KEY", key))
	must(t, err)
	shown := fmt.Sprintf("%v %+v %#v %s", c, c, c, c.APIKey)
	_, err = Application(environment("AUTHY_API_KEY", key+" "+key, "ADDR", "x"))
	shown += fmt.Sprint(err)
	file := filepath.Join(t.TempDir(), ".env")
	must(t, os.WriteFile(file, []byte("ADDR=:1\nAUTHY_API_KEY "+key+"\n"), 0o600))
	_, err = WithDotEnv(file, environment())
	if err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("got %v, want the line that is no setting", err)
	}
	shown += fmt.Sprint(err)
	if strings.Contains(shown, key) {
		t.Fatalf("the key is shown in:\n%s", shown)
	}
}

func TestTheEnvironmentWinsOverTheFile(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, os.WriteFile(".env", []byte("# a comment\nADDR=:8080\nAUTHY_API_KEY=from-file\nSESSION_MAX=\"2h\"\n"), 0o600))
	getenv, err := WithDotEnv(".env", environment("ADDR", ":9090", "AUTHY_API_KEY", ""))
	must(t, err)
	got, err := Application(getenv)
	must(t, err)
	if got.Addr != ":9090" || got.SessionMax != 2*time.Hour {
		t.Errorf("got %s and %s, want :9090 of the environment and 2h of the file", got.Addr, got.SessionMax)
	}
	// Set to nothing is set: so a demo runs in a folder whose .env has a key.
	if !got.Simulated() {
		t.Error("a key that the environment empties must stay empty")
	}
}

func TestTheSettingsOfThePhones(t *testing.T) {
	got, err := Simulator(environment("SIMULATOR_CALLBACK_SIGNED_URL", "https://app.example.com/cb", "SIMULATOR_CALLBACK_METHOD", "GET",
		"SIMULATOR_CALLBACK_RETRIES", "0", "SIMULATOR_HOSTS", "authy, phones.test", "SIMULATOR_NAME", "Shop",
		"SIMULATOR_CODES_PER_HOUR", "5", "SIMULATOR_KEEP", "1h", "SIMULATOR_SANDBOX_TOKEN", "0000000"))
	must(t, err)
	want := Phones{SignedURL: "https://app.example.com/cb", CallbackMethod: "GET", CallbackRetries: -1, Hosts: []string{"authy", "phones.test"},
		Name: "Shop", CodesPerHour: 5, Keep: time.Hour, SandboxToken: "0000000"}
	if fmt.Sprint(got.Phones) != fmt.Sprint(want) {
		t.Errorf("got %+v, want %+v", got.Phones, want)
	}
	for name, value := range map[string]string{"SIMULATOR_CALLBACK_METHOD": "PUT", "SIMULATOR_CALLBACK_RETRIES": "-1", "SIMULATOR_HOSTS": "http://authy",
		"SIMULATOR_NAME": strings.Repeat("é", 31), "SIMULATOR_SANDBOX_TOKEN": "x", "SIMULATOR_CALLBACK_SIGNED_URL": "x"} {
		if _, err := Simulator(environment(name, value)); !strings.Contains(fmt.Sprint(err), "\n  "+name+": ") {
			t.Errorf("%s=%s: got %v, want an error that names it", name, value, err)
		}
		if _, err := Application(environment("AUTHY_API_KEY", "k3y", name, value)); !strings.Contains(fmt.Sprint(err), "\n  "+name+": ") {
			t.Errorf("%s beside a key: got %v, want a refusal", name, err)
		}
	}
}
