package handlers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
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
	"nod/providers"
	"nod/signin"
	"nod/simulator"
	"nod/store"
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

	dir     string
	logger  *slog.Logger
	log     logFile // what the logger has written
	options []option
	stop    func()
}

// config is what a site is made of; an option may change it.
type config struct {
	handlers.Config
	delays *delays
	Authy  providers.AuthyAPI
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
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	s := &site{t: t, url: "http://" + ln.Addr().String(), clock: at, delays: newDelays(), dir: dir, options: options}
	s.logger = slog.New(slog.NewTextHandler(io.MultiWriter(t.Output(), &s.log), &slog.HandlerOptions{Level: slog.LevelDebug}))
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

// start opens the databases and serves ln.
func (s *site) start(ln net.Listener) {
	t := s.t
	t.Helper()
	var err error
	s.store, err = store.Open(t.Context(), filepath.Join(s.dir, "nod.db"), store.Options{
		LegacyProvider: store.Simulator,
		Now:            s.clock.Now,
		Logger:         s.logger,
		HashParams:     &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32},
	})
	must(t, err)
	sessions, err := handlers.OpenSessions(filepath.Join(s.dir, "sessions.db"), hung)
	must(t, err)
	s.hub = hub.New(lasting(hub.Options{}))
	key, err := s.store.Secret(t.Context(), "csrf")
	must(t, err)
	deviceKey, err := s.store.Secret(t.Context(), "device")
	must(t, err)
	words, err := locales.New()
	must(t, err)
	pages, err := views.Parse(words.In("en"))
	must(t, err)
	api := authy.NewClient(s.simURL, testKey)
	api.Timeout = hung
	c := config{
		Config: handlers.Config{
			Hub: s.hub, Pages: pages, SessionStorage: sessions, FormKey: key, DeviceKey: deviceKey,
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
	provider := &providers.Authy{
		API: c.Authy, APIKey: testKey, CallbackURL: s.url + "/authy/callback", LogoURL: s.url + "/static/logo.svg",
		Counter: c.Metrics, Now: c.Now,
	}
	var err error
	s.flow, err = signin.New(s.t.Context(), signin.Config{
		Store: s.store, Phones: provider, Codes: provider, Browsers: handlers.Browsers{Hub: c.Hub, Now: c.Now},
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
	ln, err := net.Listen("tcp", strings.TrimPrefix(s.url, "http://"))
	must(s.t, err)
	s.start(ln)
}

// browser is one person's browser: its own cookies, redirects seen.
type browser struct {
	t    testing.TB
	site *site
	http *http.Client
}

func (s *site) browser() *browser {
	jar, err := cookiejar.New(nil)
	must(s.t, err)
	return &browser{s.t, s, &http.Client{
		Jar:           jar,
		Timeout:       hung,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// page is an answer, read whole.
type page struct {
	Status int
	Header http.Header
	Body   string
}

// Location is where a redirect leads, without the site.
func (p page) Location() string { return p.Header.Get("Location") }

func (b *browser) do(req *http.Request) page {
	b.t.Helper()
	res, err := b.http.Do(req)
	must(b.t, err)
	return readPage(b.t, res)
}

func readPage(t testing.TB, res *http.Response) page {
	t.Helper()
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	must(t, err)
	return page{res.StatusCode, res.Header, string(body)}
}

func (b *browser) get(path string) page {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.site.url+path, nil)
	must(b.t, err)
	return b.do(req)
}

var csrfField = regexp.MustCompile(`name="_csrf" value="([^"]+)"`)

// formToken is the token that a form of a page would carry now.
func (b *browser) formToken() string {
	b.t.Helper()
	// Who waits is led away from the first, and finds one on the second.
	for _, path := range []string{"/login", "/"} {
		if found := csrfField.FindStringSubmatch(b.get(path).Body); found != nil {
			return found[1]
		}
	}
	b.t.Fatal("no page carries a form token")
	return ""
}

// post sends a form as a page of the site would.
func (b *browser) post(path string, fields ...string) page {
	b.t.Helper()
	form := url.Values{"_csrf": {b.formToken()}}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return b.postForm(path, form)
}

func (b *browser) postForm(path string, form url.Values) page {
	b.t.Helper()
	return b.send(http.MethodPost, path, form)
}

func (b *browser) send(method, path string, form url.Values) page {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.site.url+path, strings.NewReader(form.Encode()))
	must(b.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", b.site.url)
	return b.do(req)
}

// cookie is a cookie of the site, by its name without the port.
func (b *browser) cookie(name string) string {
	u, err := url.Parse(b.site.url)
	must(b.t, err)
	name += "_" + u.Port()
	for _, c := range b.http.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

func (b *browser) cookieHeader() string {
	u, err := url.Parse(b.site.url)
	must(b.t, err)
	var all []string
	for _, c := range b.http.Jar.Cookies(u) {
		all = append(all, c.Name+"="+c.Value)
	}
	return strings.Join(all, "; ")
}

const goodPassword = "correct horse battery staple"

// person is somebody with an account, and the phone they registered.
type person struct {
	Email string
	phone *phone
}

// signUp makes an account in b. The first request rings at once.
func (s *site) signUp(b *browser, email string) person {
	s.t.Helper()
	s.register(b, email)
	return person{email, s.phoneOf(email)}
}

func (s *site) register(b *browser, email string) {
	s.t.Helper()
	got := b.post("/signup", "name", "Ada", "email", email, "password", goodPassword,
		"country_code", "1", "phone_number", fmt.Sprintf("201555%04d", s.phones.Add(1)))
	wantRedirect(s.t, got, "/login/approval")
}

// account makes an account and comes back signed out, with no request open.
func (s *site) account(email string) person {
	s.t.Helper()
	b := s.browser()
	p := s.signUp(b, email)
	wantRedirect(s.t, b.post("/login/cancel"), "/login?notice=cancelled")
	return p
}

// passPassword gives the password in b; the phone rings.
func (b *browser) passPassword(p person) {
	b.t.Helper()
	wantRedirect(b.t, b.post("/login", "email", p.Email, "password", goodPassword), "/login/approval")
}

// waits gives the password and opens the socket of the waiting page.
func (b *browser) waits(p person) *socket {
	b.t.Helper()
	b.passPassword(p)
	events := b.events()
	events.want("pending")
	return events
}

// atOnce posts one form n times at the same moment, with the cookies that the
// browser has now, and hands on each answer.
func (b *browser) atOnce(n int, path string, form url.Values, answered func(*http.Response)) {
	b.t.Helper()
	form.Set("_csrf", b.formToken())
	body, cookies := form.Encode(), b.cookieHeader()
	var group sync.WaitGroup
	for range n {
		group.Go(func() {
			req, err := http.NewRequest(http.MethodPost, b.site.url+path, strings.NewReader(body))
			if err != nil {
				b.t.Error(err)
				return
			}
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.Header.Set("Cookie", cookies)
			res, err := http.DefaultTransport.RoundTrip(req)
			if err != nil {
				b.t.Error(err)
				return
			}
			res.Body.Close()
			answered(res)
		})
	}
	group.Wait()
}

// signIn goes the whole way by a tap.
func (b *browser) signIn(p person) {
	b.t.Helper()
	events := b.waits(p)
	p.phone.approve(p.phone.pending())
	events.want("approved")
	wantRedirect(b.t, b.post("/confirm-login"), "/protected")
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantStatus(t testing.TB, got page, status int) {
	t.Helper()
	if got.Status != status {
		t.Fatalf("got status %d, want %d; body:\n%s", got.Status, status, got.Body)
	}
}

func wantRedirect(t testing.TB, got page, location string) {
	t.Helper()
	if got.Status != http.StatusSeeOther || got.Location() != location {
		t.Fatalf("got status %d to %q, want 303 to %q; body:\n%s", got.Status, got.Location(), location, got.Body)
	}
}

func wantBody(t testing.TB, got page, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(got.Body, part) && !strings.Contains(html.UnescapeString(got.Body), part) {
			t.Fatalf("status %d, body lacks %q:\n%s", got.Status, part, got.Body)
		}
	}
}

func getJSON(t testing.TB, url string, into any) {
	t.Helper()
	res, err := http.Get(url)
	must(t, err)
	defer res.Body.Close()
	must(t, json.NewDecoder(res.Body).Decode(into))
}

func postJSON(t testing.TB, url, body string) int {
	t.Helper()
	res, err := http.Post(url, "application/json", strings.NewReader(body))
	must(t, err)
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	must(t, err)
	return res.StatusCode
}
