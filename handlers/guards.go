package handlers

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"nod/store"
)

// requirePassword lets in who has given a password and waits for the second
// step. Who is already through is sent on, a stranger to the beginning.
func (h *Handlers) requirePassword(c *fiber.Ctx) error {
	switch visitorOf(c).level() {
	case store.PasswordPassed:
		return c.Next()
	case store.SignedIn:
		return seeOther(c, "/protected")
	default:
		return seeOther(c, "/login?notice=start")
	}
}

// requireSignedIn lets in only who has finished both steps.
func (h *Handlers) requireSignedIn(c *fiber.Ctx) error {
	switch visitorOf(c).level() {
	case store.SignedIn:
		return c.Next()
	case store.PasswordPassed:
		return seeOther(c, "/login/approval")
	default:
		return seeOther(c, "/login?notice=start")
	}
}

// requireWaitingJSON is requirePassword for scripts: a status, not a page.
// Who is signed in already may ask too, and hears so; and one whose sign-in
// was ended from elsewhere hears why.
func (h *Handlers) requireWaitingJSON(c *fiber.Ctx) error {
	if visitorOf(c).level() != store.Anonymous {
		return c.Next()
	}
	id, err := h.sessionID(c)
	if err != nil {
		return err
	}
	if id != "" {
		w, err := h.Store.Wait(c.UserContext(), id)
		switch {
		case err == nil && !w.EndedAt.IsZero():
			return c.Status(fiber.StatusUnauthorized).Type("json").Send(h.newsOf(w).data)
		case err != nil && !errors.Is(err, store.ErrNotFound):
			return err
		}
	}
	return unauthorized(c, "no sign-in is waiting in this browser")
}

func (h *Handlers) requireSignedInJSON(c *fiber.Ctx) error {
	if visitorOf(c).level() != store.SignedIn {
		return unauthorized(c, "nobody is signed in in this browser")
	}
	return c.Next()
}

func unauthorized(c *fiber.Ctx, why string) error {
	return c.Status(fiber.StatusUnauthorized).JSON(fiber.Map{"status": "signed_out", "error": why})
}

// seeOther answers a form so that a reload or the back button repeats nothing.
func seeOther(c *fiber.Ctx, path string) error {
	return c.Redirect(path, fiber.StatusSeeOther)
}
