package main

import (
	"bytes"
	"database/sql"
	"io"
	"log/slog"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"

	"nod/config"
	"nod/server"
)

// lab is a site in this process, whose time and files a test can reach.
type lab struct {
	*site
	t     *testing.T
	clock *clock
	dir   string
	log   *text
}

// clock goes on by itself, and further when a test says so.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().UTC().Round(0).Add(c.ahead)
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// text is what a process has written so far.
type text struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (w *text) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.Write(b)
}

func (w *text) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.String()
}

// newLab starts the application as its command does, on ports of its own.
func newLab(t *testing.T, change ...func(*config.Config)) *lab {
	t.Helper()
	l := &lab{t: t, clock: &clock{}, dir: t.TempDir(), log: &text{}}
	getenv := func(name string) (string, bool) {
		value, ok := map[string]string{"DATABASE_URL": "sqlite:" + filepath.Join(l.dir, "nod.db")}[name]
		return value, ok
	}
	c, err := config.Application(getenv)
	wantNil(t, err)
	c.Addr, c.SimulatorAddr, c.Now, c.StopFactor = "127.0.0.1:0", "127.0.0.1:0", l.clock.Now, 60
	for _, f := range change {
		f(&c)
	}
	said := &firstWords{ready: make(chan struct{})}
	ended := make(chan error, 1)
	logger := slog.New(slog.NewTextHandler(io.MultiWriter(l.log, t.Output()), &slog.HandlerOptions{Level: slog.LevelDebug}))
	go func() { ended <- server.Run(t.Context(), c, said, logger) }()
	select {
	case <-said.ready:
	case err := <-ended:
		t.Fatalf("the application did not start: %v", err)
	}
	t.Cleanup(func() { // the test's context has ended
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	app, phones := said.addresses(t)
	if c.PublicURL != "" { // that leads past this process
		app = "http://" + c.Addr
	}
	l.site, err = newSite(t.Context(), app, phones)
	wantNil(t, err)
	return l
}

// firstWords reads where the application is.
type firstWords struct {
	text
	once  sync.Once
	ready chan struct{}
}

func (w *firstWords) Write(b []byte) (int, error) {
	n, err := w.text.Write(b)
	if strings.Contains(w.String(), "nod -h") {
		w.once.Do(func() { close(w.ready) })
	}
	return n, err
}

var addressesSaid = regexp.MustCompile(`Nod is at +(\S+)\n(?s:.*)The phones are at (\S+)\n`)

func (w *firstWords) addresses(t *testing.T) (app, phones string) {
	t.Helper()
	found := addressesSaid.FindStringSubmatch(w.String())
	if found == nil {
		t.Fatalf("no addresses in:\n%s", w)
	}
	return found[1], found[2]
}

// open opens a database of the application as another program does.
func (l *lab) open(file string) *sql.DB {
	l.t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(l.dir, file)+"?mode=rw&_busy_timeout=60000")
	wantNil(l.t, err)
	l.t.Cleanup(func() { db.Close() })
	return db
}

// number is the one number that a query gives.
func (l *lab) number(file, query string, args ...any) (n int) {
	l.t.Helper()
	wantNil(l.t, l.open(file).QueryRowContext(l.t.Context(), query, args...).Scan(&n))
	return n
}

// text is the one text that a query gives.
func (l *lab) text(file, query string, args ...any) (s string) {
	l.t.Helper()
	wantNil(l.t, l.open(file).QueryRowContext(l.t.Context(), query, args...).Scan(&s))
	return s
}

// key is the provider's, with which it signs.
func (l *lab) key() (key string) {
	l.t.Helper()
	wantNil(l.t, l.open("nod-simulator.db").QueryRowContext(l.t.Context(), "SELECT value FROM settings WHERE name = 'api_key'").Scan(&key))
	return key
}

// try runs a body that ends early as an attempt does.
func (l *lab) try(body func(*attempt)) {
	l.t.Helper()
	o := l.attempt(l.t.Context(), attack{try: body})
	switch {
	case o.through:
		l.t.Fatal(o.failed)
	case o.failed != "":
		l.t.Fatalf("the stage could not be set: %s", o.failed)
	}
	l.t.Logf("%s: %s", o.what, o.refused)
}

// refused tries the attack of an id from the catalogue.
func refused(t *testing.T, id string, change ...func(*config.Config)) {
	t.Helper()
	t.Parallel()
	for _, a := range catalogue() {
		if a.id == id {
			newLab(t, change...).try(a.try)
			return
		}
	}
	t.Fatalf("no attack %s", id)
}

func wantNil(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
