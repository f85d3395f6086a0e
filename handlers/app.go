package handlers

import (
	"context"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/recover"
	"github.com/gofiber/fiber/v2/middleware/requestid"
	"github.com/valyala/fasthttp"
)

const bodyLimit = 64 << 10

// App is the Fiber application with every route. Sockets are the hub's:
// fasthttp keeps hijacked connections open and forgets them. How long a client may
// take is for whoever serves it to say.
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
		Immutable:         true,
		BodyLimit:         bodyLimit,
		ReadBufferSize:    8 << 10,
		ReduceMemoryUsage: true,
		// Without the check Fiber would believe anybody's X-Forwarded-*; with it
		// and no proxy it believes nobody's. visitorIP reads the one that counts.
		EnableTrustedProxyCheck: true,
	})
	app.Server().KeepHijackedConns = true
	// Else fasthttp reads a multipart body up to its last part alone, and takes what
	// follows, within the announced length, for the next request.
	app.Server().DisablePreParseMultipartForm = true
	app.Server().Handler = h.protectAnswers(h.refuseUnknownMethods(app))
	app.Server().ErrorHandler = readHeadFirst(app.Server().ErrorHandler)
	h.register(app)
	warmUpViews(app)
	return app
}

// warmUpViews renders once before the first request: on the first render Fiber
// builds a list of its apps without a lock, so two first pages at once would
// race. There is no page without a name, so the call fails, as it should.
func warmUpViews(app *fiber.App) {
	c := app.AcquireCtx(new(fasthttp.RequestCtx))
	defer app.ReleaseCtx(c)
	_ = c.Render("", nil)
}

// register is the site map. The order counts: a guard applies to what is
// registered after it.
func (h *Handlers) register(app *fiber.App) {
	table := &routeTable{}
	defer func() { table.fill(app) }()
	if h.Tracer != nil {
		app.Use(h.traced)
	}
	app.Use(requestid.New(requestid.Config{Generator: randomText, ContextKey: "requestid"}))
	app.Use(recover.New())
	app.Use(h.withDeadline)
	app.Get("/healthz", h.healthz)
	app.Get("/readyz", h.readyz)

	app.Use(h.refuseCompressedBody)
	app.Add(fiber.MethodGet, "/authy/callback", h.callback)
	app.Post("/authy/callback", h.callback)
	// Of use where the host is wrong: to find that out, and to read the page that
	// says so.
	app.Get("/check", noStore, h.checkClient)
	app.Get("/static/*", h.static)
	app.Get("/openapi.json", h.openapi)

	app.Use(h.requirePublicHost, h.refuseTwinCookies, h.readOldCookies)
	// Before the middleware that only pages need: thousands may connect at once.
	app.Get("/login/events", noStore, h.requireOwnOrigin, h.reserveWaitingSlot, h.events(h.signInState))
	app.Get("/login/stream", noStore, h.requireOwnOrigin, h.reserveWaitingSlot, h.stream(h.signInState))

	h.registerPublic(app)
	h.registerLedger(app)
	h.registerPhone(app)
	app.Use(noStore, h.loadSession)
	h.registerPolling(app)
	app.Use(table.require, h.requireOwnForm, changing)
	h.registerSignIn(app)
	h.registerSignedIn(app)
}

// registerPublic has what needs no session.
func (h *Handlers) registerPublic(app *fiber.App) {
	app.Get("/favicon.ico", func(c *fiber.Ctx) error { return c.Redirect("/static/favicon.svg", fiber.StatusMovedPermanently) })

	// Where password managers send people: https://w3c.github.io/webappsec-change-password-url/
	app.Get("/.well-known/change-password", func(c *fiber.Ctx) error { return c.Redirect(changes["/account/password"].form) })

	app.Get("/check/events", h.requireOwnOrigin, h.reserveCheck, h.events(h.checkState))
	app.Get("/check/stream", h.requireOwnOrigin, h.reserveCheck, h.stream(h.checkState))
}

// registerLedger has what the signed-in page asks for as long as it is seen.
func (h *Handlers) registerLedger(app *fiber.App) {
	app.Get("/account/confirm/status", noStore, h.loadListener, h.requireSignedInJSON, h.changeStatus)
	app.Get("/transfers/status", noStore, h.loadListener, h.requireSignedInJSON, h.transfersStatus)
	app.Get("/transfers/events", noStore, h.loadListener, h.requireSignedInJSON, h.requireOwnOrigin, h.reserveSlot, h.events(h.transfersState))
}

