package simulator_test

import (
	"database/sql"
	"errors"
	"io/fs"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nod/simulator"
)

func TestARestartKeepsEverything(t *testing.T) {
	s := newAda(t)
	answered, pending := s.ask(ada, "message=x&seconds_to_expire=120"), s.ask(ada, `{"message":"y","details":{"b":"1","a":"2"},"hidden_details":{"id":"7"}}`)
	s.tap(ada, answered, "deny").wantStatus(200)
	token, used, unused := s.token(), s.sms(""), s.sms("")
	s.verify(token).wantStatus(200)
	s.verify(used).wantStatus(200)
	s.call("POST", "/protected/json/users/100001/secret", "").wantStatus(200)
	s.call("POST", startPath, number).wantStatus(200)
	s.call("GET", "/protected/json/call/100001?force=true", "").wantStatus(200)
	gone := s.user("gone@example.com")
	s.call("POST", "/protected/json/users/100002/remove", "").wantStatus(200)
	paths := []string{"/phones", "/phones/100001/requests", "/phones/100001/messages", "/phones/100001/token", "/phones/100001/token?kind=generic",
		"/messages?country_code=1&phone_number=7754615609"}
	before := map[string]string{}
	for _, path := range paths {
		before[path] = s.get(path).wantStatus(200).body
	}
	identity := s.call("GET", "/protected/json/app/details", "").body

	s.restart()
	s.app.next() // the denial, sent before Close returned
	for _, path := range paths {
		s.get(path).want(200, before[path])
	}
	s.call("GET", "/protected/json/app/details", "").want(200, identity)
	s.verify(token).want(401, tokenUsed)
	s.verify(used).want(401, tokenUsed)
	s.verify(unused).wantStatus(200)
	s.call("GET", checkPath+s.sentTo()[0].Code, "").wantStatus(200)
	s.watch(ada).until(`"call":{"answered":false,`)
	s.tap(ada, answered, "approve").wantStatus(409)
	s.tap(ada, pending, "approve").wantStatus(200)
	if got := string(s.app.next().body); !strings.Contains(got, `"details":{"b":"1","a":"2"}`) || !strings.Contains(got, `"hidden_details":{"id":"7"}`) {
		t.Errorf("got %s", got)
	}
	if again := s.user("new@example.com"); again != gone+1 {
		t.Errorf("got the id %d, want a new one", again)
	}
}

// A generated key is stored; a configured one is not.
func TestTheKey(t *testing.T) {
	none := func(c *simulator.Config) { c.APIKey = "" }
	s := newSim(t, none)
	made := s.APIKey()
	if len(made) != 32 || strings.Trim(made, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") != "" {
		t.Errorf("got %q, want 32 letters and digits", made)
	}
	s.restart()
	if s.APIKey() != testKey {
		t.Error("the configured key is not used")
	}
	s.stop()
	files, err := os.ReadDir(filepath.Dir(s.path))
	must(t, err)
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(filepath.Dir(s.path), f.Name()))
		must(t, err)
		if strings.Contains(string(text), testKey) {
			t.Errorf("the configured key is in %s", f.Name())
		}
	}
	s.open(none)
	if s.APIKey() != made {
		t.Error("the generated key was not stored")
	}
}

func TestOnlyTheOwnerCanReadTheFile(t *testing.T) {
	s := newAda(t)
	ownersOnly(t, s)
	// A process that was killed leaves side files.
	s.stop()
	must(t, errors.Join(os.WriteFile(s.path+"-wal", nil, 0o600), os.WriteFile(s.path+"-shm", nil, 0o600)))
	for _, suffix := range []string{"", "-wal", "-shm"} {
		must(t, os.Chmod(s.path+suffix, 0o644))
	}
	s.open()
	ownersOnly(t, s)
}

func ownersOnly(t *testing.T, s *sim) {
	t.Helper()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(s.path + suffix)
		must(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", info.Name(), info.Mode().Perm())
		}
	}
}

func TestAFileOfAnotherVersion(t *testing.T) {
	s := newAda(t)
	s.stop()
	db, err := sql.Open("sqlite3", s.path)
	must(t, err)
	_, err = db.Exec("PRAGMA user_version = 99")
	must(t, err)
	must(t, db.Close())
	if _, err := simulator.New(simulator.Config{Path: s.path}); err == nil || !strings.Contains(err.Error(), "newer version (schema 99") {
		t.Errorf("got %v", err)
	}
	other := filepath.Join(t.TempDir(), "notes.txt")
	must(t, os.WriteFile(other, []byte(strings.Repeat("no database\n", 100)), 0o600))
	if _, err := simulator.New(simulator.Config{Path: other}); err == nil {
		t.Error("a text file was accepted as a database")
	}
}

func TestCloseRemovesATemporaryFile(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	one, err := simulator.New(simulator.Config{})
	must(t, err)
	left := func() (n int) {
		must(t, filepath.WalkDir(os.TempDir(), func(_ string, d fs.DirEntry, err error) error {
			if !d.IsDir() {
				n++
			}
			return err
		}))
		return n
	}
	if left() == 0 {
		t.Fatal("no temporary file was created")
	}
	must(t, one.Close(t.Context()))
	if left() != 0 {
		t.Error("the temporary file remains")
	}
	if err := one.Close(t.Context()); err == nil {
		t.Error("a second Close succeeded")
	}
}

// Close cancels a callback to an application that hangs. Nothing else ends this
// one, so Close would not return.
func TestCloseCancelsCallbacks(t *testing.T) {
	s := newAda(t, func(c *simulator.Config) { c.CallbackTimeout = 24 * time.Hour })
	s.app.hangs.Store(true)
	s.tap(ada, s.ask(ada, "message=x"), "approve").wantStatus(200)
	s.app.next()
	s.closeLimit = 0
	s.stop()
}

// Internal errors are logged, without the code of the call, and not shown to the client.
func TestAfterClose(t *testing.T) {
	var log strings.Builder
	s := newAda(t, func(c *simulator.Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	server := httptest.NewServer(s.Handler())
	defer server.Close()
	s.stop() // and with it the database
	s.url = server.URL
	const broken = `{"message":"Something went wrong","success":false,"errors":{},"error_code":"60000"}`
	for _, path := range []string{"users/100001/status", "verify/1234567/100001", "sms/100001", "app/stats"} {
		s.call("GET", "/protected/json/"+path, "").want(500, broken)
	}
	s.get("/phones").want(500, `{"error":"internal error: see the log"}`+"\n")
	if got := log.String(); !strings.Contains(got, "route=verify/{token}/{user}") || strings.Contains(got, "1234567") {
		t.Errorf("the log says %s", got)
	}
}
