package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"nod/store"
	"nod/tools/postgres"
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

// suite runs these tests on PostgreSQL, too. What is left out there is about files, or
// about what SQLite alone has.
var suite = postgres.Suite{
	Skip: `^(` + strings.Join([]string{
		`TestOpen.*`, `TestUpgrade.*`, `TestMigrations.*`, `TestADemonstrationHasAFileOfItsOwn`, // files, and those of old versions
		`TestACopyIsOfOneMoment`, `TestADamagedFileIsNotCopied`, `TestReady.*`, `TestTheKeyFileIsPrivate`, `TestNoKeyIsMadeForATrail`, `TestAnAnswerThatIsNotKept`, // what lies at a path
		`TestReferencesAreChecked`, `TestACommitIsOnTheDisk`, `TestTheLogShrinks.*`, `TestAFullDiskIsNoticed`, `TestWaitingTooLong.*`, `TestRefusalsWaitForTheDisk`, // how SQLite is set
		`.*ByIndex`, `TestPruningReads.*`, `TestHotQueries.*`, // how it plans
		`TestErrorsOfTheDriverStayInside`,                                             // its own
		`TestOwnPhonesGo`, `TestRecoveryCodesAreHashed`, `TestSecretsOfAppsAreSealed`, // what its file holds
	}, "|") + `)$`,
	Template: func(database string) error {
		s, err := store.Open(context.Background(), database, store.Options{SecretKey: serverKey, HashParams: cheap})
		if err != nil {
			return err
		}
		if store.IsServer(database) {
			store.Rehearse(1)
		}
		return s.Close()
	},
}

// rehearsals is how often each transaction is run before it counts: on PostgreSQL any
// of them may have to be run again.
func rehearsals() int {
	if suite.Running() {
		return 1
	}
	return 0
}

// serverKey is the secret key of those, beside which no file lies.
var serverKey = bytes.Repeat([]byte("k"), 32)

func TestMain(m *testing.M) { os.Exit(suite.Main(m)) }

// world is a store in a real database, with a clock that stands still.
type world struct {
	t      testing.TB
	path   string
	clock  *clock
	store  *store.Store
	phones int64
	legacy store.Provider // of a file from before factors
	others store.Provider // whose phones are asked beside people's own; "" for simulated ones
}

func newWorld(t testing.TB) *world { return newWorldOf(t, "") }

// newWorldOf is a world with the phones of a provider.
func newWorldOf(t testing.TB, p store.Provider) *world {
	t.Helper()
	w := &world{t: t, others: p, clock: &clock{now: time.Date(2026, time.November, 24, 19, 0, 0, 0, time.UTC)}}
	w.path = suite.Database(t, t.TempDir())
	w.open()
	t.Cleanup(func() { must(t, w.store.Close()) })
	return w
}

func (w *world) open() {
	w.t.Helper()
	var err error
	w.store, err = store.Open(w.t.Context(), w.path, w.options())
	must(w.t, err)
	w.leaveOut() // most tests begin more sign-ins than anybody may
}

func (w *world) options() store.Options {
	o := store.Options{Now: w.clock.Now, HashParams: cheap, LegacyProvider: w.legacy, Provider: w.others}
	if store.IsServer(w.path) {
		o.SecretKey = serverKey
	}
	return o
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
		PhoneNumber: fmt.Sprintf("+1201555%04d", 100+w.phones), CountryCode: 1, Handle: fmt.Sprint(1000 + w.phones),
	})
	must(w.t, err)
	return u
}

// phone is the factor of a user.
func (w *world) phone(u store.User) store.Factor {
	w.t.Helper()
	f, err := w.store.Factor(w.t.Context(), u.ID)
	must(w.t, err)
	return f
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
	must(w.t, w.attachUUID(a.ID, a.UUID))
	return a
}

func (w *world) attachUUID(approvalID, uuid string) error {
	_, err := w.store.AttachUUID(w.t.Context(), approvalID, uuid)
	return err
}

