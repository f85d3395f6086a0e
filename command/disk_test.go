package command

import (
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// smallDisk is a folder on a disk of its own.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		if os.Getenv("NOD_TEST_ALL") != "" && os.Getuid() == 0 {
			t.Fatal(err)
		}
		t.Skipf("a disk of its own cannot be mounted here: %v", err)
	}
	t.Cleanup(func() { must(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	return dir
}

// fill leaves no room on the disk of a folder.
func fill(t *testing.T, dir string) (release func()) {
	t.Helper()
	name := filepath.Join(dir, "filler")
	file, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	must(t, err)
	for err == nil {
		_, err = file.Write(make([]byte, 4096))
	}
	must(t, file.Close())
	return func() { must(t, os.Remove(name)) }
}

// somebody is a browser of a person who is not there yet.
func somebody(t *testing.T) *http.Client {
	jar, err := cookiejar.New(nil)
	must(t, err)
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// signsUp is a sign-up, and what the answer says.
func (p *program) signsUp(browser *http.Client, number int) (status int, said string) {
	p.t.Helper()
	token := regexp.MustCompile(`name="_csrf" value="([^"]+)"`).FindStringSubmatch(p.page(browser, "/signup"))
	res, err := browser.PostForm(p.url+"/signup", url.Values{
		"_csrf": {token[1]}, "name": {"Bob"}, "email": {fmt.Sprintf("bob%d@example.com", number)}, "password": {"correct horse battery staple"},
		"country_code": {"1"}, "phone_number": {fmt.Sprintf("201556%04d", number)},
	})
	must(p.t, err)
	body, err := io.ReadAll(res.Body)
	must(p.t, err)
	must(p.t, res.Body.Close())
	return res.StatusCode, string(body)
}

// A full disk is said in words, loses nothing that was acknowledged, and once there is
// room again everything goes on, without a restart.
func TestTheDiskIsFull(t *testing.T) {
	dir := smallDisk(t, "3m")
	p := start(t, lastWords, nil, "DATABASE_URL", "sqlite:"+dir+"/nod.db")
	ada := p.person()
	release := fill(t, dir)
	taken, refused := 0, ""
	for number := 0; refused == ""; number++ {
		switch status, said := p.signsUp(somebody(t), number); status {
		case http.StatusSeeOther:
			taken++
		case http.StatusServiceUnavailable:
			refused = said
		default:
			t.Fatalf("a sign-up got %d: %s", status, said)
		}
	}
	if !strings.Contains(refused, "We can’t save anything right now") {
		t.Errorf("the refusal says %s", refused)
	}
	if status := get(t, p.url+"/readyz").StatusCode; status != http.StatusServiceUnavailable {
		t.Errorf("/readyz: %d", status)
	}
	if page := p.page(ada, "/protected"); !strings.Contains(page, "Welcome, Ada") {
		t.Error("who was signed in is not")
	}
	release()
	for get(t, p.url+"/readyz").StatusCode != http.StatusOK {
	}
	late := somebody(t)
	if status, said := p.signsUp(late, 999); status != http.StatusSeeOther {
		t.Errorf("with room again a sign-up got %d: %s", status, said)
	}
	p.end()
	db, err := sql.Open("sqlite3", "file:"+dir+"/nod.db")
	must(t, err)
	defer db.Close()
	var accounts int
	must(t, db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM users`).Scan(&accounts))
	if accounts != taken+2 {
		t.Errorf("%d accounts are there, and %d were acknowledged", accounts, taken+2)
	}
}
