package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/mattn/go-sqlite3"

	"nod/store"
)

func TestOpenMakesAFileThatOnlyItsOwnerReads(t *testing.T) {
	w := newWorld(t)
	w.user("ada@example.com")
	for _, name := range []string{w.path, w.path + "-wal"} {
		info, err := os.Stat(name)
		must(t, err)
		if got := info.Mode().Perm(); got != 0o600 {
			t.Errorf("%s: got mode %v, want 0600", filepath.Base(name), got)
		}
	}
}

// A database that others could read is closed to them, the side files of a killed
// process too, under whichever name it is opened.
func TestOpenClosesAFileToOthers(t *testing.T) {
	for _, linked := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "nod.db")
		files := []string{path, path + "-wal", path + "-shm"}
		for _, name := range files {
			must(t, os.WriteFile(name, nil, 0o600))
			must(t, os.Chmod(name, 0o644))
		}
		name := path
		if linked {
			name = filepath.Join(t.TempDir(), "link.db")
			must(t, os.Symlink(path, name))
		}
		s, err := store.Open(t.Context(), name, store.Options{HashParams: cheap})
		must(t, err)
		for _, name := range files {
			info, err := os.Stat(name)
			must(t, err)
			if got := info.Mode().Perm(); got != 0o600 {
				t.Errorf("%s (linked: %v): got mode %v, want 0600", filepath.Base(name), linked, got)
			}
		}
		must(t, s.Close())
	}
}

func TestOpenSaysWhatIsWrongWithAFile(t *testing.T) {
	write := func(content string, mode os.FileMode) func(t *testing.T, path string) {
		return func(t *testing.T, path string) {
			must(t, os.WriteFile(path, []byte(content), 0o600))
			must(t, os.Chmod(path, mode))
		}
	}
	tests := []struct {
		name    string
		prepare func(t *testing.T, path string)
		want    string
	}{
		{"directory", func(t *testing.T, path string) { must(t, os.Mkdir(path, 0o700)) }, "is a directory"},
		{"not SQLite", write(strings.Repeat("not a database, but long enough. ", 200), 0o600), "not a database"},
		{"read-only", write("", 0o400), "is read-only"},
		{"broken", breakSchema, "malformed"},
		{"no such folder", func(t *testing.T, path string) { must(t, os.Remove(filepath.Dir(path))) }, "no such file or directory"},
		{"of a newer version", fromTheFuture, "newer version"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "folder", "nod.db")
			must(t, os.Mkdir(filepath.Dir(path), 0o700))
			test.prepare(t, path)
			s, err := store.Open(t.Context(), path, store.Options{HashParams: cheap})
			if err == nil {
				must(t, s.Close())
				t.Fatal("got a store, want an error")
			}
			if got := err.Error(); !strings.Contains(got, test.want) || !strings.Contains(got, path) {
				t.Errorf("got error %q, want one that names the file and says %q", got, test.want)
			}
		})
	}
}

// breakSchema makes a good database and overwrites what follows its header.
func breakSchema(t *testing.T, path string) {
	s, err := store.Open(t.Context(), path, store.Options{HashParams: cheap})
	must(t, err)
	must(t, s.Close())
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	_, err = f.WriteAt([]byte(strings.Repeat("?", 8000)), 100)
	must(t, errors.Join(err, f.Close()))
}

func fromTheFuture(t *testing.T, path string) {
	w := &world{t: t, path: path, clock: &clock{now: time.Now()}}
	w.open()
	must(t, w.store.Close())
	db := w.raw()
	_, err := db.ExecContext(t.Context(), `INSERT INTO migrations VALUES ('migrations/9999_later.sql', 0)`)
	must(t, errors.Join(err, db.Close()))
}

func TestOpenTakesAnyFileName(t *testing.T) {
	// SQLite gives some of these a meaning of its own.
	for _, name := range []string{"a b.db", "50%.db", "why?.db", "a#b.db", ":memory:"} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			s, err := store.Open(t.Context(), name, store.Options{HashParams: cheap})
			must(t, err)
			must(t, s.Close())
			info, err := os.Stat(name)
			must(t, err)
			if info.Size() == 0 {
				t.Error("the file is empty")
			}
		})
	}
}

func TestMigrationsRunOnceEach(t *testing.T) {
	w := newWorld(t)
	w.user("ada@example.com")
	w.restart()
	w.restart()
	files, err := os.ReadDir("migrations")
	must(t, err)
	if got := w.number(`SELECT COUNT(*) FROM migrations`); got != len(files) {
		t.Errorf("got %d records of migrations, want %d", got, len(files))
	}
	if got := w.number(`SELECT COUNT(*) FROM users`); got != 1 {
		t.Errorf("got %d users, want 1", got)
	}
}

