package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"nod/tools/ports"
)

// hangLimit ends a wait that would never end. It fails a story that hangs, and
// never one that is slow.
const hangLimit = 3 * time.Minute

// nod is a running process of Nod with simulated phones.
type nod struct {
	t      *testing.T
	dir    string
	binary string
	args   []string // of the command line
	env    []string
	url    string // as people open it
	phones string // of the simulator
	cmd    *exec.Cmd
	stderr *output

	end, again func() // of one within this process
}

// output collects what a process writes and can be read while it runs.
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

// startNod starts a process on free ports, with settings as "NAME=value". A
// request lives as long as Nod allows, so that none expires on a slow machine
// before its story gets to it.
func startNod(t *testing.T, settings ...string) *nod {
	t.Helper()
	return startCommand(t, nil, settings...)
}

// startDemo starts a demonstration.
func startDemo(t *testing.T, settings ...string) *nod {
	t.Helper()
	return startCommand(t, []string{"demo", "--no-browser"}, settings...)
}

func startCommand(t *testing.T, args []string, settings ...string) *nod {
	t.Helper()
	return startBinary(t, binary, args, settings...)
}

func startBinary(t *testing.T, file string, args []string, settings ...string) *nod {
	t.Helper()
	n := &nod{t: t, dir: t.TempDir(), binary: file, args: args}
	n.env = append([]string{
		"HOME=" + n.dir, "PATH=" + os.Getenv("PATH"), "GORACE=halt_on_error=0 exitcode=66",
		"DATABASE_URL=sqlite:" + filepath.Join(n.dir, "nod.db"),
		"ADDR=" + ports.Free(), "SIMULATOR_ADDR=" + ports.Free(), "APPROVAL_TTL=10m",
	}, settings...)
	n.start()
	t.Cleanup(func() {
		n.stop()
		if t.Failed() {
			t.Logf("Nod's log:\n%s", n.stderr)
		}
	})
	return n
}

// start runs the binary and reads its addresses from its first lines.
func (n *nod) start() {
	n.t.Helper()
	n.cmd = exec.Command(n.binary, n.args...)
	n.cmd.Dir, n.cmd.Env = n.dir, n.env
	n.stderr = &output{}
	n.cmd.Stderr = n.stderr
	stdout, err := n.cmd.StdoutPipe()
	must(n.t, err)
	must(n.t, n.cmd.Start())
	n.readAddresses(stdout)
}

// readAddresses reads where Nod is from its first lines.
func (n *nod) readAddresses(stdout io.Reader) {
	n.t.Helper()
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		switch name, where, _ := strings.Cut(lines.Text(), " at "); name {
		case "Nod is":
			n.url = strings.TrimSpace(where)
		case "People sign in with phones of their own, which they add":
			go io.Copy(io.Discard, stdout)
			return
		case "The phones are":
			n.phones = strings.TrimSpace(where)
			go io.Copy(io.Discard, stdout) // no test reads the rest
			return
		}
	}
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

// restart stops the process and starts it on the same ports and files.
func (n *nod) restart() {
	n.t.Helper()
	if n.again != nil {
		n.end()
		n.again()
		return
	}
	n.stop()
	n.start()
}

// withTTL runs a story with an APPROVAL_TTL, and again with twice as much until
// the story reports that it got where it must be before the request expired.
// So a slow machine takes longer, and does not fail.
func (n *nod) withTTL(first time.Duration, story func() (inTime bool)) {
	n.t.Helper()
	for ttl := first; ttl <= 10*time.Minute; ttl *= 2 {
		n.env = append(n.env, "APPROVAL_TTL="+ttl.String()) // of two, the last one counts
		n.restart()
		if story() {
			return
		}
	}
	n.t.Fatal("even the longest APPROVAL_TTL passed too soon")
}

// phone is a simulated phone, driven through the simulator's JSON.
type phone struct {
	nod     *nod
	AuthyID int    `json:"authy_id"`
	Email   string `json:"email"`
	Number  string `json:"phone_number"`
}

func (n *nod) phoneOf(email string) phone {
	n.t.Helper()
	return n.phone(email, func(p phone) bool { return p.Email == email })
}

// phoneWith is the phone with a national number.
func (n *nod) phoneWith(number string) phone {
	n.t.Helper()
	return n.phone(number, func(p phone) bool { return p.Number == number })
}

func (n *nod) phone(whose string, is func(phone) bool) phone {
	n.t.Helper()
	var phones []phone
	n.json(http.MethodGet, "/phones", nil, &phones)
	i := slices.IndexFunc(phones, is)
	if i < 0 {
		n.t.Fatalf("%s has no phone among %v", whose, phones)
	}
	phones[i].nod = n
	return phones[i]
}

// json calls the simulator's JSON API for scripts.
func (n *nod) json(method, path string, body, into any) {
	n.t.Helper()
	status, text := n.call(method, path, body)
	if status >= 300 {
		n.t.Fatalf("%s %s: %d: %s", method, path, status, text)
	}
	if into != nil {
		must(n.t, json.Unmarshal(text, into))
	}
}

func (n *nod) call(method, path string, body any) (status int, text []byte) {
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
	text, err = io.ReadAll(res.Body)
	must(n.t, err)
	return res.StatusCode, text
}

// liftLimits is for a story that asks a phone more often than a day allows.
func (n *nod) liftLimits() {
	n.t.Helper()
	n.json(http.MethodPost, "/limits/reset", struct{}{}, nil)
}

type request struct {
	UUID    string            `json:"uuid"`
	Message string            `json:"message"`
	Status  string            `json:"status"`
	Details map[string]string `json:"details"`
}

func (p phone) path(rest string) string { return fmt.Sprintf("/phones/%d%s", p.AuthyID, rest) }

func (p phone) requests() []request {
	p.nod.t.Helper()
	var list []request
	p.nod.json(http.MethodGet, p.path("/requests"), nil, &list)
	return list
}

// pending waits for a pending request and returns it.
func (p phone) pending() request {
	p.nod.t.Helper()
	var found request
	eventually(p.nod.t, "the phone shows a pending request", func() bool {
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

// answer taps "approve" or "deny" on the newest pending request.
func (p phone) answer(what string) {
	p.nod.t.Helper()
	p.tap(p.pending().UUID, what)
}

func (p phone) tap(uuid, what string) {
	p.nod.t.Helper()
	p.nod.json(http.MethodPost, p.path("/requests/"+uuid+"/"+what), struct{}{}, nil)
}

// withdrawn waits until a request can no longer be answered on the phone.
func (p phone) withdrawn(uuid string) {
	p.nod.t.Helper()
	eventually(p.nod.t, "the request is withdrawn", func() bool {
		for _, r := range p.requests() {
			if r.UUID == uuid {
				return r.Status != "pending"
			}
		}
		return false
	})
	if status, text := p.nod.call(http.MethodPost, p.path("/requests/"+uuid+"/approve"), struct{}{}); status != http.StatusConflict {
		p.nod.t.Errorf("a request that was withdrawn takes a tap: %d %s", status, text)
	}
}

// code waits for a code by SMS or call and returns the newest.
func (p phone) code(via string) string {
	p.nod.t.Helper()
	var code string
	eventually(p.nod.t, "the phone gets a code by "+via, func() bool {
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

// token is the code that the app shows now.
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

// eventually polls until the condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(hangLimit)
	defer deadline.Stop()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for !holds() {
		select {
		case <-again.C:
		case <-deadline.C:
			t.Fatalf("not within %v: %s", hangLimit, what)
		}
	}
}
