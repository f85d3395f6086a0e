package signin_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"nod/authy"
	"nod/locales"
	"nod/providers"
	"nod/signin"
	"nod/simulator"
	"nod/store"
)

const (
	testKey  = "an-application-key-for-tests-only"
	password = "correct horse battery staple"
)

var client = store.Client{IP: "192.0.2.7", UserAgent: "Browser/1.0", Unpressed: true}

// world is the flow on a real database and a real simulator over HTTP, with a
// clock that stands still.
type world struct {
	t        *testing.T
	now      atomic.Int64 // Unix milliseconds
	store    *store.Store
	flow     *signin.Flow
	sim      *simulator.Simulator
	phones   *phones
	browsers browsers
	counts   counts
	numbers  int
}

// phones counts what the provider is asked about requests.
type phones struct {
	*providers.Authy
	asked atomic.Int64

	given map[string]time.Time // when these were approved
	ahead time.Duration        // of its clock
}

func (p *phones) Answer(ctx context.Context, requestID string) (signin.Answer, error) {
	p.asked.Add(1)
	answer, err := p.Authy.Answer(ctx, requestID)
	if at, ok := p.given[requestID]; ok {
		answer.Status, answer.GivenAt = store.Approved, at.Add(p.ahead).Truncate(time.Second)
	}
	answer.AskedAt = answer.AskedAt.Add(p.ahead)
	return answer, err
}

// browsers keeps what each session was last told.
type browsers struct {
	mu   sync.Mutex
	told map[string]signin.State
}

func (b *browsers) TellState(sessionID string, s signin.State) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.told == nil {
		b.told = map[string]signin.State{}
	}
	b.told[sessionID] = s
}

func (*browsers) TellTransfers(string, signin.Transfers) {}
func (*browsers) Reconnect(string)                       {}
func (*browsers) Waits(string) bool                      { return false }
func (*browsers) Waiting() []string                      { return nil }

func (b *browsers) last(sessionID string) signin.State {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.told[sessionID]
}

func (w *world) clock() time.Time { return time.UnixMilli(w.now.Load()).UTC() }

func (w *world) advance(d time.Duration) { w.now.Add(d.Milliseconds()) }

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t}
	w.now.Store(time.Date(2026, time.November, 24, 19, 0, 0, 0, time.UTC).UnixMilli())
	sim, err := simulator.New(simulator.Config{APIKey: testKey, Path: filepath.Join(t.TempDir(), "simulator.db"), Now: w.clock})
	must(t, err)
	w.sim = sim
	server := httptest.NewServer(sim.Handler())
	w.store, err = store.Open(t.Context(), filepath.Join(t.TempDir(), "nod.db"), store.Options{
		Now: w.clock, HashParams: &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32},
	})
	must(t, err)
	words, err := locales.New()
	must(t, err)
	w.phones = &phones{Authy: &providers.Authy{Words: words, API: authy.NewClient(server.URL, testKey), LogoURL: "https://nod.example/logo.svg", Now: w.clock}}
	w.flow, err = signin.New(t.Context(), signin.Config{
		Store: w.store, Phones: w.phones, Codes: w.phones, Browsers: &w.browsers, Counter: &w.counts, Now: w.clock,
		Withdrawals: providers.Simulated{API: authy.NewClient(server.URL, testKey)},
		Logger:      slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	must(t, err)
	t.Cleanup(func() {
		must(t, w.store.Close())
		server.Close()
		must(t, sim.Close(context.WithoutCancel(t.Context())))
	})
	return w
}

// signUp makes an account with a phone of its own.
func (w *world) signUp(email string) store.User {
	w.t.Helper()
	w.numbers++
	user, err := w.flow.SignUp(w.t.Context(), signin.NewAccount{
		Name: "Ada", Email: email, Password: password, Phone: signin.TypedPhone{CountryCode: 1, Number: fmt.Sprintf("201555%04d", w.numbers)},
	}, client)
	must(w.t, err)
	return user
}

// begin is a visitor whose password was right and whose phone rings.
func (w *world) begin(user store.User) signin.Visitor {
	w.t.Helper()
	sess, err := w.flow.Begin(w.t.Context(), user, "", client)
	must(w.t, err)
	v := signin.Visitor{Session: sess, User: user}
	next, err := w.flow.SecondStep(w.t.Context(), v)
	must(w.t, err)
	if next != signin.WaitForTap {
		w.t.Fatal("the phone was not asked")
	}
	return v
}

// approve is the answer of the visitor's phone, as a callback brings it.
func (w *world) approve(v signin.Visitor) {
	w.t.Helper()
	a, err := w.flow.Request(w.t.Context(), v.Session.ID)
	must(w.t, err)
	verdict, err := w.flow.Answered(w.t.Context(), signin.Answer{RequestID: a.UUID, ApprovalID: a.ID, Handle: a.Handle, Status: store.Approved})
	must(w.t, err)
	if verdict != signin.VerdictApplied {
		w.t.Fatalf("the answer was %s, want it applied", verdict)
	}
}

// signIn is a visitor that came in by a tap, and the session it waited on.
func (w *world) signIn(user store.User) (v signin.Visitor, before string) {
	w.t.Helper()
	half := w.begin(user)
	w.approve(half)
	sess, err := w.flow.Confirm(w.t.Context(), half, client)
	must(w.t, err)
	w.flow.SignedIn(w.t.Context(), half.Session.ID, sess)
	return signin.Visitor{Session: sess, User: user}, half.Session.ID
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
