package handlers

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"nod/hub"
	"nod/signin"
	"nod/store"
	"nod/views"
)

// pageError is an error that a person reads: Heading, Text and the text of
// Action are keys of sentences, of which Text may show RetryAfter as "wait" and
// Args by their names.
// Status is the HTTP status; everything the log needs is in the error it
// wraps.
type pageError struct {
	Status     int
	Heading    string
	Text       string
	Args       []any
	Action     link
	RetryAfter time.Duration
	cause      error
}

type link struct{ Href, Text string }

func (p *pageError) Error() string {
	if p.cause != nil {
		return fmt.Sprintf("%s: %v", p.Heading, p.cause)
	}
	return p.Heading
}

func (p *pageError) Unwrap() error { return p.cause }

var (
	toSignIn = link{"/login", "action.to_sign_in"}
	toStart  = link{"/", "action.to_start"}

	errForeignForm = &pageError{Status: fiber.StatusForbidden, Heading: "error.foreign_form.title",
		Text: "error.foreign_form.text", Action: toSignIn}
	errStaleForm = &pageError{Status: fiber.StatusForbidden, Heading: "error.stale_form.title",
		Text: "error.stale_form.text", Action: toSignIn}
	errNobodyWaits = &pageError{Status: fiber.StatusUnauthorized, Heading: "error.nobody_waits.title",
		Text: "error.nobody_waits.text", Action: toSignIn}
	errWrongHost = &pageError{Status: fiber.StatusMisdirectedRequest, Heading: "error.wrong_host.title",
		Text: "error.wrong_host.text"}
)

// ErrorHandler renders every error that a handler returns: a status, a sentence
// and the id of the request. The error itself goes only to the log.
func (h *Handlers) ErrorHandler(c *fiber.Ctx, err error) error {
	p := h.describe(err)
	id, _ := c.Locals("requestid").(string)
	// Whoever comes while the process stops is no failure of it.
	stopping := errors.Is(err, hub.ErrClosed)
	if p.Status >= 500 && p.Status != fiber.StatusNotImplemented && !stopping {
		h.Logger.Error("request failed", "request_id", id, "method", c.Method(), "path", c.Path(), "status", p.Status, "error", err)
	} else {
		h.Logger.Debug("request refused", "request_id", id, "method", c.Method(), "path", c.Path(), "status", p.Status, "error", err)
	}
	h.noteRefusal(c, p)
	if p.Status >= 500 {
		// Whoever sends the form again is where a reply that was lost leaves them: with the
		// cookies that the form's token was made for.
		c.Response().Header.DelAllCookies()
	}
	setRetryAfter(c, p.RetryAfter)
	h.setErrorHeaders(c, p.Status)
	c.Status(p.Status)
	if !wantsPage(c) {
		return c.JSON(fiber.Map{"error": h.Words.English().Text(p.Heading), "request_id": id})
	}
	c.Vary(fiber.HeaderAcceptLanguage)
	heading := h.text(c, p.Heading)
	text := h.text(c, p.Text, append(p.Args, "wait", h.reader(c).Wait(p.RetryAfter))...)
	if p.Status >= 500 {
		text = h.sayOutcome(c, err, text)
	}
	page := views.Error{
		Layout: h.layout(c, "error", p.Heading),
		Status: p.Status, Heading: heading, Text: text, RequestID: id,
		Action: views.Link{Href: p.Action.Href, Text: h.text(c, p.Action.Text)},
	}
	if id == "" || p.Status == fiber.StatusMisdirectedRequest {
		page.Here = "" // the form would come without its cookie
	}
	rerr := c.Render("error", page)
	if id == "" {
		// A request that could not be read whole shows no cookies: a new form
		// token would spoil the forms that are open.
		c.Response().Header.DelAllCookies()
	}
	if rerr != nil {
		h.Logger.Error("the error page failed", "request_id", id, "error", rerr)
		return c.SendString(heading)
	}
	return nil
}

// noteRefusal counts what was refused to somebody unknown. Nobody is refused a page
// that does not exist; and what a limit refuses is counted where it is.
func (h *Handlers) noteRefusal(c *fiber.Ctx, p *pageError) {
	kind, detail := store.EventMalformed, strconv.Itoa(p.Status)
	switch {
	case p == errForeignForm:
		kind, detail = store.EventForeignForm, ""
	case p == errStaleForm, p == errNoCookies:
		kind, detail = store.EventStaleForm, ""
	case errors.Is(p, hub.ErrTooManyForKey), errors.Is(p, hub.ErrTooManyForAddr):
		kind, detail = store.EventLimited, "waiting"
	case !malformed[p.Status]:
		return
	}
	h.Flow.Refused(kind, detail, h.visitorIP(c))
}

