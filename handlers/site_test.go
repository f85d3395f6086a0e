package handlers_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"nod/authy"
	"nod/handlers"
	"nod/hub"
	"nod/locales"
	"nod/metrics"
	ownphone "nod/phone"
	"nod/phone/push"
	"nod/providers"
	"nod/signin"
	"nod/simulator"
	"nod/store"
	"nod/tools/ports"
	"nod/views"
)

// testKey is the application's key that site and simulator share.
const testKey = "an-application-key-for-tests-only"

// clock is the time of a site; it stands still until a test moves it.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Now().UTC().Truncate(time.Second)} }

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

// site is the whole application on a real listener, with a real database in
// a temporary folder and a real simulator over HTTP.
type site struct {
	t        testing.TB
	provider store.Provider
	url      string
	clock    *clock
	store    *store.Store
	hub      *hub.Hub
	flow     *signin.Flow
	handlers *handlers.Handlers
	metrics  *metrics.Metrics
	sim      *simulator.Simulator
	simURL   string
	phones   atomic.Int64 // registered so far
	delays   *delays      // of the simulator
	answered signal       // sent when a callback has been answered

	dir      string
	database string // in it, or a URL
	logger   *slog.Logger
	log      logFile // what the logger has written
	options  []option
	stop     func()
}

// config is what a site is made of; an option may change it.
type config struct {
	handlers.Config
	delays *delays
	Authy  providers.AuthyAPI
	sender func(*store.Store) *push.Sender // nil: no phone is woken
	noOwn  bool                            // nobody may add a phone of their own
}

// option changes a site before it starts.
type option func(*config)

func newSite(t testing.TB, options ...option) *site {
	t.Helper()
	return newSiteIn(t, t.TempDir(), newClock(), options...)
}

// newSiteIn is a site on the files that are in a folder already.
func newSiteIn(t testing.TB, dir string, at *clock, options ...option) *site {
	t.Helper()
	return newSiteAt(t, "127.0.0.1", dir, at, options...)
}

// newSiteAt is a site at a name of this machine.
func newSiteAt(t testing.TB, host, dir string, at *clock, options ...option) *site {
	t.Helper()
	return newSiteOf(t, store.Simulator, host, dir, at, options...)
}

// newSiteOf is a site with the phones of a provider. With store.Own the simulator beside
// it is nobody's.
func newSiteOf(t testing.TB, provider store.Provider, host, dir string, at *clock, options ...option) *site {
	t.Helper()
	ln, err := net.Listen("tcp", ports.Free())
	must(t, err)
	s := &site{t: t, provider: provider, url: strings.Replace("http://"+ln.Addr().String(), "127.0.0.1", host, 1), clock: at, delays: newDelays(), dir: dir, options: options}
	s.logger = slog.New(slog.NewTextHandler(io.MultiWriter(t.Output(), &s.log), &slog.HandlerOptions{Level: slog.LevelDebug}))
	s.database = suite.Database(t, dir)
	s.sim, err = simulator.New(simulator.Config{
		APIKey: testKey, CallbackURL: s.url + "/authy/callback",
		Path: filepath.Join(s.dir, "simulator.db"), Now: s.clock.Now, Logger: s.logger,
		CallbackTimeout: hung, Wait: s.delays.wait,
	})
	must(t, err)
	simServer := httptest.NewServer(s.delays.serve(s.sim.Handler()))
	s.simURL = simServer.URL
	s.start(ln)
	t.Cleanup(func() {
		s.stop()
		simServer.Close()
		ctx, cancel := context.WithTimeout(context.Background(), hung)
		defer cancel()
		must(t, s.sim.Close(ctx))
	})
	return s
}

// logFile keeps what is logged.
type logFile struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logFile) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logFile) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// written are the words and the pages of every site: to read them takes longer than many
// a test.
var written = sync.OnceValues(func() (*locales.Catalogue, *views.Pages) {
	words, err := locales.New()
	if err != nil {
		panic(err)
	}
	pages, err := views.Parse(words.Languages())
	if err != nil {
		panic(err)
	}
	return words, pages
})