func TestMigrationsGoOnWhereTheyStopped(t *testing.T) {
	w := newWorld(t)
	script := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	files := fstest.MapFS{
		"migrations/9002_more.sql":   script(`CREATE TABLE more (id INTEGER); INSERT INTO more VALUES (1);`),
		"migrations/9003_broken.sql": script(`CREATE TABLE half (id INTEGER); INSERT INTO nowhere VALUES (1);`),
		"migrations/9004_last.sql":   script(`CREATE TABLE last (id INTEGER);`),
	}
	known, err := filepath.Glob("migrations/*.sql")
	must(t, err)
	for _, name := range known {
		text, err := os.ReadFile(name)
		must(t, err)
		files[name] = script(string(text))
	}
	err = w.store.Migrate(t.Context(), files)
	if err == nil || !strings.Contains(err.Error(), "9003_broken.sql") {
		t.Fatalf("got error %v, want one that names 9003_broken.sql", err)
	}
	tables := `SELECT COUNT(*) FROM sqlite_schema WHERE name IN ('more', 'half', 'last')`
	if got := w.number(tables); got != 1 {
		t.Errorf("after a failure: got %d new tables, want only that of 9002", got)
	}
	files["migrations/9003_broken.sql"] = script(`CREATE TABLE half (id INTEGER);`)
	must(t, w.store.Migrate(t.Context(), files))
	must(t, w.store.Migrate(t.Context(), files))
	if got := w.number(tables); got != 3 {
		t.Errorf("after it was repaired: got %d new tables, want 3", got)
	}
	if got := w.number(`SELECT COUNT(*) FROM more`); got != 1 {
		t.Errorf("0002 has run %d times, want once", got)
	}
}

