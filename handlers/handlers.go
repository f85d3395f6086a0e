// Package handlers is the application as a browser meets it: routes, guards,
// forms, cookies, pages, and the callback endpoint of the provider.
//
// Owns: what a request may do. One sign-in, top to bottom:
//
//	GET  /login            the form                               login.go
//	POST /login            password → session "password passed"   login.go
//	                       → approval row → request to the phone  approval.go
//	GET  /login/approval   the waiting page                       approval.go
//	GET  /login/events     WebSocket: the stored state, then news events.go
//	POST /authy/callback   the phone's answer, signed             callback.go
//	POST /confirm-login    consume the approval → "signed in"     confirm.go
//	GET  /protected        the protected content                  protected.go
//
// Without the tap: /verify-token and /send-token (token.go). The second thing
// to approve, a transfer of money: transfers.go.
//
// Promises: every handler returns its error and one place renders it
// (errors.go); every change of state is a conditional update in the store,
// and browsers are told after it is committed.
//
// Never: trusts an event, a header or a form to say who is signed in; builds
// a link, an origin or a signature from anything but the configured public
// URL; knows whether the phone is simulated.
package handlers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/session"

	"nod/authy"
	"nod/hub"
	"nod/metrics"
	"nod/store"
	"nod/views"
)

// Authy is the provider of the second factor: the one thing here that leaves
// the process. *authy.Client is one. Errors are those of package authy.
type Authy interface {
	RegisterUser(ctx context.Context, r authy.Registration) (authyID int64, err error)
	RemoveUser(ctx context.Context, authyID int64) error
	UserStatus(ctx context.Context, authyID int64) (authy.UserStatus, error)
	RequestApproval(ctx context.Context, authyID int64, r authy.ApprovalRequest) (uuid string, err error)
	ApprovalStatus(ctx context.Context, uuid string) (authy.Approval, error)
	SendSMS(ctx context.Context, authyID int64, o authy.SendOptions) (authy.Sent, error)
	StartCall(ctx context.Context, authyID int64, o authy.SendOptions) (authy.Sent, error)
	VerifyToken(ctx context.Context, authyID int64, token, action string) error
	AuthenticatorQR(ctx context.Context, authyID int64, label string, size int) (authy.QRCode, error)
}

// Config is what the application needs. Store, Hub, Pages, Authy,
// SessionStorage, PublicURL and APIKey are required; zero values of the rest
// mean defaults.
type Config struct {
	Store          *store.Store
	Hub            *hub.Hub
	Pages          *views.Pages
	Authy          Authy
	SessionStorage fiber.Storage

	PublicURL string // scheme://host[:port], the one address people and callbacks use
	APIKey    string // verifies the provider's callbacks
	PhonesURL string // where simulated phones are, "" when the phones are real

	ApprovalTTL time.Duration // 0: 2 minutes
	SessionMax  time.Duration // 0: 24 hours; the life of the cookie
	// TrustedProxies are the addresses or ranges whose X-Forwarded-For names
	// the visitor. Nothing else they forward is believed.
	TrustedProxies []string

	Metrics *metrics.Metrics // nil: nothing is counted
	Now     func() time.Time // nil: time.Now
	Logger  *slog.Logger     // nil: slog.Default
}

// Handlers serves the application. Make one with New.
type Handlers struct {
	Config
	public   *url.URL
	sessions *session.Store
	csrfKey  []byte
	pointers pointers
	asked    reconcileClock
	provider providerHealth
	tasks    sync.WaitGroup
}

// New checks c and prepares the handlers. It reads the store once, for the
// key of the form tokens.
func New(c Config) (*Handlers, error) {
	public, err := url.Parse(c.PublicURL)
	if err != nil || public.Host == "" || (public.Scheme != "http" && public.Scheme != "https") {
		return nil, fmt.Errorf("handlers: public URL %q: want http(s)://host[:port]", c.PublicURL)
	}
	if c.Store == nil || c.Hub == nil || c.Pages == nil || c.Authy == nil || c.SessionStorage == nil || c.APIKey == "" {
		return nil, errors.New("handlers: Store, Hub, Pages, Authy, SessionStorage and APIKey are required")
	}
	c.PublicURL = strings.TrimSuffix(c.PublicURL, "/")
	if c.ApprovalTTL == 0 {
		c.ApprovalTTL = 2 * time.Minute
	}
	if c.SessionMax == 0 {
		c.SessionMax = 24 * time.Hour
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	key, err := c.Store.Secret(context.Background(), "csrf")
	if err != nil {
		return nil, fmt.Errorf("handlers: the key of the form tokens: %w", err)
	}
	h := &Handlers{Config: c, public: public, csrfKey: key}
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

// cookieName gives the __Host- prefix where the browser honours it, so that
// no sibling domain can plant the cookie.
func (h *Handlers) cookieName(name string) string {
	if h.secure() {
		return "__Host-nod_" + name
	}
	return "nod_" + name
}
