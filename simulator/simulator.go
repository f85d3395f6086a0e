// Package simulator simulates the Authy service, with phones in the browser.
// Any client of the Authy API can register users with it, ask for approvals,
// send and verify codes, and receive signed callbacks.
//
// Owns: the simulated users with their phones, secrets, requests, messages
// and codes, in a SQLite file of its own; the simulated application and its
// API key; the injected faults.
// Promises: replies have the shapes, statuses and texts that the tested client
// libraries need; an answer is committed before the callback is sent; a
// callback that the application did not take is sent again until the request's
// deadline, also after a restart; the first answer to a request wins; Close
// returns after the last callback.
// Never: contacts a real phone or the real service; serves a request without the
// key whose Host is neither a loopback name, the listener's address nor an
// allowed name; serves a network more of a room than its phones;
// protects anything of value, for whoever reaches it can tap Approve.
package simulator

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"nod/simulator/pages"
)

// Config configures a simulator. The zero value works: with a generated key, a
// temporary file and no callbacks.
type Config struct {
	APIKey         string           // of the application; "" = generated once and kept in the file
	CallbackURL    string           // where answers are sent; "" = no callbacks
	CallbackMethod string           // "POST" (also "") or "GET"
	SignedURL      string           // the URL in the signature of a callback; "" = CallbackURL
	Path           string           // of the SQLite file; "" = a temporary one, removed by Close
	Now            func() time.Time // nil = time.Now
	Logger         *slog.Logger     // nil = none
	AppName        string           // as phones show it, cut to 30 characters; "" = "Nod"
	AllowedHosts   []string         // Host names of the pages and their JSON, besides loopback names and the listener's address
	NetworkURLs    []string         // where other devices find the pages; none = they do not

	// CallbackRetries is how often a callback is sent again that the application
	// did not take: it could not be reached, did not answer in time, or answered
	// 5xx, 408, 425 or 429. 0 = until the request's deadline, also after a
	// restart; NoRetries = never. What the real service does is not documented.
	CallbackRetries int
	// SandboxToken is a code that verify accepts from everybody, as Authy's sandbox
	// accepted 0000000; "" = none.
	SandboxToken string
	// CallbackTimeout is how long the application has to answer a callback;
	// 0 = 5 s.
	CallbackTimeout time.Duration
	// CodesPerHour is how many codes by SMS and voice one user can request per
	// hour before a call gets 429; 0 = 30. The real limit is not documented.
	CodesPerHour int
	Faults       Faults // injected for all phones at the start

	// ResetLimits is what POST /limits/reset does: it has the application forget what
	// its limits have counted. nil = that address is unknown.
	ResetLimits func(context.Context) error

	// Stage answers /stage and what lies under it, under the same names as the phones.
	// nil = that address is unknown.
	Stage http.Handler
	// Framed lets the stage hold the pages in frames.
	Framed bool

	// Keep is how long requests, messages and the like are kept after their end;
	// 0 = a week. Phones are kept for ever.
	Keep time.Duration
	// FirstID is the Authy id of the first user of a new file; the others follow
	// it. So a test can compare recorded replies. 0 = random ids, which are not
	// given twice even if the file is lost.
	FirstID int64

	// Wait takes the place of the real time that injected delays and the pauses
	// between callbacks last, so that a test sees when one begins and decides
	// when it ends. A hanging call waits
	// Forever. ctx ends when the call's client disconnects, and when Close
	// begins. nil = real time.
	Wait func(ctx context.Context, d time.Duration)
}

// NoRetries is the CallbackRetries of an application that wants each callback
// once, whatever becomes of it.
const NoRetries = -1

// Errors of a tap and of the kit.
var (
	ErrNoPhone    = errors.New("no such phone")
	ErrNoRequest  = errors.New("no such request on this phone")
	ErrNotPending = errors.New("the request is not pending")
	ErrNoApp      = errors.New("the app is not installed on this phone")
)

// Simulator is safe for concurrent use. Close it.
type Simulator struct {
	config   Config
	db       *sql.DB
	remove   func() error
	health   health
	app      application
	faults   faults
	watchers watchers
	sender   callbackSender
	pages    *pages.Pages
	handler  http.Handler
	pruner   sync.WaitGroup
	now      func() time.Time
	logger   *slog.Logger
	open     context.Context // ends when Close begins
	shut     context.CancelFunc
	closing  <-chan struct{} // of open
	closed   atomic.Bool
}

// application is the customer of the service that the API key belongs to.
type application struct {
	key, name, hexID string
	serial           int64
}