// registerPolling has what the scripts of the waiting page ask for.
func (h *Handlers) registerPolling(app *fiber.App) {
	app.Get("/authy/status", h.requireWaitingJSON, h.status)
	app.Post("/authy/status", h.requireWaitingJSON, h.status)
}

// registerSignIn has the pages and forms up to the end of a sign-in.
func (h *Handlers) registerSignIn(app *fiber.App) {
	app.Get("/", h.home)
	app.Get("/signup", h.signupForm)
	app.Post("/signup", h.requireSessionFile, h.unlessSwitched(h.typedSignup), h.signup)
	h.registerFirstPhone(app)
	app.Get("/login", h.loginForm)
	app.Post("/login", h.requireSessionFile, h.unlessSwitched(h.typedLogin), h.login)
	if h.Phone != nil {
		app.Post("/login/passkey", h.requireSessionFile, h.signInByPasskey)
	}
	app.Post("/logout", h.logout)
	app.Post("/language", h.chooseLanguage)
	app.Get("/forgot", h.forgotForm)
	app.Post("/forgot", h.requireSessionFile, h.unlessSwitched(h.typedForgot), h.forgot)

	app.Get("/login/approval", h.requirePassword, h.approval)
	app.Post("/login/cancel", h.requireHalf, h.cancel)
	app.Post("/login/resend", h.requirePassword, h.requireAskable, h.resend)
	app.Get("/login/number", h.requirePassword, h.requireUnprovedPhone, h.numberForm)
	app.Post("/login/number", h.requirePassword, h.requireUnprovedPhone, h.unlessSwitched(h.typedNumber), h.correctNumber)
	app.Get("/confirm-login", func(c *fiber.Ctx) error { return seeOther(c, "/login/approval") })
	app.Post("/confirm-login", h.requireSessionFile, h.repeatLastStep, h.requirePassword, h.confirm)

	app.Get("/verify-token", h.requirePassword, h.requireOpenAttempt, h.tokenForm)
	app.Post("/verify-token", h.requireSessionFile, h.repeatLastStep, h.requirePassword, h.requireOpenAttempt, h.verifyToken)
	app.Post("/send-token", h.requirePassword, h.requireOpenAttempt, h.sendToken)
}

