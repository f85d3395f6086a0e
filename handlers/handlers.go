// Package handlers is the application as a browser meets it: routes, guards,
// forms, cookies, pages, and the callback endpoint of the provider.
//
// Owns: what a request may do. A handler parses, asks package signin and
// answers. One sign-in, top to bottom:
//
//	GET  /login            the form                        login.go
//	POST /login            signin.Begin and SecondStep     login.go
//	GET  /login/approval   the waiting page                approval.go
//	GET  /login/events     WebSocket: the stored state,
//	                       then every change of it         events.go
//	POST /authy/callback   the phone's answer, signed      callback.go
//	POST /confirm-login    signin.Confirm                  confirm.go
//	GET  /protected        the protected content           protected.go
//
// Without the tap: /verify-token and /send-token (token.go). The second thing
// to approve, a transfer of money: transfers.go.
//
// Promises: an error that a handler does not explain on its own page is
// returned, and rendered in one place (errors.go). The sentences come from the
// catalogue, by key.
//
// Never: changes a state itself; trusts an event, a header or a form to say
// who is signed in; takes the host of a link or a redirect from a request.
package handlers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/session"

	"nod/hub"
	"nod/locales"
	"nod/metrics"
	"nod/phone"
	"nod/signin"
	"nod/traces"
	"nod/views"
)

// Provider is the service that reaches the phones, as far as HTTP is concerned.
type Provider interface {
	// Callback verifies a callback as it was received. signin.ErrForged for
	// one that the provider did not sign.
	Callback(method, rawQuery string, header http.Header, body []byte) (signin.Answer, error)
	// Health says in a word how its last call went, and when that was.
	Health() (state string, lastCall time.Time)
}

// Config is what the application needs. Flow, Hub, Pages, Words, Provider,
// SessionStorage, FormKey, DeviceKey and PublicURL are required; zero values of
// the rest mean defaults.
type Config struct {
	Flow           *signin.Flow
	Hub            *hub.Hub
	Pages          *views.Pages
	Words          *locales.Catalogue // in the languages of Pages
	Provider       Provider
	SessionStorage fiber.Storage
	FormKey        []byte // makes the tokens of the forms
	DeviceKey      []byte // signs the cookies of known browsers

	// PhonesReady says whether simulated phones can keep what is done with them;
	// nil when the phones are real.
	PhonesReady func(context.Context) error

	Phone     *phone.Room // phones of one's own; nil where browsers make no keys for them
	PublicURL string      // scheme://host[:port], the one address people and callbacks use
	PhonesURL string      // where simulated phones are, "" when the phones are real

	// Demo is set for a demonstration alone: its people are offered on the sign-in
	// page, and its stage may hold the pages in a frame.
	Demo *Demo

	SessionMax     time.Duration // 0: 24 hours; the life of the cookie
	RequestTimeout time.Duration // 0: 10 seconds; for all that one request starts
	// TrustedProxies are the addresses or ranges of our own proxies. The last
	// address in X-Forwarded-For that is none of them is the visitor. Nothing
	// else they forward is believed.
	TrustedProxies []string

	Version string           // of the binary, for /healthz
	Metrics *metrics.Metrics // nil: nothing is counted
	Tracer  *traces.Tracer   // nil: nothing is traced
	Now     func() time.Time // nil: time.Now
	Logger  *slog.Logger     // nil: slog.Default
}

// Handlers serves the application. Make one with New.
type Handlers struct {
	Config
	public   *url.URL
	sessions *session.Store
	browsers Browsers
	refs     sessionRefs
	ready    *readiness
	proxies  Proxies
	fixed    [][2]string // headers of every answer
	names    ownNames    // of the cookies
	nations  countryLists

	redirects    redirects
	reconnects   *reconnects
	checks       atomic.Int32 // open ones
	lostHostOnce sync.Once
}

// New checks c and prepares the handlers.
func New(c Config) (*Handlers, error) {
	public, err := url.Parse(c.PublicURL)
	if err != nil || public.Host == "" || (public.Scheme != "http" && public.Scheme != "https") {
		return nil, fmt.Errorf("handlers: public URL %q: want http(s)://host[:port]", c.PublicURL)
	}
	if c.Flow == nil || c.Hub == nil || c.Pages == nil || c.Words == nil || c.Provider == nil || c.SessionStorage == nil || len(c.FormKey) == 0 || len(c.DeviceKey) == 0 {
		return nil, errors.New("handlers: Flow, Hub, Pages, Words, Provider, SessionStorage, FormKey and DeviceKey are required")
	}
	c.PublicURL = strings.TrimSuffix(c.PublicURL, "/")
	c.SessionMax = cmp.Or(c.SessionMax, 24*time.Hour)
	c.RequestTimeout = cmp.Or(c.RequestTimeout, 10*time.Second)
	if c.Now == nil {
		c.Now = time.Now
	}
	c.Logger = cmp.Or(c.Logger, slog.Default())
	proxies, err := ParseProxies(c.TrustedProxies)
	if err != nil {
		return nil, err
	}
	h := &Handlers{Config: c, public: public, browsers: Browsers{c.Hub, c.Now}, proxies: proxies, ready: newReadiness(c), reconnects: newReconnects()}
	h.fixed = h.answerHeaders()
	h.names = h.ownNames()
	h.nations = listCountries(c.Words)
	h.sessions = session.New(session.Config{
		Storage:        c.SessionStorage,
		Expiration:     c.SessionMax,
		KeyLookup:      "cookie:" + h.cookieName("session"),
		CookiePath:     "/",
		CookieSecure:   h.secure(),
		CookieHTTPOnly: true,
		CookieSameSite: "Lax",
		KeyGenerator:   randomText,
	})
	return h, nil
}

func (h *Handlers) secure() bool { return h.public.Scheme == "https" }
