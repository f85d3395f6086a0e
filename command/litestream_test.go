//go:build long

package command

import (
	"crypto/sha256"
	"database/sql"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What docs/litestream.yml copies while Nod runs is restored as docs/operations.md says,
// by the Litestream that NOD_LITESTREAM names: the process is killed, the disk is gone,
// and who was signed in still is. tools/litestream builds it.
func TestLitestream(t *testing.T) {
	litestream := os.Getenv("NOD_LITESTREAM")
	if litestream == "" {
		t.Fatal("NOD_LITESTREAM must name a Litestream: run tools/litestream")
	}
	dir, replica, copied := t.TempDir(), t.TempDir(), t.TempDir()
	here := strings.NewReplacer("/var/lib/nod", dir, "/var/backups/nod", replica)
	config := filepath.Join(t.TempDir(), "litestream.yml")
	must(t, os.WriteFile(config, []byte(here.Replace(document(t, "docs/litestream.yml"))), 0o600))

	secret := strings.Repeat("k", 32)
	p, process := child(t, "SECRET_KEY="+secret, "DATABASE_URL=sqlite:"+dir+"/nod.db")
	copies := exec.Command(litestream, "replicate", "-config", config)
	log := &transcript{}
	copies.Stdout, copies.Stderr = log, log
	must(t, copies.Start())
	end := func() { _ = copies.Process.Kill(); _ = copies.Wait() }
	t.Cleanup(end)
	ada := p.person()
	for n := 0; !copiedSession(copied, n, cookieOf(t, ada, p.url), func(from, to string) error {
		return tool(litestream, "restore", "-config", config, "-o", to, filepath.Join(dir, from))
	}); n++ {
		time.Sleep(100 * time.Millisecond)
		if t.Context().Err() != nil {
			t.Fatalf("the log of Litestream:\n%s", log)
		}
	}
	must(t, process.Kill())
	end()
	must(t, os.RemoveAll(dir))
	must(t, os.Mkdir(dir, 0o700))

	restore := here.Replace(block(t, document(t, "docs/operations.md"), "```sh\nlitestream restore"))
	restore = strings.NewReplacer("litestream restore", litestream+" restore", "-config litestream.yml", "-config "+config).Replace(restore)
	must(t, tool("sh", "-eu", "-c", restore))
	settings := []string{"ADDR", "127.0.0.1:" + port(t, strings.TrimPrefix(p.url, "http://")), "SECRET_KEY", secret, "DATABASE_URL", "sqlite:" + dir + "/nod.db"}
	back := start(t, lastWords, nil, settings...)
	if page := back.page(ada, "/protected"); !strings.Contains(page, "Welcome, Ada") {
		t.Error("Ada is not signed in")
	}
	back.end()
	want(t, settings, 0, "The audit trail is whole.", "audit")
}

// cookieOf is what a browser that is signed in shows.
func cookieOf(t *testing.T, browser *http.Client, site string) string {
	t.Helper()
	at, err := url.Parse(site)
	must(t, err)
	for _, cookie := range browser.Jar.Cookies(at) {
		if strings.Contains(cookie.Name, "session") {
			return cookie.Value
		}
	}
	t.Fatal("no cookie of a session")
	return ""
}

// copiedSession restores both files to a folder under names that it has not used, and
// says whether somebody is signed in there, with this cookie.
func copiedSession(to string, n int, cookie string, restore func(from, to string) error) bool {
	for file, query := range map[string]string{
		"nod.db":          `SELECT COUNT(*) FROM sessions WHERE level = 2 AND ended_at IS NULL`,
		"nod-sessions.db": fmt.Sprintf(`SELECT COUNT(*) FROM sessions WHERE k = '%x'`, sha256.Sum256([]byte(cookie))),
	} {
		path := filepath.Join(to, file+strings.Repeat("x", n+1))
		if restore(file, path) != nil {
			return false
		}
		db, err := sql.Open("sqlite3", "file:"+path)
		if err != nil {
			return false
		}
		defer db.Close()
		var found int
		if db.QueryRow(query).Scan(&found) != nil || found == 0 {
			return false
		}
	}
	return true
}