// start opens the databases and serves ln.
func (s *site) start(ln net.Listener) {
	t := s.t
	t.Helper()
	var err error
	var key []byte
	if store.IsServer(s.database) {
		key = serverKey
	}
	s.store, err = store.Open(t.Context(), s.database, store.Options{
		Provider:       s.provider,
		LegacyProvider: store.Simulator,
		SecretKey:      key,
		Now:            s.clock.Now,
		Logger:         s.logger,
		HashParams:     &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32},
	})
	must(t, err)
	sessions := s.openSessions()
	s.hub = hub.New(lasting(hub.Options{}))
	formKey, err := s.store.Secret(t.Context(), "csrf")
	must(t, err)
	deviceKey, err := s.store.Secret(t.Context(), "device")
	must(t, err)
	words, pages := written()
	api := authy.NewClient(s.simURL, testKey)
	api.Timeout = hung
	c := config{
		Config: handlers.Config{
			Hub: s.hub, Pages: pages, Words: words, SessionStorage: sessions, FormKey: formKey, DeviceKey: deviceKey,
			PublicURL: s.url, PhonesURL: s.simURL, RequestTimeout: hung, Now: s.clock.Now, Logger: s.logger,
		},
		Authy: api, delays: s.delays,
	}
	for _, o := range s.options {
		o(&c)
	}
	s.connect(c)
	app := s.app()
	served := make(chan error, 1)
	go func() { served <- app.Listener(ln) }()
	s.stop = func() {
		ctx, cancel := context.WithTimeout(context.Background(), hung)
		defer cancel()
		c.Hub.Shutdown(ctx, 1012)
		must(t, app.ShutdownWithContext(ctx))
		ln.Close() // a test may be over before its server has begun
		must(t, <-served)
		s.flow.Close()
		must(t, sessions.Close())
		must(t, s.store.Close())
	}
}

// app is the application, with no limit that a slow machine could meet. What
// it says of each callback is signalled.
func (s *site) app() *fiber.App {
	app := s.handlers.App()
	server := app.Server()
	server.ReadTimeout = hung
	server.WriteTimeout, server.IdleTimeout = hung, hung
	handle := server.Handler
	server.Handler = func(c *fasthttp.RequestCtx) {
		handle(c)
		if string(c.Path()) == "/authy/callback" {
			s.answered.send()
		}
	}
	return app
}

// lasting is a hub that no browser is too slow for.
func lasting(o hub.Options) hub.Options {
	o.PingInterval = time.Hour
	return o
}

// connect puts the rooms together as package server does.
func (s *site) connect(c config) {
	s.t.Helper()
	var provider interface {
		signin.Phones
		signin.Codes
		handlers.Provider
	} = &providers.Authy{
		API: c.Authy, Words: c.Words, APIKey: testKey, CallbackURL: s.url + "/authy/callback", LogoURL: s.url + "/static/logo.svg",
		Counter: c.Metrics, Now: c.Now,
	}
	if s.provider == store.Own {
		provider, c.PhonesURL = providers.None{}, ""
	}
	pages := handlers.Browsers{Hub: c.Hub, Now: c.Now}
	var sender *push.Sender
	if c.sender != nil {
		sender = c.sender(s.store)
	}
	own, err := ownphone.New(ownphone.Config{Store: s.store, Pages: pages, Origin: s.url, Now: c.Now, Logger: c.Logger, Push: sender, Words: c.Words})
	var asked signin.OwnPhones
	switch {
	case c.noOwn, errors.Is(err, ownphone.ErrNowhere): // where most sites are, at an IP address
	case err != nil:
		s.t.Fatal(err)
	default:
		c.Phone, asked = own, own
	}
	s.flow, err = signin.New(s.t.Context(), signin.Config{
		Store: s.store, Phones: provider, Codes: provider, Browsers: pages, Own: asked, OwnOnly: s.provider == store.Own,
		Site: "login.tapworld.example", Counter: c.Metrics, ProviderTimeout: hung, Now: c.Now, Logger: c.Logger,
	})
	must(s.t, err)
	c.Flow, c.Provider, s.metrics = s.flow, provider, c.Metrics
	s.handlers, err = handlers.New(c.Config)
	must(s.t, err)
}

// restart is another process on the same files and address.
func (s *site) restart() {
	s.t.Helper()
	s.stop()
	s.startAgain()
}

// startAgain is the start after a stop.
func (s *site) startAgain() {
	s.t.Helper()
	ln, err := net.Listen("tcp", strings.TrimPrefix(s.url, "http://"))
	must(s.t, err)
	s.start(ln)
}
