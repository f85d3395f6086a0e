package command

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"nod/tools/ports"
)

// The two ways to start that the README names are gone as they are printed, from what
// a clone has: to the pages that answer.
func TestTheCommandsOfTheReadme(t *testing.T) {
	readme := document(t, "README.md")
	demo, words := block(t, readme, "```\ngo run"), block(t, readme, "```\nNod is at")
	c := clone(t)
	// Only where it listens differs: others may use these ports now.
	c.begin(demo, lastWords, "ADDR=127.0.0.1:0", "SIMULATOR_ADDR=127.0.0.1:0")
	for i, line := range strings.Split(strings.TrimSpace(words), "\n") {
		name, as, _ := strings.Cut(line, "http://localhost:")
		said := strings.Split(c.said, "\n")[i]
		address, ok := strings.CutPrefix(said, name)
		if !ok {
			t.Fatalf("line %d is %q, want it as %q", i+1, said, line)
		}
		for _, path := range regexp.MustCompile(`localhost:`+as+`(/\w+)?>`).FindAllStringSubmatch(readme, -1) {
			c.open(address+path[1], "", "Nod")
		}
	}
	c.end()

	c.runs(indented(t, document(t, "docs/curl.md"), "rm -f nod.db"))
	real := block(t, readme, "```sh\nAUTHY_API_KEY_FILE=")
	_, site, _ := strings.Cut(strings.Fields(real)[1], "=")
	c.runs("go build")
	key := filepath.Join(t.TempDir(), "key")
	must(t, os.WriteFile(key, []byte("a-key-of-nobody\n"), 0o600))
	addr := ports.Free()
	c.begin(strings.Replace(real, "/run/secrets/authy", key, 1), "Nod is at", "ADDR="+addr)
	if want := "Nod is at        " + site; strings.TrimSpace(c.said) != want {
		t.Errorf("it says %q, want %q", c.said, want)
	}
	c.open("http://"+addr+"/login", strings.TrimPrefix(site, "https://"), "Nod")
	c.end()
}

// document is a text of the repository.
func document(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile("../" + path)
	must(t, err)
	return string(text)
}

// block is the one fenced block that begins so.
func block(t *testing.T, text, beginning string) string {
	t.Helper()
	_, rest, found := strings.Cut(text, "\n"+beginning)
	if !found || strings.Contains(rest, "\n"+beginning) {
		t.Fatalf("there is not one block %q", beginning)
	}
	_, first, _ := strings.Cut(beginning, "\n")
	inside, _, _ := strings.Cut(rest, "\n```")
	return first + inside
}

// indented is the one indented line that begins so.
func indented(t *testing.T, text, beginning string) string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^    (`+regexp.QuoteMeta(beginning)+`.*)$`).FindAllStringSubmatch(text, -1)
	if len(found) != 1 {
		t.Fatalf("%d lines begin with %q, want 1", len(found), beginning)
	}
	return found[0][1]
}

// copied is a folder with the files of a clone, and what runs in it.
type copied struct {
	t       *testing.T
	dir     string
	running *exec.Cmd
	said    string // up to the last words
}

func clone(t *testing.T) *copied {
	t.Helper()
	list, err := exec.CommandContext(t.Context(), "git", "-C", "..", "ls-files", "-z").Output()
	if err != nil {
		if os.Getenv("NOD_TEST_ALL") != "" {
			t.Fatal(err)
		}
		t.Skipf("git does not say which files belong here: %v", err)
	}
	c := &copied{t: t, dir: t.TempDir()}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(list), "\x00"), "\x00") {
		content, err := os.ReadFile(filepath.Join("..", name))
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed, and not yet committed
		}
		must(t, err)
		file := filepath.Join(c.dir, name)
		must(t, os.MkdirAll(filepath.Dir(file), 0o755))
		must(t, os.WriteFile(file, content, 0o644))
	}
	return c
}

// shell is a command line that is about to run there, with no setting but these.
func (c *copied) shell(line string, settings ...string) *exec.Cmd {
	cmd := exec.CommandContext(c.t.Context(), "sh", "-c", line)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), "AUTHY_API_KEY=", "AUTHY_API_KEY_FILE=", "DATABASE_URL=", "PUBLIC_URL=", "SECRET_KEY=", "SECRET_KEY_FILE=")
	cmd.Env = append(cmd.Env, settings...)
	return cmd
}

// runs runs a command line to its end.
func (c *copied) runs(line string) {
	c.t.Helper()
	if text, err := c.shell(line).CombinedOutput(); err != nil {
		c.t.Fatalf("%s: %v\n%s", line, err, text)
	}
}

// begin runs a command line until it has said last.
func (c *copied) begin(line, last string, settings ...string) {
	c.t.Helper()
	var log bytes.Buffer
	cmd := c.shell(line, settings...)
	cmd.Stderr = &log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	stdout, err := cmd.StdoutPipe()
	must(c.t, err)
	must(c.t, cmd.Start())
	c.running, c.said = cmd, ""
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		c.said += lines.Text() + "\n"
		if strings.Contains(lines.Text(), last) {
			go io.Copy(io.Discard, stdout) //nolint:errcheck // ends with the process
			return
		}
	}
	c.t.Fatalf("%s: %v before it said %q:\n%s%s", line, cmd.Wait(), last, c.said, &log)
}

// end is Ctrl-C in the terminal, which everything that runs there gets.
func (c *copied) end() {
	c.t.Helper()
	must(c.t, syscall.Kill(-c.running.Process.Pid, syscall.SIGINT))
	hangs := time.AfterFunc(stopDeadline, func() { _ = c.running.Cancel() })
	_ = c.running.Wait() // what a shell makes of Ctrl-C differs
	if !hangs.Stop() {
		c.t.Error("the program does not end")
	}
}

// open wants a page that has some words. host is what the browser would ask for, ""
// for the address itself.
func (c *copied) open(address, host, words string) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, address, nil)
	must(c.t, err)
	req.Host = host
	res, err := http.DefaultClient.Do(req)
	must(c.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	must(c.t, err)
	if res.StatusCode != http.StatusOK || !strings.Contains(string(body), words) {
		c.t.Errorf("%s: %s", address, fmt.Sprintf("%d, without %q:\n%.500s", res.StatusCode, words, body))
	}
}
