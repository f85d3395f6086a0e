package command

import (
	"database/sql"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	_ "github.com/mattn/go-sqlite3"
)

// database is a file that a Nod has run on, with one account, and the program.
func database(t *testing.T) (settings []string, p *program) {
	t.Helper()
	settings = []string{"DATABASE_URL", "sqlite:" + filepath.Join(t.TempDir(), "nod.db")}
	p = start(t, "nod -h explains them", nil, settings...)
	jar, err := cookiejar.New(nil)
	must(t, err)
	browser := &http.Client{Jar: jar}
	res, err := browser.Get(p.url + "/signup")
	must(t, err)
	form, err := io.ReadAll(res.Body)
	must(t, errors.Join(err, res.Body.Close()))
	token := regexp.MustCompile(`name="_csrf" value="([^"]+)"`).FindSubmatch(form)
	res, err = browser.PostForm(p.url+"/signup", url.Values{"_csrf": {string(token[1])}, "name": {"Ada"}, "email": {"ada@example.com"},
		"password": {"correct horse battery staple"}, "country_code": {"1"}, "phone_number": {"2015550123"}})
	must(t, errors.Join(err, res.Body.Close()))
	if res.StatusCode != http.StatusOK {
		t.Fatalf("the sign-up got %d", res.StatusCode)
	}
	prove(t, settings[1])
	return settings, p
}

// prove gives the account its e-mail, as the tap of its phone would.
func prove(t *testing.T, dsn string) {
	change(t, dsn, `UPDATE users SET email_key = claims, claims = NULL`)
}

func change(t *testing.T, dsn, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+strings.TrimPrefix(dsn, "sqlite:")+"?_busy_timeout=60000")
	must(t, err)
	_, err = db.ExecContext(t.Context(), statement)
	must(t, errors.Join(err, db.Close()))
}

// nod runs a command and returns what it says and its exit status.
func nod(t *testing.T, settings []string, args ...string) (said string, status int) {
	t.Helper()
	var out strings.Builder
	err := run(t.Context(), args, environment(settings...), &out, t.Output())
	if err != nil {
		out.WriteString(err.Error())
	}
	return out.String(), exitStatus(err)
}

func want(t *testing.T, settings []string, status int, words string, args ...string) string {
	t.Helper()
	said, got := nod(t, settings, args...)
	if got != status || !strings.Contains(said, words) {
		t.Errorf("nod %q ended with %d, want %d and %q:\n%s", args, got, status, words, said)
	}
	return said
}

// The audit trail is read beside a running Nod and after it; who changes it is
// found out.
func TestTheAuditTrailIsChecked(t *testing.T) {
	settings, p := database(t)
	want(t, settings, 0, "The audit trail is whole.", "audit")
	want(t, settings, 0, `"kind":"user_created"`, "audit", "export")
	p.end()
	p = start(t, "nod -h explains them", nil, settings...) // signs what is there
	for {
		if said, _ := nod(t, settings, "audit"); strings.Contains(said, "as they were signed") {
			break
		}
	}
	p.end()
	said := want(t, settings, 0, "The audit trail is whole.", "audit", "verify")
	checkpoint := regexp.MustCompile(`(?m)^\d+:\S+$`).FindString(said)
	want(t, settings, 0, "The audit trail is whole.", "audit", "verify", checkpoint)
	want(t, settings, 2, "is no checkpoint", "audit", "verify", "12")
	want(t, settings, 2, "nod audit export", "audit", "sing")
	want(t, settings, 2, "nod audit export", "audit", "export", "all")
	want(t, settings, 0, "Exit status", "audit", "-h")
	change(t, settings[1], `UPDATE events SET kind = 'signed_in' WHERE kind = 'user_created'`)
	want(t, settings, 1, "BROKEN: the lines of checkpoint 1", "audit")
	want(t, settings, 0, `"checkpoint":1`, "audit", "export")
}

func TestAnOperatorLooksAfterAnAccount(t *testing.T) {
	settings, p := database(t)
	for _, running := range []bool{true, false} {
		if !running {
			p.end()
		}
		said := want(t, settings, 0, "ada@example.com", "user", "ADA@example.com")
		for _, words := range []string{"Ada", "+12015550123", "user_created", "recovery codes"} {
			if !strings.Contains(said, words) {
				t.Errorf("%q is not in:\n%s", words, said)
			}
		}
		if said := want(t, settings, 0, "new recovery codes", "user", "ada@example.com", "reset-factors"); len(regexp.MustCompile(`(?m)^[0-9a-z]{4}(-[0-9a-z]{1,4})+$`).FindAllString(said, -1)) != 10 {
			t.Errorf("got no ten codes:\n%s", said)
		}
		want(t, settings, 0, "factors_reset", "user", "ada@example.com", "show")
		want(t, settings, 0, "Ended", "user", "ada@example.com", "end-sessions")
	}
	want(t, settings, 1, "there is no account", "user", "bob@example.com", "close")
	want(t, settings, 2, "what to do", "user", "ada@example.com", "lose")
	want(t, settings, 2, "what to do", "user")
	want(t, settings, 0, "Exit status", "user", "--help")
	want(t, settings, 0, "is closed", "user", "ada@example.com", "close")
	want(t, settings, 1, "there is no account", "user", "ada@example.com")
	want(t, settings, 0, `"actor":"operator"`, "audit", "export")
}

// What works on a database never makes one.
func TestTheOperatorsCommandsMakeNoDatabase(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, args := range [][]string{{"audit"}, {"audit", "export"}, {"user", "ada@example.com"}} {
		want(t, nil, 1, "set DATABASE_URL to", args...)
	}
	left, err := filepath.Glob("*")
	must(t, err)
	if len(left) > 0 {
		t.Errorf("left files: %v", left)
	}
}

// Nor does it bring one up to date: a server of the older version may be running on it.
func TestTheOperatorsCommandsUpgradeNothing(t *testing.T) {
	oldFiles(t, "nod.db")
	settings := []string{"DATABASE_URL", "sqlite:nod.db"}
	for _, args := range [][]string{{"audit"}, {"user", "ada@example.com"}} {
		want(t, settings, 1, "was made by an older version", args...)
	}
}

// A terminal shows a name as text, whatever is in it.
func TestANameDoesNothingToTheTerminal(t *testing.T) {
	settings, _ := database(t)
	change(t, settings[1], "UPDATE users SET name = char(27) || '[31m' || char(155) || 'Ada' || char(8238)")
	said := want(t, settings, 0, "[31m", "user", "ada@example.com")
	if strings.ContainsAny(said, "\x1b\u009b\u202e") {
		t.Errorf("got %q", said)
	}
}
