package handlers

import (
	"context"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/helmet"
	"github.com/gofiber/fiber/v2/middleware/recover"
	"github.com/gofiber/fiber/v2/middleware/requestid"
	"github.com/valyala/fasthttp"
)

const bodyLimit = 64 << 10

// App is the Fiber application with every route. Sockets are the hub's:
// fasthttp keeps hijacked connections open and forgets them.
func (h *Handlers) App() *fiber.App {
	app := fiber.New(fiber.Config{
		AppName:               "Nod",
		DisableStartupMessage: true,
		ErrorHandler:          h.ErrorHandler,
		Views:                 h.Pages,
		// Guards must see one spelling of a path.
		StrictRouting: true,
		CaseSensitive: true,
		// Fiber's strings otherwise share a buffer with the next request.
		Immutable: true,
		BodyLimit: bodyLimit,
		// A slow sender is cut; a waiting browser is a hijacked connection
		// and does not count.
		ReadTimeout:        5 * time.Second,
		WriteTimeout:       15 * time.Second,
		IdleTimeout:        60 * time.Second,
		ReadBufferSize:     8 << 10,
		ReduceMemoryUsage:  true,
		EnableIPValidation: true,
		// Without the check anybody's X-Forwarded-* would be believed.
		EnableTrustedProxyCheck: true,
		TrustedProxies:          h.TrustedProxies,
		ProxyHeader:             h.proxyHeader(),
	})
	app.Server().KeepHijackedConns = true
	h.register(app)
	renderNothing(app)
	return app
}

// renderNothing is the first to render: Fiber makes a list of its apps then,
// unguarded, and of two first pages at once both would write it. There is no
// page without a name, so it fails as it should.
func renderNothing(app *fiber.App) {
	c := app.AcquireCtx(new(fasthttp.RequestCtx))
	defer app.ReleaseCtx(c)
	_ = c.Render("", nil)
}

func (h *Handlers) proxyHeader() string {
	if len(h.TrustedProxies) == 0 {
		return ""
	}
	return fiber.HeaderXForwardedFor
}

// register is the site map.
func (h *Handlers) register(app *fiber.App) {
	app.Use(requestid.New(requestid.Config{Generator: randomText, ContextKey: "requestid"}))
	app.Use(recover.New())
	app.Use(h.deadline)
	app.Get("/healthz", h.healthz)
	app.Get("/readyz", h.readyz)

	app.Use(h.plainBody)
	app.All("/authy/callback", h.callback)

	app.Use(h.publicHost)
	// Before all that only pages need: thousands may come at once.
	app.Get("/login/events", noStore, h.ownOrigin, h.reserveWaitingSlot, h.events(h.signInState))
	app.Get("/login/stream", noStore, h.ownOrigin, h.reserveWaitingSlot, h.stream(h.signInState))

	app.Use(h.headers())
	app.Get("/static/*", h.static)
	app.Get("/favicon.ico", func(c *fiber.Ctx) error { return c.Redirect("/static/favicon.svg", fiber.StatusMovedPermanently) })

	app.Get("/check", noStore, h.checkClient)
	app.Get("/check/events", h.ownOrigin, h.reserveSlot, h.events(h.checkState))
	app.Get("/check/stream", h.ownOrigin, h.reserveSlot, h.stream(h.checkState))

	app.Use(noStore, h.loadSession)
	app.Get("/authy/status", h.requireWaitingJSON, h.status)
	app.Post("/authy/status", h.requireWaitingJSON, h.status)

	app.Get("/transfers/status", h.requireSignedInJSON, h.transfersStatus)
	app.Get("/transfers/events", h.requireSignedInJSON, h.ownOrigin, h.reserveSlot, h.events(h.transfersState))

	app.Use(h.requireOwnForm)
	app.Get("/", h.home)
	app.Get("/signup", h.signupForm)
	app.Post("/signup", h.signup)
	app.Get("/login", h.loginForm)
	app.Post("/login", h.login)
	app.Post("/logout", h.logout)

	app.Get("/login/approval", h.requirePassword, h.approval)
	app.Post("/login/cancel", h.requirePassword, h.cancel)
	app.Post("/login/resend", h.requirePassword, h.resend)
	app.Get("/confirm-login", func(c *fiber.Ctx) error { return seeOther(c, "/login/approval") })
	app.Post("/confirm-login", h.requirePassword, h.confirm)

	app.Get("/verify-token", h.requirePassword, h.requireOpenAttempt, h.tokenForm)
	app.Post("/verify-token", h.requirePassword, h.requireOpenAttempt, h.verifyToken)
	app.Post("/send-token", h.requirePassword, h.requireOpenAttempt, h.sendToken)

	app.Get("/protected", h.requireSignedIn, h.protected)
	app.Post("/authenticator", h.requireSignedIn, h.authenticator)
	app.Post("/account/close", h.requireSignedIn, h.closeAccount)
	app.Post("/transfers", h.requireSignedIn, h.transfer)
	app.Post("/transfers/:id/execute", h.requireSignedIn, h.executeTransfer)
}

// deadline gives everything a request starts one end.
func (h *Handlers) deadline(c *fiber.Ctx) error {
	ctx, cancel := context.WithTimeout(context.Background(), h.RequestTimeout)
	defer cancel()
	c.SetUserContext(ctx)
	return c.Next()
}

// plainBody refuses packed bodies: Fiber unpacks them without a limit, and no
// client of ours sends one.
func (h *Handlers) plainBody(c *fiber.Ctx) error {
	if len(c.Request().Header.Peek(fiber.HeaderContentEncoding)) > 0 {
		return fiber.ErrUnsupportedMediaType
	}
	return c.Next()
}

// publicHost sends a page opened under another name, such as 127.0.0.1, to
// the public address, where its cookies, sockets and forms work.
func (h *Handlers) publicHost(c *fiber.Ctx) error {
	if strings.EqualFold(string(c.Request().Header.Host()), h.public.Host) {
		return c.Next()
	}
	if c.Method() != fiber.MethodGet && c.Method() != fiber.MethodHead {
		return errWrongHost
	}
	return c.Redirect(h.origin()+c.OriginalURL(), fiber.StatusFound)
}

// policy is the content security policy of a page; pictures may come from one
// more origin, "" for none.
func (h *Handlers) policy(pictures string) string {
	socket := "ws://"
	if h.secure() {
		socket = "wss://"
	}
	return strings.Join([]string{
		"default-src 'none'",
		"script-src 'self'",
		"style-src 'self'",
		strings.TrimSpace("img-src 'self' " + pictures),
		"connect-src 'self' " + socket + h.public.Host,
		"form-action 'self'",
		"base-uri 'none'",
		"frame-ancestors 'none'",
	}, "; ")
}

func (h *Handlers) headers() fiber.Handler {
	own := helmet.New(helmet.Config{
		ContentSecurityPolicy: h.policy(""),
		XFrameOptions:         "DENY",
		ReferrerPolicy:        "same-origin",
		// The provider's pictures come without a word on who may embed them.
		CrossOriginEmbedderPolicy: "unsafe-none",
	})
	if !h.secure() {
		return own
	}
	return func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderStrictTransportSecurity, "max-age=31536000")
		return own(c)
	}
}

// noStore keeps pages about a person out of every cache.
func noStore(c *fiber.Ctx) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Vary(fiber.HeaderCookie)
	return c.Next()
}

// ownOrigin refuses a socket or stream asked for by another site. The script
// of a page of ours always sends one of the two headers.
func (h *Handlers) ownOrigin(c *fiber.Ctx) error {
	if !h.fromOurOrigin(c) {
		return errForeignForm
	}
	return c.Next()
}
