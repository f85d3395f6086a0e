package handlers

import (
	"errors"
	"strings"

	"github.com/gofiber/fiber/v2"

	"nod/signin"
	"nod/store"
	"nod/views"
)

// Forgotten password: e-mail and a recovery code, then the phone, then a new one.

func (h *Handlers) forgotForm(c *fiber.Ctx) error {
	return h.showForgot(c, fiber.StatusOK, "", nil)
}

func (h *Handlers) showForgot(c *fiber.Ctx, status int, email string, problems views.FieldErrors) error {
	page := views.Forgot{Layout: h.layout(c, "forgot", "forgot.title"), Email: email}
	page.Errors = problems
	return c.Status(status).Render("forgot", page)
}

// forgot takes a recovery code in the place of the password. An e-mail that has no
// account and a code that is wrong read the same.
func (h *Handlers) forgot(c *fiber.Ctx) error {
	email := strings.TrimSpace(c.FormValue("email"))
	code, ok := signin.RecoveryCode(c.FormValue("recovery"))
	problems := views.FieldErrors{}
	if email == "" {
		problems["email"] = h.text(c, "problem."+string(signin.EmailMissing))
	}
	if !ok {
		problems["recovery"] = h.text(c, "recovery.malformed")
	}
	if len(problems) > 0 {
		return h.showForgot(c, fiber.StatusUnprocessableEntity, email, problems)
	}
	v, err := h.Flow.BeginReset(c.UserContext(), email, code, visitorOf(c).Session.ID, h.formOf(c))
	var often *store.RateError
	switch {
	case errors.Is(err, store.ErrInvalidCredentials):
		return h.showForgot(c, fiber.StatusUnprocessableEntity, email, views.FieldErrors{"form": h.text(c, "forgot.wrong")})
	case errors.As(err, &often):
		wait := h.untilRetry(often)
		setRetryAfter(c, wait)
		return h.showForgot(c, fiber.StatusTooManyRequests, email, views.FieldErrors{"form": h.text(c, "limit."+often.Limit, "wait", h.reader(c).Wait(wait))})
	case err != nil:
		return err
	}
	return h.askPhone(c, v)
}

// newPasswordForm is the page after the phone has said yes.
func (h *Handlers) newPasswordForm(c *fiber.Ctx) error {
	if !visitorOf(c).Session.ResetsPassword {
		return seeOther(c, "/protected")
	}
	return h.showNewPassword(c, fiber.StatusOK, nil)
}

func (h *Handlers) showNewPassword(c *fiber.Ctx, status int, problems views.FieldErrors) error {
	page := views.NewPassword{Layout: h.layout(c, "newpassword", "forgot.new")}
	page.Errors = problems
	return c.Status(status).Render("newpassword", page)
}

func (h *Handlers) setNewPassword(c *fiber.Ctx) error {
	if !visitorOf(c).Session.ResetsPassword {
		return seeOther(c, "/protected")
	}
	sess, err := h.Flow.ResetPassword(c.UserContext(), visitorOf(c), c.FormValue("password"), h.lastStepOf(c))
	var problems signin.Problems
	switch {
	case errors.As(err, &problems):
		return h.showNewPassword(c, fiber.StatusUnprocessableEntity, h.sentences(c, problems))
	case errors.Is(err, store.ErrNotFound):
		return seeOther(c, "/protected")
	case err != nil:
		return err
	}
	if err := h.moveTo(c, sess); err != nil {
		return err
	}
	return h.seeNotice(c, "/protected", "password-changed")
}

// afterSignIn is the page that a browser sees first in its new session.
func afterSignIn(sess store.Session) string {
	if sess.ResetsPassword {
		return "/forgot/password"
	}
	return "/protected"
}
