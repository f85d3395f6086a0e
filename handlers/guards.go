package handlers

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"nod/signin"
	"nod/store"
)

// requirePassword admits sessions that passed the password and wait for the
// second step; others are redirected to where they belong. A sign-up without a number
// adds its phone first.
func (h *Handlers) requirePassword(c *fiber.Ctx) error {
	if !h.Flow.AddsPhone(visitorOf(c)) {
		return h.requireHalf(c)
	}
	return h.unlessNoPhone(c, firstPhonePage)
}

// requireHalf is requirePassword also without a phone.
func (h *Handlers) requireHalf(c *fiber.Ctx) error {
	switch visitorOf(c).Level() {
	case store.PasswordPassed:
		return c.Next()
	case store.SignedIn:
		return seeOther(c, "/protected")
	default:
		return h.askToSignIn(c)
	}
}

// requireAskable leads whoever has no phone to ask to the form for a code.
func (h *Handlers) requireAskable(c *fiber.Ctx) error {
	return h.unlessNoPhone(c, "/verify-token")
}

func (h *Handlers) unlessNoPhone(c *fiber.Ctx, elsewhere string) error {
	has, err := h.Flow.HasPhone(c.UserContext(), visitorOf(c))
	switch {
	case err != nil:
		return err
	case !has:
		return seeOther(c, elsewhere)
	}
	return c.Next()
}

// requireNumber keeps whoever has no phone with a number from changing it.
func (h *Handlers) requireNumber(c *fiber.Ctx) error {
	if !h.Flow.HasNumber(visitorOf(c).User) {
		return seeOther(c, "/protected#own-phones")
	}
	return c.Next()
}

// requireSignedIn admits only sessions that have passed both steps.
func (h *Handlers) requireSignedIn(c *fiber.Ctx) error {
	switch visitorOf(c).Level() {
	case store.SignedIn:
		return c.Next()
	case store.PasswordPassed:
		return seeOther(c, "/login/approval")
	default:
		return h.askToSignIn(c)
	}
}

// askToSignIn leads a stranger to the form. Whoever comes from a page that waited, whose
// scripts open the waiting page again, is told that its sign-in has ended.
func (h *Handlers) askToSignIn(c *fiber.Ctx) error {
	if c.Path() == "/login/approval" {
		id, err := h.sessionID(c)
		if err != nil {
			return err
		}
		if id != "" {
			return h.seeNotice(c, "/login", "ended")
		}
	}
	return h.seeNotice(c, "/login", "start")
}

// requireWaitingJSON is requirePassword for scripts: it answers with a status,
// not with a redirect. It also admits sessions that are signed in. One that was
// ended from elsewhere gets the reason.
func (h *Handlers) requireWaitingJSON(c *fiber.Ctx) error {
	if visitorOf(c).Level() != store.Anonymous {
		return c.Next()
	}
	id, err := h.sessionID(c)
	if err != nil {
		return err
	}
	if id != "" {
		state, _, err := h.Flow.State(c.UserContext(), id)
		switch {
		case err == nil && state.Ended:
			challenge(c, byCookie)
			return c.Status(fiber.StatusUnauthorized).Type("json").Send(h.browsers.encodeState(state))
		case err != nil && !errors.Is(err, signin.ErrNobodyWaits):
			return err
		}
	}
	return unauthorized(c, "no sign-in is waiting in this browser")
}

func (h *Handlers) requireSignedInJSON(c *fiber.Ctx) error {
	if visitorOf(c).Level() != store.SignedIn {
		return unauthorized(c, "nobody is signed in in this browser")
	}
	return c.Next()
}

func unauthorized(c *fiber.Ctx, why string) error {
	challenge(c, byCookie)
	return c.Status(fiber.StatusUnauthorized).JSON(fiber.Map{"status": "signed_out", "error": why})
}

// seeOther answers a form so that a reload or the back button repeats nothing.
func seeOther(c *fiber.Ctx, path string) error {
	return c.Redirect(path, fiber.StatusSeeOther)
}
