package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"nod/config"
)

// environment is a fixed one; names that are missing are not set.
func environment(pairs ...string) config.Lookup {
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

// stopDeadline fails a test whose program does not stop; it is no measure.
const stopDeadline = 10 * time.Second

// program is the whole program, run as Main does.
type program struct {
	t      testing.TB
	stop   context.CancelFunc
	ended  chan error
	stdout *transcript
	url    string // the application
	phones string // the simulator, "" where there is none
}

// transcript is what a program has written so far.
type transcript struct {
	mu   sync.Mutex
	text strings.Builder
}

func (tr *transcript) String() string {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.text.String()
}

func (tr *transcript) line(text string) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.text.WriteString(text + "\n")
}

// start runs the program on free ports until the test ends, and waits for its
// first words to end with last.
func start(t testing.TB, last string, args []string, settings ...string) *program {
	t.Helper()
	t.Chdir(t.TempDir())
	settings = append([]string{"ADDR", "127.0.0.1:0", "SIMULATOR_ADDR", "127.0.0.1:0"}, settings...)
	ctx, cancel := context.WithCancel(t.Context())
	p := &program{t: t, stop: cancel, ended: make(chan error, 1), stdout: &transcript{}}
	r, w := io.Pipe()
	go func() {
		err := run(ctx, args, environment(settings...), w, t.Output())
		w.CloseWithError(io.EOF)
		p.ended <- err
	}()
	t.Cleanup(func() { cancel() })
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		p.stdout.line(lines.Text())
		name, where, _ := strings.Cut(lines.Text(), " at ")
		switch where = strings.TrimSpace(where); name {
		case "Nod is":
			p.url = where
		case "The phones are", "The phones and the API are":
			p.phones = where
		}
		if strings.Contains(lines.Text(), last) {
			go func() {
				for lines.Scan() {
					p.stdout.line(lines.Text())
				}
			}()
			return p
		}
	}
	t.Fatalf("the program ended before it said %q: %v\n%s", last, <-p.ended, p.stdout)
	return nil
}

// end stops the program and waits until it has.
func (p *program) end() {
	p.t.Helper()
	p.stop()
	select {
	case err := <-p.ended:
		must(p.t, err)
	case <-time.After(2 * stopDeadline):
		p.t.Fatal("the program does not end")
	}
}

func status(t *testing.T, req *http.Request) *http.Response {
	t.Helper()
	res, err := http.DefaultTransport.RoundTrip(req)
	must(t, err)
	must(t, res.Body.Close())
	return res
}

func get(t *testing.T, url string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	must(t, err)
	return status(t, req)
}

const lastWords = "nod -h explains them."

func TestStartingWithNothingSet(t *testing.T) {
	p := start(t, lastWords, nil)
	for _, part := range []string{"Nod is at ", "The phones are at ", "no Authy key", "simulated", "AUTHY_API_KEY", "PUBLIC_URL"} {
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

// The way through Nod with nothing but curl is run as the docs tell it.
func TestTheCurlStory(t *testing.T) {
	for _, tool := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("NOD_TEST_ALL") != "" {
				t.Fatal(err)
			}
			t.Skipf("no %s here; the curl story is left out", tool)
		}
	}
	story, err := os.ReadFile("../docs/curl.md")
	if errors.Is(err, os.ErrNotExist) {
		story, err = os.ReadFile("../README.md")
	}
	must(t, err)
	var blocks []string
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllSubmatch(story, -1) {
		// The first one names where everything is; the next go on from it.
		if text := string(block[1]); strings.HasPrefix(text, "jar=") || len(blocks) > 0 && strings.Contains(text, "post /") {
			blocks = append(blocks, text)
		}
	}
	if len(blocks) != 3 {
		t.Fatalf("docs/curl.md tells its story in %d blocks, want 3", len(blocks))
	}
	p := start(t, lastWords, nil)
	script := strings.NewReplacer("http://localhost:3000", p.url, "http://localhost:3001", p.phones).Replace(strings.Join(blocks, "\n"))
	command := exec.CommandContext(t.Context(), "bash", "-eu", "-c", script)
	command.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
	said, err := command.CombinedOutput()
	must(t, err)
	for _, part := range []string{
		`"status":"approved"`, "Welcome, Ada", "a tap on your phone",
		"a code by SMS", "a code from the authenticator app", "a code by voice call", `"status":"executed"`, `"status":"denied"`,
	} {
		if !strings.Contains(string(said), part) {
			t.Errorf("the story never says %q:\n%s", part, said)
		}
	}
	p.end()
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

func TestAllProblemsEndTheProgram(t *testing.T) {
	t.Chdir(t.TempDir())
	err := run(t.Context(), nil, environment("ADDR", "nowhere", "SESSION_IDLE", "soon", "PUBLIC_URL", "ftp://x"), io.Discard, t.Output())
	if exitStatus(err) != 2 {
		t.Errorf("got status %d, want 2", exitStatus(err))
	}
	for _, name := range []string{"ADDR", "SESSION_IDLE", "PUBLIC_URL"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named: %v", name, err)
		}
	}
	left, err := filepath.Glob("*")
	must(t, err)
	if len(left) > 0 {
		t.Errorf("a configuration with problems left files: %v", left)
	}
}