// decide answers a request on its phone, as a callback does.
func (w *world) decide(a store.Approval, status store.ApprovalStatus) (store.Approval, bool) {
	w.t.Helper()
	got, applied, err := w.store.Decide(w.t.Context(), answer(a, status))
	must(w.t, err)
	return got, applied
}

// approve taps Approve in time.
func (w *world) approve(a store.Approval) {
	w.t.Helper()
	if _, applied := w.decide(a, store.Approved); !applied {
		w.t.Fatal("the tap was not applied")
	}
}

// answer is what the provider's callback says of a request.
func answer(a store.Approval, status store.ApprovalStatus) store.Decision {
	return store.Decision{
		ApprovalID: a.ID, UUID: a.UUID, Handle: a.Handle,
		Status: status, Via: "callback",
	}
}

// signIn walks the whole way in with a tap.
func (w *world) signIn(u store.User) store.Session {
	w.t.Helper()
	sess := w.start(u)
	w.approve(w.begin(sess))
	in, err := w.store.ConfirmLogin(w.t.Context(), sess.ID, browser)
	must(w.t, err)
	return in
}

// fresh is a session that may change the account, and leaves no line of its own.
func (w *world) fresh(u store.User) string {
	w.t.Helper()
	sess, err := w.store.FreshSession(w.t.Context(), u.ID, store.Client{IP: browser.IP, UserAgent: "Fresh/1.0"})
	must(w.t, err)
	return sess.ID
}

// as does something in a session that may change the account, and was never there.
func (w *world) as(u store.User, do func(id string) error) {
	w.t.Helper()
	id := w.fresh(u)
	must(w.t, do(id))
	must(w.t, w.store.DropSession(w.t.Context(), id))
}

// closeAccount closes an account, and returns the sessions that it ended.
func (w *world) closeAccount(u store.User) []store.Session {
	w.t.Helper()
	ended, err := w.store.CloseAccount(w.t.Context(), w.fresh(u))
	must(w.t, err)
	return ended
}

// approval reads a request again.
func (w *world) approval(id string) store.Approval {
	w.t.Helper()
	a, err := w.store.Approval(w.t.Context(), id)
	must(w.t, err)
	return a
}

// session reads a session again, whether or not it counts.
func (w *world) session(id string) store.Session {
	w.t.Helper()
	sess, err := w.store.AnySession(w.t.Context(), id)
	must(w.t, err)
	return sess
}

// events are the kinds of the audit lines about a user, oldest first.
func (w *world) events(u store.User) []string {
	w.t.Helper()
	events, err := w.store.Events(w.t.Context(), u.ID, 1000)
	must(w.t, err)
	var kinds []string
	for _, e := range slices.Backward(events) {
		kinds = append(kinds, string(e.Kind))
	}
	return kinds
}

// number reads a single number by a connection of its own.
func (w *world) number(query string, args ...any) (n int) {
	w.t.Helper()
	db := w.raw()
	defer db.Close()
	must(w.t, db.QueryRowContext(w.t.Context(), query, args...).Scan(&n))
	return n
}

// raw is the database as another program opens it.
func (w *world) raw() *sql.DB {
	w.t.Helper()
	if store.IsServer(w.path) {
		db, err := store.OpenServer(w.path)
		must(w.t, err)
		return db
	}
	db, err := sql.Open("sqlite3", "file:"+w.path+"?_busy_timeout=180000")
	must(w.t, err)
	return db
}

func wantErr(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got error %v, want %v", what, got, want)
	}
}

// race runs do n times at once and returns how often it succeeded. refused is
// the only error it may fail by.
func race(t testing.TB, n int, refused error, do func(i int) error) (won int) {
	t.Helper()
	var wins atomic.Int64
	start := make(chan struct{})
	var running sync.WaitGroup
	for i := range n {
		running.Go(func() {
			<-start
			switch err := do(i); {
			case err == nil:
				wins.Add(1)
			case !errors.Is(err, refused):
				t.Errorf("got error %v, want none or %v", err, refused)
			}
		})
	}
	close(start)
	running.Wait()
	return int(wins.Load())
}

func wantEqual[T comparable](t testing.TB, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got  %v,\nwant %v", got, want)
	}
}
