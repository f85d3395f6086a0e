package handlers

import (
	"errors"
	"time"

	"github.com/gofiber/fiber/v2"

	"nod/signin"
	"nod/store"
	"nod/views"
)

// Codes are the ways in without the tap: from the authenticator app, by SMS,
// by voice. They end as a tap does, in finishSignIn.

// requireOpenAttempt admits sign-ins that a code may still complete; after a
// Deny on the phone none does.
func (h *Handlers) requireOpenAttempt(c *fiber.Ctx) error {
	open, err := h.Flow.AttemptOpen(c.UserContext(), visitorOf(c).Session.ID)
	if err != nil {
		return err
	}
	if !open {
		return seeOther(c, "/login/approval")
	}
	return c.Next()
}

func (h *Handlers) tokenForm(c *fiber.Ctx) error {
	return h.showToken(c, fiber.StatusOK, "")
}

func (h *Handlers) showToken(c *fiber.Ctx, status int, problem string) error {
	v := visitorOf(c)
	wait, err := h.Flow.NextCodeIn(c.UserContext(), v.User.ID)
	if err != nil {
		return err
	}
	unproved, err := h.Flow.PhoneCorrectable(c.UserContext(), v)
	if err != nil {
		return err
	}
	page := views.Token{
		Layout:        h.layout(c, "token", "token.title"),
		MaskedPhone:   h.maskPhone(v.User.PhoneNumber),
		TriesLeft:     max(0, store.CodeTriesPerAttempt-v.Session.CodeTries),
		PhoneUnproved: unproved,
	}
	if wait > 0 {
		page.NextSendSeconds = ceilSeconds(wait)
	}
	latest, err := h.latestRequest(c)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	page.NoApp = latest.Reason == store.ReasonNoDevice
	switch v.Session.CodeState {
	case store.CodeFailed:
		page.Notice = h.viewNotice(notice{"warning", "notice.code_failed"})
	case store.CodeUnconfirmed:
		page.Notice = h.viewNotice(notice{"warning", "notice.code_unconfirmed"})
	case store.CodeIgnored:
		page.Notice = h.viewNotice(notice{"warning", "code_not_sent." + string(signin.WhyHasApp)})
	case store.CodeSent:
		page.SentBy = string(v.Session.CodeVia)
	}
	if problem != "" {
		page.Errors = views.FieldErrors{"token": problem}
		page.Notice = nil
	}
	return c.Status(status).Render("token", page)
}

// sendToken sends a code by SMS or voice to the number on file.
func (h *Handlers) sendToken(c *fiber.Ctx) error {
	by := store.Method(c.FormValue("via"))
	if by != store.MethodSMS && by != store.MethodCall {
		return h.showToken(c, fiber.StatusUnprocessableEntity, h.Pages.Text("token.choose"))
	}
	notSent, err := h.Flow.SendCode(c.UserContext(), visitorOf(c), by)
	if err != nil {
		return err
	}
	if notSent != nil {
		setRetryAfter(c, notSent.RetryIn)
		sentence := h.Pages.Text("code_not_sent."+string(notSent.Why), "wait", h.waitText(notSent.RetryIn))
		return h.showToken(c, notSentStatus[notSent.Why], sentence)
	}
	return seeOther(c, "/verify-token")
}

// notSentStatus is the status of the page that says why no code is on its way.
var notSentStatus = map[signin.NotSentReason]int{
	signin.WhyTooOften:    fiber.StatusTooManyRequests,
	signin.WhyRateLimited: fiber.StatusTooManyRequests,
	signin.WhyUnavailable: fiber.StatusServiceUnavailable,
	signin.WhyHasApp:      fiber.StatusConflict,
}

// verifyToken checks a code with the provider and signs in.
func (h *Handlers) verifyToken(c *fiber.Ctx) error {
	token, ok := signin.Digits(c.FormValue("token"))
	if !ok || len(token) < 6 || len(token) > 10 {
		return h.showToken(c, fiber.StatusUnprocessableEntity, h.Pages.Text("token.malformed"))
	}
	v := visitorOf(c)
	sess, err := h.Flow.CheckCode(c.UserContext(), v, token, h.lastStepOf(c))
	if err != nil {
		return h.codeRefused(c, err)
	}
	return h.finishSignIn(c, v.Session.ID, sess)
}

// nextAppCode is how long an app shows one code.
const nextAppCode = 30 * time.Second

func (h *Handlers) codeRefused(c *fiber.Ctx, err error) error {
	var refused *signin.CodeRefused
	switch {
	case errors.Is(err, store.ErrNoTriesLeft):
		if err := h.dropCookie(c); err != nil {
			return err
		}
		return h.seeNotice(c, "/login", "too-many-codes")
	case errors.Is(err, store.ErrNotApproved):
		// The phone said no, or the attempt ended, while the code was checked.
		return seeOther(c, "/login/approval")
	case !errors.As(err, &refused):
		return err
	}
	status, key := fiber.StatusUnprocessableEntity, "code_refused.wrong"
	var retryIn time.Duration
	switch {
	case errors.Is(err, store.ErrCodeUsed):
		key = "code_refused.used"
	case errors.Is(err, signin.ErrRateLimited):
		status, key, retryIn = fiber.StatusTooManyRequests, "code_refused.rate_limited", time.Minute
	case errors.Is(err, signin.ErrNoAnswer):
		status, key, retryIn = fiber.StatusServiceUnavailable, "code_refused.unconfirmed", nextAppCode
	case errors.Is(err, signin.ErrUnavailable):
		status, key, retryIn = fiber.StatusServiceUnavailable, "code_refused.unavailable", 5*time.Second
	}
	setRetryAfter(c, retryIn)
	if refused.TriesLeft == 0 {
		key = "code_refused.last"
	}
	return h.showTriesLeft(c, status, refused.TriesLeft, key)
}

func (h *Handlers) showTriesLeft(c *fiber.Ctx, status, left int, key string) error {
	v := visitorOf(c)
	v.Session.CodeTries = store.CodeTriesPerAttempt - left
	c.Locals(visitorKey, v)
	return h.showToken(c, status, h.Pages.Text("code_refused.tries_left", "reason", h.Pages.Text(key), "left", left))
}
