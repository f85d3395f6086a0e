package command

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
)

// Without PUBLIC_URL the address is one that can be opened.
func TestListeningOnAnotherAddress(t *testing.T) {
	p := start(t, lastWords, nil, "ADDR", "127.0.0.2:0")
	if !strings.HasPrefix(p.url, "http://127.0.0.2:") {
		t.Errorf("Nod says it is at %s", p.url)
	}
	if got := get(t, p.url+"/login"); got.StatusCode != http.StatusOK {
		t.Errorf("%s/login: got %d to %q", p.url, got.StatusCode, got.Header.Get("Location"))
	}
	p.end()
}

func TestListeningOnAllAddresses(t *testing.T) {
	p := start(t, lastWords, nil, "ADDR", "0.0.0.0:0")
	if !strings.HasPrefix(p.url, "http://localhost:") || !strings.Contains(p.stdout.String(), "set PUBLIC_URL") {
		t.Errorf("nothing says what to set for others:\n%s", p.stdout)
	}
	p.end()
}

// The first line of the log says which version it is, and whose phones are asked.
func TestTheFirstLineOfTheLogIsTheVersion(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, os.WriteFile(".env", []byte("APPROVAL_TLL=30s\n"), 0o600))
	for _, args := range [][]string{nil, {"simulator"}} {
		var log strings.Builder
		if err := run(t.Context(), args, environment("ADDR", "127.0.0.1:0", "SIMULATOR_ADDR", "x"), io.Discard, &log); err == nil {
			t.Error("a bad address was taken")
		}
		first, rest, _ := strings.Cut(log.String(), "\n")
		if !strings.Contains(first, "nod starts") || !strings.Contains(first, build().String()) {
			t.Errorf("nod %v: the log begins with %q", args, first)
		}
		if !strings.Contains(rest, "APPROVAL_TLL is no setting; do you mean APPROVAL_TTL?") {
			t.Errorf("nod %v: nothing is said of a mistyped name:\n%s", args, &log)
		}
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	for _, phones := range []string{"simulated,own", "own"} {
		var log strings.Builder
		settings := []string{"ADDR", "127.0.0.1:0", "PHONES", phones}
		if err := run(stopped, nil, environment(settings...), io.Discard, &log); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if first, _, _ := strings.Cut(log.String(), "\n"); !strings.HasSuffix(first, " phones="+phones) {
			t.Errorf("with the phones %s the log begins with %q", phones, first)
		}
	}
	p := start(t, lastWords, nil)
	res, err := http.Get(p.url + "/healthz")
	must(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	must(t, err)
	if want := "ok\n" + build().String() + "\n"; string(body) != want {
		t.Errorf("/healthz: got %q, want %q", body, want)
	}
	p.end()
}