// malformed are the statuses of requests that no page and no client of ours sends.
var malformed = map[int]bool{
	fiber.StatusBadRequest: true, fiber.StatusRequestEntityTooLarge: true, fiber.StatusUnsupportedMediaType: true,
	fiber.StatusMisdirectedRequest: true, fiber.StatusRequestHeaderFieldsTooLarge: true, fiber.StatusNotImplemented: true,
}

// setRetryAfter says when it is worth trying again; 0 says nothing.
func setRetryAfter(c *fiber.Ctx, wait time.Duration) {
	if wait > 0 {
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(ceilSeconds(wait)))
	}
}

// setErrorHeaders adds what every answer has, and what the RFCs demand of a status.
func (h *Handlers) setErrorHeaders(c *fiber.Ctx, status int) {
	h.setHeaders(c.Context())
	switch status {
	case fiber.StatusUnauthorized:
		challenge(c, byCookie)
	case fiber.StatusUpgradeRequired:
		c.Set(fiber.HeaderUpgrade, "websocket")
		c.Set(fiber.HeaderConnection, "Upgrade")
		c.Set(fiber.HeaderSecWebSocketVersion, "13")
	}
}

// describe finds the status and the sentences for an error.
func (h *Handlers) describe(err error) *pageError {
	var p *pageError
	if errors.As(err, &p) {
		return p
	}
	if p := h.describeLimit(err); p != nil {
		return p
	}
	if p := describeStorage(err); p != nil {
		return p
	}
	var fe *fiber.Error
	switch {
	case errors.As(err, &fe):
		return describeHTTP(fe)
	case errors.Is(err, hub.ErrTooManyForAddr):
		return &pageError{Status: fiber.StatusTooManyRequests, Heading: "error.too_many_waiting.title",
			Text: "error.too_many_waiting.text", RetryAfter: 5 * time.Second, cause: err}
	case errors.Is(err, hub.ErrTooManyForKey):
		return &pageError{Status: fiber.StatusTooManyRequests, Heading: "error.too_many_pages.title",
			Text: "error.too_many_pages.text", RetryAfter: 5 * time.Second, cause: err}
	case errors.Is(err, store.ErrNotFresh):
		return &pageError{Status: fiber.StatusForbidden, Heading: "error.not_fresh.title", Text: "error.not_fresh.text",
			Action: link{"/protected", "action.to_account"}, cause: err}
	case errors.Is(err, signin.ErrRateLimited):
		return &pageError{Status: fiber.StatusTooManyRequests, Heading: "error.rate_limited.title",
			Text: "error.rate_limited.text", RetryAfter: cmp.Or(signin.RetryIn(err), time.Minute), cause: err}
	default:
		return &pageError{Status: fiber.StatusInternalServerError, Heading: "error.internal.title",
			Text: "error.internal.text", Action: toStart, cause: err}
	}
}

func describeHTTP(e *fiber.Error) *pageError {
	p := &pageError{Status: e.Code, Action: toStart, cause: e}
	switch e.Code {
	case fiber.StatusNotFound:
		p.Heading, p.Text = "error.not_found.title", "error.not_found.text"
	case fiber.StatusMethodNotAllowed, fiber.StatusNotImplemented:
		p.Heading, p.Text = "error.method.title", "error.method.text"
	case fiber.StatusRequestEntityTooLarge:
		p.Heading, p.Text = "error.too_large.title", "error.too_large.text"
	case fiber.StatusRequestHeaderFieldsTooLarge:
		p.Heading, p.Text, p.Action = "error.cookies.title", "error.cookies.text", link{}
	case fiber.StatusUpgradeRequired:
		p.Heading, p.Text = "error.websocket.title", "error.websocket.text"
	default:
		p.Heading, p.Text = "error.not_understood.title", "error.not_understood.text"
		if e.Code >= 500 {
			p.Heading, p.Text = "error.internal.title", "error.later.text"
		}
	}
	return p
}

// forScripts are the addresses that only scripts, the provider and the command
// "check" open. Their errors are JSON, as their answers are.
var forScripts = map[string]bool{
	"/authy/callback": true, "/authy/status": true,
	"/login/events": true, "/login/stream": true,
	"/transfers/status": true, "/transfers/events": true, "/account/confirm/status": true, "/account/phones/status": true,
	"/check": true, "/check/events": true, "/check/stream": true,
	"/healthz": true, "/readyz": true,
}

// wantsPage is false for what a person does not look at.
func wantsPage(c *fiber.Ctx) bool {
	path := c.Path()
	if forScripts[path] || strings.HasPrefix(path, "/authy/") || strings.HasPrefix(path, "/phone/") {
		return false
	}
	return c.Accepts(fiber.MIMETextHTML, fiber.MIMEApplicationJSON) != fiber.MIMEApplicationJSON
}
