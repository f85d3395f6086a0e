// Package simulator is an Authy of one's own, with phones in the browser:
// any client of the Authy API can register users with it, ask for approvals,
// send and verify codes, and be told by signed callbacks.
//
// Owns: the simulated users with their phones, secrets, requests, messages
// and codes, in a SQLite file of its own; the key of the simulated
// application; the faults that were ordered.
// Promises: replies have the shapes, statuses and texts that the client
// libraries of the real service insist on; an answer is committed before
// anybody is told; of two answers to one request one wins; Close returns
// after the last callback.
// Never: reaches a real phone or the real service; is reached by the
// application in another way than HTTP; answers a browser under a name that
// is not its own; guards anything of value, for whoever reaches it may tap
// Approve.
package simulator

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"math/big"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"nod/simulator/pages"
)

// Config says what to simulate. The zero value works: with a key made up, in
// a temporary file, telling nobody of answers.
type Config struct {
	APIKey         string           // of the application; "" = made up once and kept in the file
	CallbackURL    string           // who is told of answers; "" = nobody
	CallbackMethod string           // "POST" (also "") or "GET"
	Path           string           // of the SQLite file; "" = a temporary one, gone after Close
	Now            func() time.Time // nil = time.Now
	Logger         *slog.Logger     // nil = none
	AppName        string           // as phones show it, at most 30 characters; "" = "Nod"
	AllowedHosts   []string         // names it is reached by, beside loopback's and its listener's address

	// CallbackRetries is how often a callback that was not answered with 2xx
	// is tried again, at most 3. The real service's habit is not documented:
	// the default is one attempt.
	CallbackRetries int
	// CallbackTimeout is how long the application may take to answer a
	// callback; 0 = 5 s.
	CallbackTimeout time.Duration
	// CodesPerHour is how many codes by SMS and voice one user may have sent
	// in an hour before the service defends itself; 0 = 30. The real number
	// is not documented.
	CodesPerHour int
	Faults       Faults // ordered for all phones from the start
}

// Errors of answering a request, and of the kit.
var (
	ErrNoPhone    = errors.New("no such phone")
	ErrNoRequest  = errors.New("no such request on this phone")
	ErrNotPending = errors.New("the request is not pending")
	ErrNoApp      = errors.New("the app is not on this phone")
)

// Simulator is safe for concurrent use. Close it.
type Simulator struct {
	config   Config
	db       *sql.DB
	remove   func() error
	app      application
	faults   faults
	watchers watchers
	sender   callbackSender
	pages    *template.Template
	handler  http.Handler
	now      func() time.Time
	logger   *slog.Logger
	closing  chan struct{} // closed when Close begins
	closed   atomic.Bool
}

// application is what the service knows of its customer.
type application struct {
	key, name, hexID string
	serial           int64
}

// New opens the file and makes a simulator of it.
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
	s := &Simulator{
		config: config, db: db, remove: remove,
		now: config.Now, logger: config.Logger, closing: make(chan struct{}),
		faults:   faults{all: config.Faults, phones: map[int64]Faults{}},
		watchers: watchers{phones: map[int64]map[chan struct{}]bool{}},
	}
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("simulator: %w", err), db.Close(), remove())
	}
	return s, nil
}

func (s *Simulator) start(ctx context.Context) (err error) {
	if s.app, err = loadApplication(ctx, s.db, s.config); err != nil {
		return err
	}
	if err = s.pushRemaining(ctx); err != nil {
		return err
	}
	if s.pages, err = template.ParseFS(pages.FS, "*.html"); err != nil {
		return err
	}
	s.sender = newCallbackSender(s.config, s.app.key, s.closing)
	s.handler = s.routes()
	return nil
}

// checked fills in the defaults and says what cannot be.
func (c Config) checked() (Config, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	c.AppName = firstRunes(cmp.Or(c.AppName, "Nod"), 30)
	c.CallbackMethod = cmp.Or(c.CallbackMethod, http.MethodPost)
	if c.CallbackTimeout <= 0 {
		c.CallbackTimeout = 5 * time.Second
	}
	if c.CodesPerHour <= 0 {
		c.CodesPerHour = 30
	}
	if c.CallbackMethod != http.MethodPost && c.CallbackMethod != http.MethodGet {
		return c, fmt.Errorf("callbacks go by POST or GET, not by %q", c.CallbackMethod)
	}
	if c.CallbackRetries < 0 || c.CallbackRetries > len(retryWaits) {
		return c, fmt.Errorf("a callback is tried again at most %d times", len(retryWaits))
	}
	if err := c.Faults.check(); err != nil {
		return c, err
	}
	return c, checkCallbackURL(c.CallbackURL)
}

// checkCallbackURL refuses what cannot be signed the same way by everybody:
// no vector says what becomes of a query or a fragment.
func checkCallbackURL(text string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return fmt.Errorf("the callback URL %q is no http or https URL", text)
	}
	if u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return fmt.Errorf("the callback URL %q must have no query, fragment or password", text)
	}
	return nil
}

// loadApplication reads who the customer is, and makes up what is not known.
// A key that was given is not kept: it may be worth something elsewhere.
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

// Handler serves the API, the phones and their pages.
func (s *Simulator) Handler() http.Handler { return s.handler }

// APIKey is the key of the simulated application.
func (s *Simulator) APIKey() string { return s.app.key }

// Close ends sockets and hung calls, sends at once what a fault delays, waits
// for the callbacks on their way, and closes the file. When ctx ends first,
// they are cut off. New requests fail from then on, and so does a second call.
func (s *Simulator) Close(ctx context.Context) error {
	if s.closed.Swap(true) {
		return errors.New("simulator: closed already")
	}
	close(s.closing)
	waiting := s.sender.wait(ctx)
	return errors.Join(waiting, s.db.Close(), s.remove())
}

// appURL is the application's front page, as far as the callback URL tells.
func (s *Simulator) appURL() string {
	u, err := url.Parse(s.config.CallbackURL)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

const keyLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// randomKey is of the form of the service's keys: 32 letters and digits.
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
