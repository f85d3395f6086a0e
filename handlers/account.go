package handlers

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"nod/signin"
	"nod/store"
	"nod/views"
)

// closeAccount closes an account for good, after asking for its password again.
func (h *Handlers) closeAccount(c *fiber.Ctx) error {
	err := h.Flow.CloseAccount(c.UserContext(), visitorOf(c), c.FormValue("password"), h.clientOf(c))
	say := func(sentence string) func(*views.Protected) {
		return func(page *views.Protected) { page.Errors = views.FieldErrors{"close_password": sentence} }
	}
	var stuck *signin.NotClosed
	switch {
	case errors.Is(err, store.ErrInvalidCredentials):
		return h.showProtected(c, fiber.StatusUnprocessableEntity, say(h.text(c, "close.wrong_password")))
	case errors.As(err, &stuck) && !errors.Is(err, store.ErrUnavailable):
		h.Logger.Error("an account could not be closed", "error", err)
		return h.showProtected(c, fiber.StatusServiceUnavailable, say(h.text(c, "close.stuck")))
	case h.sayLimit(c, err) != "":
		return h.showProtected(c, fiber.StatusTooManyRequests, say(h.sayLimit(c, err)))
	case err != nil:
		return err
	}
	return h.leave(c, "account-closed")
}