// A process that died in its first start leaves less than a whole schema.
func TestOpenAfterAStartThatWasCutOff(t *testing.T) {
	tests := []struct{ name, left string }{
		{"nothing but an empty file", ``},
		{"the list of migrations", `CREATE TABLE migrations (name TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := &world{t: t, path: filepath.Join(t.TempDir(), "nod.db"), clock: &clock{now: time.Now()}}
			must(t, os.WriteFile(w.path, nil, 0o600))
			db := w.raw()
			_, err := db.ExecContext(t.Context(), test.left)
			must(t, errors.Join(err, db.Close()))
			w.open()
			w.user("ada@example.com")
			must(t, w.store.Close())
		})
	}
}

// A demonstration closes every account at its start: it has files of its own making,
// and nobody else's accounts get into one.
func TestADemonstrationHasAFileOfItsOwn(t *testing.T) {
	demo := func(w *world) error {
		o := w.options()
		o.Demo = true
		s, err := store.Open(t.Context(), w.path, o)
		if err != nil {
			return err
		}
		return s.Close()
	}
	w := newWorld(t)
	w.user("ada@example.com")
	wantErr(t, "a file with accounts", demo(w), store.ErrNotDemo)
	if got := w.number(`SELECT COUNT(*) FROM users WHERE closed_at IS NULL`); got != 1 {
		t.Errorf("got %d accounts, want 1", got)
	}
	old := &world{t: t, path: filepath.Join(t.TempDir(), "nod.db"), clock: w.clock}
	copyOld(t, old.path)
	wantErr(t, "an old file", demo(old), store.ErrNotDemo)

	made := &world{t: t, path: filepath.Join(t.TempDir(), "nod.db"), clock: w.clock}
	must(t, demo(made))
	must(t, demo(made))
	_, err := store.Open(t.Context(), made.path, made.options())
	wantErr(t, "a demonstration's file", err, store.ErrDemo)
	o := made.options()
	o.Existing = true // an operator only looks after the accounts that are there
	s, err := store.Open(t.Context(), made.path, o)
	must(t, err)
	must(t, s.Close())
}

func TestReady(t *testing.T) {
	w := newWorld(t)
	must(t, w.store.Ready(t.Context()))
	must(t, w.store.Ready(t.Context()))

	must(t, os.Rename(w.path, w.path+".moved"))
	wantErr(t, "file moved away", w.store.Ready(t.Context()), store.ErrUnavailable)
	must(t, os.WriteFile(w.path, nil, 0o600))
	wantErr(t, "another file in its place", w.store.Ready(t.Context()), store.ErrUnavailable)
	must(t, os.Rename(w.path+".moved", w.path))
	must(t, w.store.Ready(t.Context()))
}

// Damage that a reader has met makes the store unready, although what the probe
// writes may be in order.
func TestReadyRemembersDamage(t *testing.T) {
	w := newWorld(t)
	in := w.signIn(w.user("ada@example.com"))
	w.restart() // folds everything into the file, and forgets what was read
	must(t, w.store.Ready(t.Context()))
	f, err := os.OpenFile(w.path, os.O_RDWR, 0)
	must(t, err)
	root := w.number(`SELECT rootpage FROM sqlite_schema WHERE name = 'sessions'`)
	_, err = f.WriteAt([]byte(strings.Repeat("?", 4096)), int64(root-1)*4096)
	must(t, errors.Join(err, f.Close()))
	_, _, err = w.store.Session(t.Context(), in.ID)
	wantErr(t, "a damaged table", err, store.ErrUnavailable)
	wantErr(t, "ready", w.store.Ready(t.Context()), store.ErrUnavailable)
}

// Everything a browser may be waiting for is still there after a restart.
func TestARestartForgetsNothing(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.user("ada@example.com"), w.user("bob@example.com")
	in := w.signIn(ada)
	waiting := w.start(bob)
	a := w.begin(waiting)
	secret, err := w.store.Secret(t.Context(), "csrf")
	must(t, err)
	_, err = w.store.SpendPasswordTry(t.Context(), "bob@example.com", browser)
	must(t, err)
	_, err = w.store.AllowCodeSend(t.Context(), waiting.ID, "sms", "US")
	must(t, err)
	transfer, _, err := w.store.BeginTransfer(t.Context(), in.ID, rent, ttl)
	must(t, err)

	in, _, err = w.store.Session(t.Context(), in.ID)
	must(t, err)
	w.restart()
	got, user, err := w.store.Session(t.Context(), in.ID)
	must(t, err)
	ada.Unproved = false
	if got != in || user != ada {
		t.Errorf("got session %+v of %+v,\nwant %+v of %+v", got, user, in, ada)
	}
	if got := w.approval(a.ID); got != a {
		t.Errorf("got request %+v,\nwant %+v", got, a)
	}
	again, err := w.store.Secret(t.Context(), "csrf")
	must(t, err)
	if string(again) != string(secret) || len(secret) != 32 {
		t.Error("the secret has changed, or is not 32 bytes")
	}
	if got := w.number(`SELECT COUNT(*) FROM usage WHERE key LIKE 'password|account|%'`); got != 1 {
		t.Errorf("got %d failures, want 1", got)
	}
	_, err = w.store.AllowCodeSend(t.Context(), waiting.ID, "sms", "US")
	if limit := (*store.RateError)(nil); !errors.As(err, &limit) {
		t.Errorf("second code: got %v, want a *RateError", err)
	}
	if got := w.transfers(ada); len(got) != 1 || got[0] != transfer {
		t.Errorf("got transfers %+v, want %+v", got, transfer)
	}
	w.approve(a)
	_, err = w.store.ConfirmLogin(t.Context(), waiting.ID, browser)
	must(t, err)
}

// A name that was mistyped may be that of another program's file, which is then refused
// and stays as it is.
func TestOpenLeavesFilesOfOthersAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "passwd")
	must(t, os.WriteFile(path, []byte("root:x:0:0\n"), 0o644))
	_, err := store.Open(t.Context(), path, store.Options{HashParams: cheap})
	wantErr(t, "a file of another program", err, store.ErrUnavailable)
	info, err := os.Stat(path)
	must(t, err)
	if got := info.Mode().Perm(); got != 0o644 {
		t.Errorf("its mode is %v now", got)
	}
}

func TestErrorsOfTheDriverStayInside(t *testing.T) {
	w := newWorld(t)
	in := w.signIn(w.user("ada@example.com"))
	_, _, constraint := w.store.BeginTransfer(t.Context(), in.ID, store.Transfer{Payee: "Grace", Currency: "EUR"}, ttl)
	path := filepath.Join(t.TempDir(), "garbage")
	must(t, os.WriteFile(path, []byte("SQLite format 3\x00"+strings.Repeat("garbage ", 1000)), 0o600))
	_, unavailable := store.Open(t.Context(), path, store.Options{HashParams: cheap})
	wantErr(t, "garbage", unavailable, store.ErrUnavailable)
	for name, err := range map[string]error{"constraint": constraint, "unavailable": unavailable} {
		var driver sqlite3.Error
		if err == nil || errors.As(err, &driver) {
			t.Errorf("%s: got %v (%T), want an error of ours", name, err, err)
		}
	}
}

func TestAContextThatEndsEndsTheWait(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := w.store.StartSession(ctx, w.user("ada@example.com").ID, "", browser)
	wantErr(t, "write", err, context.Canceled)
	_, err = w.store.Approval(ctx, "x")
	wantErr(t, "read", err, context.Canceled)
}
