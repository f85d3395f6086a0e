package handlers

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"nod/store"
	"nod/views"
)

func (h *Handlers) loginForm(c *fiber.Ctx) error {
	if visitorOf(c).level() == store.PasswordPassed {
		a, err := h.latest(c)
		if err == nil && (a.Status == store.Pending || a.Status == store.Approved) {
			return seeOther(c, "/login/approval")
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	return h.showLogin(c, fiber.StatusOK, "", "")
}

func (h *Handlers) showLogin(c *fiber.Ctx, status int, email, problem string) error {
	page := views.Login{Layout: h.page(c, "login", "login.title"), Email: email}
	if problem != "" {
		page.Errors = views.FieldErrors{"form": problem}
	}
	return c.Status(status).Render("login", page)
}

// login is the first step. A wrong e-mail and a wrong password cost the same
// time and read the same.
func (h *Handlers) login(c *fiber.Ctx) error {
	email, password := strings.TrimSpace(c.FormValue("email")), c.FormValue("password")
	if email == "" || password == "" {
		return h.showLogin(c, fiber.StatusUnprocessableEntity, email, "Please give both your e-mail and your password.")
	}
	ctx, ip := c.UserContext(), clientOf(c).IP
	// The try is counted before the password is checked: of many at once no
	// more are checked than the limit allows.
	if err := refuseGuessing(h.Store.SpendPasswordTry(ctx, email, ip)); err != nil {
		return err
	}
	user, err := h.Store.Authenticate(ctx, email, password)
	if errors.Is(err, store.ErrInvalidCredentials) {
		return h.showLogin(c, fiber.StatusUnprocessableEntity, email, "E-mail or password is wrong. Please try again.")
	}
	if err != nil {
		return err
	}
	if err := h.Store.ClearPasswordFailures(ctx, email, ip); err != nil {
		return err
	}
	return h.secondStep(c, user)
}

// refuseGuessing turns away who has failed too often, whether or not the
// account exists. Failures are rows: a restart forgives nothing.
func refuseGuessing(wait time.Duration, err error) error {
	if err != nil || wait <= 0 {
		return err
	}
	return &problem{Status: fiber.StatusTooManyRequests, Heading: "Too many tries",
		Text:   fmt.Sprintf("Too many tries have failed. Please wait %s before the next one.", inWords(wait)),
		Action: startAgain, RetryAfter: wait}
}

// secondStep starts a session that has passed the password and rings the
// phone. Whoever was signed in on this browser before no longer is.
func (h *Handlers) secondStep(c *fiber.Ctx, user store.User) error {
	before := visitorOf(c).Session.ID
	sess, err := h.Store.StartSession(c.UserContext(), user.ID, before, clientOf(c))
	if err != nil {
		return err
	}
	if before != "" {
		h.tellEnded(before, "replaced")
	}
	if err := h.pointTo(c, sess); err != nil {
		return err
	}
	reason, err := h.askPhone(c.UserContext(), sess, user)
	if err != nil {
		return err
	}
	if reason != reasonNoDevice {
		return seeOther(c, "/login/approval")
	}
	// No app on the phone: a code goes out instead. The page says whether.
	if _, err := h.sendCode(c.UserContext(), sess, user, "sms"); err != nil {
		return err
	}
	return seeOther(c, "/verify-token")
}

func (h *Handlers) logout(c *fiber.Ctx) error {
	if visitorOf(c).level() != store.Anonymous {
		if err := h.forget(c, reasonSignedOut); err != nil {
			return err
		}
	}
	return seeOther(c, "/?notice=signed-out")
}