func TestSettingsFromAFile(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	must(t, os.WriteFile(".env", []byte("ADDR=nowhere\nAPPROVAL_TTL=3s\n"), 0o600))
	err := run(t.Context(), nil, environment(), io.Discard, t.Output())
	if err == nil || !strings.Contains(err.Error(), "ADDR") {
		t.Errorf("the file was not read: %v", err)
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

func TestTheSimulatorAlone(t *testing.T) {
	p := start(t, "--help says", []string{"simulator"}, "ADDR", "", "AUTHY_API_KEY", "a-key-of-my-own-for-tests")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.phones+"/protected/json/users/new",
		strings.NewReader("user[email]=a@example.com&user[cellphone]=2015550101&user[country_code]=1"))
	must(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if got := status(t, req.Clone(t.Context())).StatusCode; got != http.StatusUnauthorized {
		t.Errorf("without a key: got %d, want 401", got)
	}
	req.Body = io.NopCloser(strings.NewReader("user[email]=a@example.com&user[cellphone]=2015550101&user[country_code]=1"))
	req.Header.Set("X-Authy-API-Key", "a-key-of-my-own-for-tests")
	if got := status(t, req).StatusCode; got != http.StatusOK {
		t.Errorf("with the key: got %d, want 200", got)
	}
	p.end()

	var help strings.Builder
	must(t, run(t.Context(), []string{"simulator", "--help"}, environment(), &help, t.Output()))
	for _, language := range []string{"Ruby", "Python", "Node", "PHP", "Java", "Go"} {
		if !strings.Contains(help.String(), language) {
			t.Errorf("the help says nothing about %s", language)
		}
	}
}

// A connection that was opened ahead and asks nothing makes no stop fail.
func TestAStopDoesNotWaitForWhoAsksNothing(t *testing.T) {
	p := start(t, lastWords, nil)
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	must(t, err)
	defer conn.Close()
	// An answer to somebody else: by then the silent one was accepted.
	get(t, p.url+"/healthz")
	p.end()
}

// A stop tells the sockets that wait, and lets no one wait for it.
func TestAStopTellsWhoWaits(t *testing.T) {
	p := start(t, lastWords, nil)
	jar, err := cookiejar.New(nil)
	must(t, err)
	client := &http.Client{Jar: jar}
	form, err := client.Get(p.url + "/signup")
	must(t, err)
	page, err := io.ReadAll(form.Body)
	must(t, errors.Join(err, form.Body.Close()))
	token := regexp.MustCompile(`name="_csrf" value="([^"]+)"`).FindSubmatch(page)
	waiting, err := client.PostForm(p.url+"/signup", url.Values{
		"_csrf": {string(token[1])}, "name": {"Ada"}, "email": {"ada@example.com"}, "password": {"correct horse battery staple"},
		"country_code": {"1"}, "phone_number": {"2015550101"},
	})
	must(t, errors.Join(err, waiting.Body.Close()))
	dialer := websocket.Dialer{Jar: jar}
	conn, _, err := dialer.DialContext(t.Context(), strings.Replace(p.url, "http", "ws", 1)+"/login/events", http.Header{"Origin": {p.url}})
	must(t, err)
	defer conn.Close()
	if _, _, err := conn.ReadMessage(); err != nil {
		t.Fatalf("no first word: %v", err)
	}
	p.stop()
	must(t, conn.SetReadDeadline(time.Now().Add(2*stopDeadline)))
	if _, _, err = conn.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseServiceRestart) {
		t.Errorf("got %v, want close %d", err, websocket.CloseServiceRestart)
	}
	p.end()
}

func TestAllProblemsAreSaidAtOnce(t *testing.T) {
	var out strings.Builder
	err := run(t.Context(), nil, environment("ADDR", "x", "PUBLIC_URL", "x", "DATABASE_URL", "x", "AUTHY_API_KEY", "a b",
		"SESSION_IDLE", "x", "SESSION_MAX", "x", "APPROVAL_TTL", "x", "SIMULATOR_ADDR", "x", "TRUSTED_PROXIES", "x", "METRICS_ADDR", "x"), &out, &out)
	if got := exitStatus(err); got != 2 {
		t.Errorf("got exit status %d, want 2", got)
	}
	for _, name := range []string{"ADDR", "PUBLIC_URL", "DATABASE_URL", "AUTHY_API_KEY", "SESSION_IDLE", "SESSION_MAX",
		"APPROVAL_TTL", "SIMULATOR_ADDR", "TRUSTED_PROXIES", "METRICS_ADDR"} {
		if !strings.Contains(fmt.Sprint(err), "\n  "+name+": ") {
			t.Errorf("%s is not named in:\n%v", name, err)
		}
	}
}

func TestHelpShowsEverySetting(t *testing.T) {
	var out strings.Builder
	must(t, run(t.Context(), []string{"-h"}, environment(), &out, &out))
	for _, s := range config.Settings() {
		if !strings.Contains(out.String(), s.Name) || !strings.Contains(out.String(), s.What) {
			t.Errorf("help lacks %s:\n%s", s.Name, out.String())
		}
	}
}

func TestUnknownArgumentsAreRefused(t *testing.T) {
	err := run(context.Background(), []string{"serve"}, environment(), os.Stdout, os.Stderr)
	if !errors.Is(err, errUsage) || exitStatus(err) != 2 {
		t.Fatalf("got %v with status %d, want errUsage with status 2", err, exitStatus(err))
	}
}