// registerSignedIn has what only a finished sign-in reaches.
func (h *Handlers) registerSignedIn(app *fiber.App) {
	app.Get("/protected", h.requireSignedIn, h.protected)
	app.Post("/account/browsers/remove", h.requireSignedIn, h.requireFresh, h.forgetBrowser)
	app.Post("/account/browsers/remove-all", h.requireSignedIn, h.requireFresh, h.forgetBrowsers)
	app.Get("/forgot/password", h.requireSignedIn, h.newPasswordForm)
	app.Post("/forgot/password", h.requireSessionFile, h.requireSignedIn, h.requireFresh, h.setNewPassword)
	app.Get("/account/phone", h.requireSignedIn, h.requireNumber, h.phonePage)
	app.Get("/account/phone/new", h.requireSignedIn, h.requireNumber, h.afterNewPhone)
	app.Get("/account/phone/status", h.requireSignedInJSON, h.phoneStatus)
	app.Post("/account/phone", h.requireSignedIn, h.requireNumber, h.unlessSwitched(h.typedPhone), h.requireFresh, h.changePhone)
	app.Post("/account/phone/allow", h.requireSignedIn, h.requireNumber, h.allowPhone)
	app.Post("/account/phone/ask", h.requireSignedIn, h.requireNumber, h.askNewPhone)
	app.Post("/account/phone/stop", h.requireSignedIn, h.requireNumber, h.stopPhone)
	app.Get("/account/phones", h.requireSignedIn, h.ownPhonesForm)
	app.Get("/account/phones/code", h.requireSignedIn, h.ownPhoneCode)
	app.Get("/account/phones/status", h.requireSignedInJSON, h.ownPhonesStatus)
	app.Get("/account/phones/receipts/:id", h.requireSignedIn, h.receipt)
	app.Post("/account/phones", h.requireSignedIn, h.requireFresh, h.requirePhones, h.addOwnPhone)
	app.Post("/account/phones/confirm", h.requireSessionFile, h.requireSignedIn, h.requireFresh, h.confirmOwnPhone)
	app.Post("/account/phones/beside", h.requireSignedIn, h.requireFresh, h.askBeside)
	app.Post("/account/phones/remove", h.requireSessionFile, h.requireSignedIn, h.requireFresh, h.removeOwnPhone)
	app.Post("/account/authenticators", h.requireSignedIn, h.requireFresh, h.addAuthenticator)
	app.Get("/account/authenticators/prove", h.requireSignedIn, h.proveForm)
	app.Post("/account/authenticators/prove", h.requireSessionFile, h.requireSignedIn, h.requireFresh, h.proveAuthenticator)
	app.Post("/account/authenticators/remove", h.requireSessionFile, h.requireSignedIn, h.requireFresh, h.removeAuthenticator)
	app.Get(codesPage, h.requireSignedIn, h.recoveryCodes)
	app.Post("/account/recovery-codes", h.requireSessionFile, h.repeatLastStep, h.requireSignedIn, h.requireFresh, h.makeRecoveryCodes)
	app.Post("/account/recovery-codes/kept", h.requireSignedIn, h.keptRecoveryCodes)
	app.Post("/account/recovery-codes/remove", h.requireSessionFile, h.requireSignedIn, h.requireFresh, h.removeRecoveryCodes)
	app.Post("/account/recovery-codes/decline", h.requireSignedIn, h.declineRecoveryCodes)
	app.Post("/account/close", h.requireSignedIn, h.requireFresh, h.closeAccount)
	app.Post("/account/sessions/end", h.requireSignedIn, h.requireFresh, h.endSession)
	app.Post("/account/sessions/end-others", h.requireSignedIn, h.requireFresh, h.endOthers)
	app.Post("/account/password", h.requireSessionFile, h.repeatLastStep, h.requireSignedIn, h.requireFresh, h.changePassword)
	app.Get("/account/history", h.requireSignedIn, h.history)
	app.Get("/account/confirm", h.requireSignedIn, h.confirmChangeForm)
	app.Post("/account/confirm", h.requireSessionFile, h.repeatLastStep, h.requireSignedIn, h.unlessFresh, h.confirmChange)
	app.Post("/account/confirm/ask", h.requireSignedIn, h.unlessFresh, h.askChange)
	app.Post("/account/confirm/send", h.requireSignedIn, h.unlessFresh, h.sendChangeCode)
	app.Post("/account/confirm/code", h.requireSessionFile, h.repeatLastStep, h.requireSignedIn, h.unlessFresh, h.confirmChangeByCode)
	app.Post("/notices/read", h.requireSignedIn, h.readNotices)
	app.Post("/notices/answer", h.requireSignedIn, h.requireFresh, h.answerNotice)
	app.Get("/account/not-me", h.requireSignedIn, h.notMe)
	app.Post("/account/not-me", h.requireSessionFile, h.repeatLastStep, h.requireSignedIn, h.requireFresh, h.keepOthersOut)
	app.Post("/account/pause/end", h.requireSignedIn, h.endPause)
	app.Post("/transfers", h.requireSignedIn, h.unlessSwitched(h.typedTransfer), h.transfer)
	app.Post("/transfers/:id/execute", h.requireSignedIn, h.executeTransfer)
	app.Post("/transfers/:id/withdraw", h.requireSignedIn, h.withdrawTransfer)
}

// withDeadline puts one deadline on everything that a request starts.
func (h *Handlers) withDeadline(c *fiber.Ctx) error {
	ctx, cancel := context.WithTimeout(c.UserContext(), h.RequestTimeout)
	defer cancel()
	c.SetUserContext(ctx)
	return c.Next()
}

// refuseCompressedBody: Fiber unpacks compressed bodies without a limit, and no
// client of ours sends one.
func (h *Handlers) refuseCompressedBody(c *fiber.Ctx) error {
	if len(c.Request().Header.Peek(fiber.HeaderContentEncoding)) > 0 {
		return fiber.ErrUnsupportedMediaType
	}
	return c.Next()
}

// requireOwnOrigin refuses a socket or stream that another site asks for. The
// scripts of our pages always send one of the two headers.
func (h *Handlers) requireOwnOrigin(c *fiber.Ctx) error {
	if !h.fromOurOrigin(c) {
		return errForeignForm
	}
	return c.Next()
}
