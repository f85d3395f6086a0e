package handlers

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"nod/signin"
	"nod/views"
)

// changePassword gives the account another password.
func (h *Handlers) changePassword(c *fiber.Ctx) error {
	typed := signin.NewPassword{
		Current: c.FormValue("current"), New: c.FormValue("password"), Everywhere: c.FormValue("everywhere") != "",
	}
	sess, err := h.Flow.ChangePassword(c.UserContext(), visitorOf(c), typed, h.lastStepOf(c))
	var problems signin.Problems
	if errors.As(err, &problems) {
		form := views.PasswordForm{Stay: !typed.Everywhere}
		return h.showProtected(c, fiber.StatusUnprocessableEntity, func(page *views.Protected) {
			page.Password, page.Errors = form, h.sentences(c, problems)
		})
	}
	if err != nil {
		return err
	}
	if err := h.moveTo(c, sess); err != nil {
		return err
	}
	return h.seeNotice(c, "/protected", "password-changed")
}
