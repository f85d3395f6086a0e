package command

import (
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"nod/tools/ports"
)

// person is a browser that Ada has signed in with, by a tap.
func (p *program) person() *http.Client {
	p.t.Helper()
	jar, err := cookiejar.New(nil)
	must(p.t, err)
	browser := &http.Client{Jar: jar}
	signUp(p.t.(*testing.T), browser, p.url)
	approveNewest(p.t.(*testing.T), p.phones)
	for !strings.Contains(p.page(browser, "/authy/status"), "approved") {
	}
	token := regexp.MustCompile(`name="_csrf" value="([^"]+)"`).FindStringSubmatch(p.page(browser, "/login/approval"))
	res, err := browser.PostForm(p.url+"/confirm-login", url.Values{"_csrf": {token[1]}})
	must(p.t, err)
	must(p.t, res.Body.Close())
	return browser
}

func (p *program) page(browser *http.Client, path string) string {
	p.t.Helper()
	res, err := browser.Get(p.url + path)
	must(p.t, err)
	page, err := io.ReadAll(res.Body)
	must(p.t, errors.Join(err, res.Body.Close()))
	return string(page)
}

// A backup is made while Nod runs and restored as docs/operations.md says: who was
// signed in then still is, and what came later is gone.
func TestABackupIsRestored(t *testing.T) {
	restore := block(t, document(t, "docs/operations.md"), "```sh\nmkdir replaced")
	dir := t.TempDir()
	settings := []string{"ADDR", ports.Free(), "DATABASE_URL", "sqlite:" + dir + "/nod.db"}
	p := start(t, lastWords, nil, settings...)
	browser := p.person()
	must(t, os.Mkdir(dir+"/backup", 0o700))
	said := want(t, settings, 0, "is not part of it", "backup", dir+"/backup/nod.db")
	for _, file := range []string{"nod.db", "nod-sessions.db", "nod-simulator.db"} {
		info, err := os.Stat(dir + "/backup/" + file)
		must(t, err)
		if info.Mode().Perm() != 0o600 || !strings.Contains(said, "backup/"+file) {
			t.Errorf("%s has the mode %v, and was told as\n%s", file, info.Mode(), said)
		}
	}
	wantFiles(t, dir+"/backup", 3)
	change(t, settings[3], `UPDATE users SET name = 'Later'`)
	if page := p.page(browser, "/protected"); !strings.Contains(page, "Welcome, Later") {
		t.Fatal("nothing came later")
	}
	p.end()

	shell := exec.CommandContext(t.Context(), "sh", "-eu", "-c", restore)
	shell.Dir = dir
	if output, err := shell.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	p = start(t, lastWords, nil, settings...)
	if page := p.page(browser, "/protected"); !strings.Contains(page, "Welcome, Ada") {
		t.Error("Ada is not signed in")
	}
	want(t, settings, 0, "The audit trail is whole.", "audit")
	p.end()
}

// A backup overwrites nothing, and one that fails leaves nothing.
func TestABackupThatFails(t *testing.T) {
	settings, p := database(t)
	p.end()
	to := t.TempDir()
	want(t, nil, 1, "there is no database", "backup", to+"/a.db")
	must(t, os.WriteFile(to+"/b-sessions.db", nil, 0o600))
	want(t, settings, 1, "b-sessions.db is there already", "backup", to+"/b.db")
	want(t, settings, 1, "no such file or directory", "backup", to+"/missing/c.db")
	phones := filepath.Join(filepath.Dir(strings.TrimPrefix(settings[1], "sqlite:")), "nod-simulator.db")
	must(t, os.Truncate(phones, 8192)) // the last that is copied
	want(t, settings, 1, "no backup was made", "backup", to+"/c.db")
	server := []string{"DATABASE_URL", "postgres://nod:hush-hush@127.0.0.1/nod", "SECRET_KEY", strings.Repeat("k", 32)}
	want(t, server, 1, "pg_dump", "backup", to+"/d.db")
	want(t, settings, 2, "the name of one new file", "backup")
	want(t, settings, 2, "the name of one new file", "backup", to+"/")
	want(t, settings, 0, "Exit status", "backup", "-h")
	wantFiles(t, to, 1)
}

func wantFiles(t *testing.T, dir string, want int) {
	t.Helper()
	if found, err := os.ReadDir(dir); err != nil || len(found) != want {
		t.Errorf("%s has %v, %v", dir, found, err)
	}
}
