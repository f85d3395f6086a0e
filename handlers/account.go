package handlers

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"nod/signin"
	"nod/store"
)

// closingStuck is said wherever it is not known how far the closing came.
const closingStuck = "The phone service did not answer as it should. Nothing was changed here, but your phone may be off the service already: please close the account again in a minute."

// closeAccount ends an account for good, after its password once more.
func (h *Handlers) closeAccount(c *fiber.Ctx) error {
	err := h.Flow.CloseAccount(c.UserContext(), visitorOf(c), c.FormValue("password"), clientOf(c))
	var stuck *signin.NotClosed
	switch {
	case errors.Is(err, store.ErrInvalidCredentials):
		return h.showProtected(c, fiber.StatusUnprocessableEntity, inside{closing: "The password is wrong. Nothing was changed."})
	case errors.As(err, &stuck):
		h.Logger.Error("an account could not be closed", "error", err)
		return h.showProtected(c, fiber.StatusServiceUnavailable, inside{closing: closingStuck})
	case err != nil:
		return err
	}
	if err := h.dropCookie(c); err != nil {
		return err
	}
	return seeOther(c, "/?notice=account-closed")
}