// New opens the file and returns a simulator on it.
func New(config Config) (*Simulator, error) {
	config, err := config.checked()
	if err != nil {
		return nil, fmt.Errorf("simulator: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	db, remove, err := openDB(ctx, config.Path)
	if err != nil {
		return nil, err
	}
	open, shut := context.WithCancel(context.Background())
	s := &Simulator{
		config: config, db: db, remove: remove,
		now: config.Now, logger: config.Logger, open: open, shut: shut, closing: open.Done(),
		faults:   faults{all: config.Faults, phones: map[int64]Faults{}},
		watchers: watchers{phones: map[int64]map[chan struct{}]bool{}},
	}
	if err := s.start(ctx); err != nil {
		shut()
		return nil, errors.Join(fmt.Errorf("simulator: %w", err), db.Close(), remove())
	}
	return s, nil
}

func (s *Simulator) start(ctx context.Context) (err error) {
	if s.health, err = newHealth(ctx, s.db); err != nil {
		return err
	}
	if s.app, err = loadApplication(ctx, s.db, s.config); err != nil {
		return err
	}
	if err = s.pushRemaining(ctx); err != nil {
		return err
	}
	if s.pages, err = pages.New(); err != nil {
		return err
	}
	s.sender = newCallbackSender(s.config, s.app.key)
	s.handler = s.routes()
	if err := s.resumeCallbacks(ctx); err != nil {
		return err
	}
	s.pruner.Go(s.pruneHourly)
	return nil
}

// checked fills in the defaults and reports invalid values.
func (c Config) checked() (Config, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Wait == nil {
		c.Wait = realTime
	}
	c.AppName = firstRunes(cmp.Or(c.AppName, "Nod"), 30)
	c.CallbackMethod = cmp.Or(c.CallbackMethod, http.MethodPost)
	if c.CallbackTimeout <= 0 {
		c.CallbackTimeout = 5 * time.Second
	}
	if c.Keep <= 0 {
		c.Keep = 7 * 24 * time.Hour
	}
	if c.CodesPerHour <= 0 {
		c.CodesPerHour = 30
	}
	if c.CallbackMethod != http.MethodPost && c.CallbackMethod != http.MethodGet {
		return c, fmt.Errorf("the callback method must be POST or GET, not %q", c.CallbackMethod)
	}
	if c.CallbackRetries < NoRetries {
		return c, fmt.Errorf("callbacks cannot be retried %d times", c.CallbackRetries)
	}
	if err := c.Faults.check(); err != nil {
		return c, err
	}
	if digitsOf(c.SandboxToken) != c.SandboxToken {
		return c, fmt.Errorf("the sandbox token %q must be digits", c.SandboxToken)
	}
	return c, errors.Join(checkCallbackURL(c.CallbackURL), checkCallbackURL(c.SignedURL))
}

// checkCallbackURL rejects URLs with a query or a fragment: how the service
// signs them is not documented, so verifiers might differ.
func checkCallbackURL(text string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return fmt.Errorf("the callback URL %q is not an http or https URL", text)
	}
	if u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return fmt.Errorf("the callback URL %q must have no query, fragment or password", text)
	}
	return nil
}

// loadApplication reads the application from the file, and generates what is
// missing. A configured key is not written to the file: it may be a real one.
func loadApplication(ctx context.Context, db *sql.DB, c Config) (application, error) {
	a := application{key: c.APIKey, name: c.AppName}
	err := inTx(ctx, db, func(tx *sql.Tx) (err error) {
		if a.key == "" {
			if a.key, err = setting(ctx, tx, "api_key", randomKey()); err != nil {
				return err
			}
		}
		if a.hexID, err = setting(ctx, tx, "app_id", randomHex(12)); err != nil {
			return err
		}
		serial, err := setting(ctx, tx, "app_serial_id", fmt.Sprint(10000+randomBelow(90000)))
		if err != nil {
			return err
		}
		_, err = fmt.Sscan(serial, &a.serial)
		return err
	})
	return a, err
}

// Handler serves the Authy API, and the phones' JSON and pages.
func (s *Simulator) Handler() http.Handler { return s.handler }

// APIKey is the key of the simulated application.
func (s *Simulator) APIKey() string { return s.app.key }

// Close ends sockets and hanging calls, cuts injected delays short, waits for
// callbacks to finish, and closes the file. When ctx ends first, it cancels the
// callbacks. From then on requests fail, and so does a second Close.
func (s *Simulator) Close(ctx context.Context) error {
	if s.closed.Swap(true) {
		return errors.New("simulator: closed already")
	}
	s.shut()
	waiting := s.sender.wait(ctx)
	s.pruner.Wait()
	return errors.Join(waiting, s.db.Close(), s.remove())
}

// appURL is the application's home page, derived from the callback URL; "" if
// there is none.
func (s *Simulator) appURL() string {
	u, err := url.Parse(s.config.CallbackURL)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

const keyLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// randomKey has the form of the service's keys: 32 letters and digits.
func randomKey() string {
	key := make([]byte, 32)
	for i := range key {
		key[i] = keyLetters[randomBelow(int64(len(keyLetters)))]
	}
	return string(key)
}

func randomBelow(n int64) int64 {
	i, err := rand.Int(rand.Reader, big.NewInt(n))
	if err != nil {
		panic(err) // the system has no randomness; rand.Read would end the process too
	}
	return i.Int64()
}

func firstRunes(text string, n int) string {
	if r := []rune(text); len(r) > n {
		return string(r[:n])
	}
	return text
}
