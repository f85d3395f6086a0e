package handlers

import (
	"context"
	"errors"

	"github.com/gofiber/fiber/v2"

	"nod/authy"
	"nod/store"
)

// closingStuck is said wherever it is not known how far the closing came.
const closingStuck = "The phone service did not answer as it should. Nothing was changed here, but your phone may be off the service already: please close the account again in a minute."

// closeAccount ends an account for good, after its password once more. The
// provider goes first: if it cannot be told, nothing has changed here. It may
// have heard all the same; then it knows nobody the next time, which is as good.
func (h *Handlers) closeAccount(c *fiber.Ctx) error {
	ctx, v := c.UserContext(), visitorOf(c)
	if err := refuseGuessing(h.Store.SpendPasswordTry(ctx, v.User.Email, clientOf(c).IP)); err != nil {
		return err
	}
	user, err := h.Store.Authenticate(ctx, v.User.Email, c.FormValue("password"))
	if errors.Is(err, store.ErrInvalidCredentials) || (err == nil && user.ID != v.User.ID) {
		return h.showProtected(c, fiber.StatusUnprocessableEntity, inside{closing: "The password is wrong. Nothing was changed."})
	}
	if err != nil {
		return err
	}
	if err := h.Store.ClearPasswordFailures(ctx, user.Email, clientOf(c).IP); err != nil {
		return err
	}
	if err := h.removeFromProvider(ctx, user); err != nil {
		h.Logger.Warn("an account could not be closed", "error", err)
		return h.showProtected(c, fiber.StatusServiceUnavailable, inside{closing: closingStuck})
	}
	ended, err := h.Store.CloseAccount(ctx, user.ID)
	if err != nil {
		h.Logger.Error("an account could not be closed", "error", err)
		return h.showProtected(c, fiber.StatusServiceUnavailable, inside{closing: closingStuck})
	}
	for _, sess := range ended {
		h.tellEnded(sess.ID, sess.EndReason)
	}
	if err := h.dropCookie(c); err != nil {
		return err
	}
	return seeOther(c, "/?notice=account-closed")
}

// removeFromProvider takes the phone off the service, unless another account
// here has it too: one phone is one user there.
func (h *Handlers) removeFromProvider(ctx context.Context, user store.User) error {
	shared, err := h.Store.PhoneShared(ctx, user.ID)
	if err != nil || shared {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, providerTimeout)
	defer cancel()
	err = h.Authy.RemoveUser(ctx, user.AuthyID)
	if errors.Is(err, authy.ErrUserNotFound) {
		return nil
	}
	return err
}
