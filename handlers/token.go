package handlers

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/gofiber/fiber/v2"

	"nod/signin"
	"nod/store"
	"nod/views"
)

// Codes are the ways in without the tap: from the authenticator app, by SMS,
// by voice. They end in the same consume-and-promote step as a tap.

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
	page := views.Token{
		Layout:      h.page(c, "token", "token.title"),
		MaskedPhone: maskPhone(v.User.PhoneNumber),
		TriesLeft:   max(0, store.CodeTriesPerAttempt-v.Session.CodeTries),
	}
	if wait > 0 {
		page.NextSendSeconds = seconds(wait)
	}
	latest, err := h.latest(c)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	page.NoApp = latest.Reason == store.ReasonNoDevice
	switch v.Session.CodeState {
	case store.CodeFailed:
		page.Notice = h.shown(notice{"warning", "notice.code_failed"})
	case store.CodeIgnored:
		page.Notice = h.shown(notice{"warning", "notice.code_ignored"})
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
		return h.showToken(c, fiber.StatusUnprocessableEntity, "Please choose how the code should come: by SMS or by a call.")
	}
	not, err := h.Flow.SendCode(c.UserContext(), visitorOf(c), by)
	if err != nil {
		return err
	}
	if not != nil {
		return h.showToken(c, fiber.StatusTooManyRequests, notSentText(not))
	}
	return seeOther(c, "/verify-token")
}

func notSentText(not *signin.NotSent) string {
	switch not.Why {
	case signin.WhyTooOften:
		return fmt.Sprintf("No further code can be sent now. The next one can be sent in %s.", inWords(not.RetryIn))
	case signin.WhyRateLimited:
		return "The phone service has sent too many codes to this number. Please try again later or use the app."
	case signin.WhyHasApp:
		return "The phone service sent nothing, because this phone has the app. Open the app and type the code it shows."
	default:
		return "The code could not be sent just now. Please try again in half a minute, or use the app."
	}
}

// verifyToken checks a code with the provider and signs in.
func (h *Handlers) verifyToken(c *fiber.Ctx) error {
	token, ok := digits(c.FormValue("token"))
	if !ok || len(token) < 6 || len(token) > 10 {
		return h.showToken(c, fiber.StatusUnprocessableEntity, "Please type the code: 6 or 7 digits.")
	}
	v := visitorOf(c)
	sess, err := h.Flow.CheckCode(c.UserContext(), v, token, clientOf(c))
	if err != nil {
		return h.codeRefused(c, err)
	}
	return h.enter(c, v.Session.ID, sess)
}

func (h *Handlers) codeRefused(c *fiber.Ctx, err error) error {
	var refused *signin.CodeRefused
	switch {
	case errors.Is(err, store.ErrNoTriesLeft):
		if err := h.dropCookie(c); err != nil {
			return err
		}
		return seeOther(c, "/login?notice=too-many-codes")
	case errors.Is(err, store.ErrNotApproved):
		// The phone said no, or the attempt ended, while the code was checked.
		return seeOther(c, "/login/approval")
	case !errors.As(err, &refused):
		return err
	}
	status, sentence := fiber.StatusUnprocessableEntity, "This code is wrong or too old."
	switch {
	case errors.Is(err, store.ErrCodeUsed):
		sentence = "This code was used already. Please wait for the next one."
	case errors.Is(err, signin.ErrRateLimited):
		status, sentence = fiber.StatusTooManyRequests, "The phone service asks for patience. Please try again in a few minutes."
	case errors.Is(err, signin.ErrUnavailable):
		status, sentence = fiber.StatusServiceUnavailable, "The code cannot be checked just now. Please try again in a moment."
	}
	if refused.TriesLeft == 0 {
		sentence = "The code could not be checked, and it was the last one for this sign-in. Tap Approve on your phone, or sign in again."
	}
	return h.showTriesLeft(c, status, refused.TriesLeft, sentence)
}

func (h *Handlers) showTriesLeft(c *fiber.Ctx, status, left int, sentence string) error {
	v := visitorOf(c)
	v.Session.CodeTries = store.CodeTriesPerAttempt - left
	c.Locals(visitorKey, v)
	return h.showToken(c, status, fmt.Sprintf("%s Tries left: %d.", sentence, left))
}

// digits tolerates what people paste around a code: blanks and dashes.
func digits(s string) (code string, ok bool) {
	code = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '-' || r == '–' {
			return -1
		}
		return r
	}, s)
	return code, code != "" && strings.Trim(code, "0123456789") == ""
}
