package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a story waits for what must happen; it is not a
// measure of speed.
const patience = 30 * time.Second

// nod is a running process of Nod, with phones.
type nod struct {
	t      *testing.T
	dir    string
	env    []string
	url    string // as people open it
	phones string // of the simulator
	cmd    *exec.Cmd
	stderr *output
}

// output is what a process writes, safe to read while it runs.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// startNod starts a process on free ports, with settings as "NAME=value".
func startNod(t *testing.T, settings ...string) *nod {
	t.Helper()
	n := &nod{t: t, dir: t.TempDir()}
	n.env = append([]string{
		"HOME=" + n.dir, "PATH=" + os.Getenv("PATH"), "GORACE=halt_on_error=0 exitcode=66",
		"DATABASE_URL=sqlite:" + filepath.Join(n.dir, "nod.db"),
		"ADDR=127.0.0.1:0", "SIMULATOR_ADDR=127.0.0.1:0",
	}, settings...)
	n.start()
	t.Cleanup(func() {
		n.stop()
		if t.Failed() {
			t.Logf("what Nod wrote:\n%s", n.stderr)
		}
	})
	return n
}

// start begins the process and reads from its first lines where it is.
func (n *nod) start() {
	n.t.Helper()
	n.cmd = exec.Command(binary)
	n.cmd.Dir, n.cmd.Env = n.dir, n.env
	n.stderr = &output{}
	n.cmd.Stderr = n.stderr
	stdout, err := n.cmd.StdoutPipe()
	must(n.t, err)
	must(n.t, n.cmd.Start())
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		switch name, where, _ := strings.Cut(lines.Text(), " at "); name {
		case "Nod is":
			n.url = strings.TrimSpace(where)
		case "The phones are":
			n.phones = strings.TrimSpace(where)
			go io.Copy(io.Discard, stdout) // the rest is for people
			return
		}
	}
	n.cmd.Wait()
	n.t.Fatalf("Nod did not start:\n%s", n.stderr)
}

// stop ends the process as an operator does.
func (n *nod) stop() {
	n.t.Helper()
	if n.cmd.ProcessState != nil {
		return
	}
	must(n.t, n.cmd.Process.Signal(syscall.SIGTERM))
	if err := n.cmd.Wait(); err != nil {
		n.t.Errorf("Nod ended with %v:\n%s", err, n.stderr)
	}
	if strings.Contains(n.stderr.String(), "DATA RACE") {
		n.t.Errorf("Nod had a data race:\n%s", n.stderr)
	}
}

// restart is a stop and a start on the same ports and files.
func (n *nod) restart() {
	n.t.Helper()
	n.stop()
	app, err := url.Parse(n.url)
	must(n.t, err)
	phones, err := url.Parse(n.phones)
	must(n.t, err)
	for i, setting := range n.env {
		switch setting {
		case "ADDR=127.0.0.1:0":
			n.env[i] = "ADDR=127.0.0.1:" + app.Port()
		case "SIMULATOR_ADDR=127.0.0.1:0":
			n.env[i] = "SIMULATOR_ADDR=127.0.0.1:" + phones.Port()
		}
	}
	n.start()
}

// phone is a phone of the simulator, by its JSON.
type phone struct {
	nod     *nod
	AuthyID int    `json:"authy_id"`
	Email   string `json:"email"`
}

func (n *nod) phoneOf(email string) phone {
	n.t.Helper()
	var phones []phone
	n.json(http.MethodGet, "/phones", nil, &phones)
	for _, p := range phones {
		if p.Email == email {
			p.nod = n
			return p
		}
	}
	n.t.Fatalf("no phone of %s among %v", email, phones)
	return phone{}
}

// json asks the simulator's JSON for people and scripts.
func (n *nod) json(method, path string, body, into any) {
	n.t.Helper()
	encoded, err := json.Marshal(body)
	must(n.t, err)
	req, err := http.NewRequest(method, n.phones+path, bytes.NewReader(encoded))
	must(n.t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	res, err := http.DefaultClient.Do(req)
	must(n.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	must(n.t, err)
	if res.StatusCode >= 300 {
		n.t.Fatalf("%s %s: %s: %s", method, path, res.Status, text)
	}
	if into != nil {
		must(n.t, json.Unmarshal(text, into))
	}
}

type request struct {
	UUID    string `json:"uuid"`
	Message string `json:"message"`
	Status  string `json:"status"`
}

func (p phone) path(rest string) string { return fmt.Sprintf("/phones/%d%s", p.AuthyID, rest) }

func (p phone) requests() []request {
	p.nod.t.Helper()
	var list []request
	p.nod.json(http.MethodGet, p.path("/requests"), nil, &list)
	return list
}

// pending is the request that the phone shows, once it does.
func (p phone) pending() request {
	p.nod.t.Helper()
	var found request
	eventually(p.nod.t, "a request waits on the phone", func() bool {
		for _, r := range p.requests() {
			if r.Status == "pending" {
				found = r
				return true
			}
		}
		return false
	})
	return found
}

// answer is a tap on the newest request: "approve" or "deny".
func (p phone) answer(what string) {
	p.nod.t.Helper()
	p.tap(p.pending().UUID, what)
}

func (p phone) tap(uuid, what string) {
	p.nod.t.Helper()
	p.nod.json(http.MethodPost, p.path("/requests/"+uuid+"/"+what), struct{}{}, nil)
}

// code is the newest code that came by SMS or call.
func (p phone) code(via string) string {
	p.nod.t.Helper()
	var code string
	eventually(p.nod.t, "a code by "+via, func() bool {
		var messages []struct{ Via, Code string }
		p.nod.json(http.MethodGet, p.path("/messages"), nil, &messages)
		for _, m := range messages {
			if m.Via == via {
				code = m.Code
				return true
			}
		}
		return false
	})
	return code
}

// token is what the app shows now.
func (p phone) token() string {
	p.nod.t.Helper()
	var now struct{ Token string }
	p.nod.json(http.MethodGet, p.path("/token"), nil, &now)
	return now.Token
}

func (p phone) app(installed bool) {
	p.nod.t.Helper()
	p.nod.json(http.MethodPost, p.path(""), map[string]bool{"app_installed": installed}, nil)
}

// eventually looks until it is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for !so() {
		select {
		case <-again.C:
		case <-deadline.C:
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}
