package store_test

import (
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"nod/store"
)

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// ttl is how long the requests of these tests live.
const ttl = 2 * time.Minute

var (
	browser = store.Client{IP: "192.0.2.7", UserAgent: "Browser/1.0"}

	// cheap makes hashes that cost next to nothing.
	cheap = &argon2id.Params{Memory: 8, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}
)

const password = "correct horse battery"

// world is a store in a real file, with a clock that stands still.
type world struct {
	t      testing.TB
	path   string
	clock  *clock
	store  *store.Store
	phones int64
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{
		t:     t,
		path:  filepath.Join(t.TempDir(), "nod.db"),
		clock: &clock{now: time.Date(2026, time.November, 24, 19, 0, 0, 0, time.UTC)},
	}
	w.open()
	t.Cleanup(func() { must(t, w.store.Close()) })
	return w
}

func (w *world) open() {
	w.t.Helper()
	var err error
	w.store, err = store.Open(w.t.Context(), w.path, w.options())
	must(w.t, err)
}

func (w *world) options() store.Options {
	return store.Options{Now: w.clock.Now, HashParams: cheap}
}

// restart closes the file and opens it again, as a new process would.
func (w *world) restart() {
	w.t.Helper()
	must(w.t, w.store.Close())
	w.open()
}

// user makes an account with a phone of its own.
func (w *world) user(email string) store.User {
	w.t.Helper()
	w.phones++
	u, err := w.store.CreateUser(w.t.Context(), store.NewUser{
		Name: "Ada", Email: email, Password: password,
		PhoneNumber: "+12015550101", CountryCode: 1, AuthyID: 1000 + w.phones,
	})
	must(w.t, err)
	return u
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// start begins a session whose password was right.
func (w *world) start(u store.User) store.Session {
	w.t.Helper()
	sess, err := w.store.StartSession(w.t.Context(), u.ID, "", browser)
	must(w.t, err)
	return sess
}

// begin rings the phone for a session's login.
func (w *world) begin(sess store.Session) store.Approval {
	w.t.Helper()
	a, _, err := w.store.BeginApproval(w.t.Context(), sess.ID, store.KindLogin, "", ttl)
	must(w.t, err)
	return w.attach(a)
}

// attach gives a request the provider's id.
func (w *world) attach(a store.Approval) store.Approval {
	w.t.Helper()
	a.UUID = "uuid-of-" + a.ID
	must(w.t, w.store.AttachUUID(w.t.Context(), a.ID, a.UUID))
	return a
}
