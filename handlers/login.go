package handlers

import (
	"errors"
	"strings"

	"github.com/gofiber/fiber/v2"

	"nod/signin"
	"nod/store"
	"nod/views"
)

func (h *Handlers) loginForm(c *fiber.Ctx) error {
	switch visitorOf(c).Level() {
	case store.SignedIn:
		return seeOther(c, "/protected")
	case store.PasswordPassed:
		a, err := h.latestRequest(c)
		if err == nil && (a.Status == store.Pending || a.Status == store.Approved) {
			return seeOther(c, "/login/approval")
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	p := h.filledIn(c)
	page := h.loginPage(c, p.Email)
	page.Password = p.Password
	return c.Render("login", page)
}

func (h *Handlers) loginPage(c *fiber.Ctx, email string) views.Login {
	page := views.Login{Layout: h.layout(c, "login", "login.title"), Email: email, DemoPeople: h.demoPeople(c)}
	page.Challenge = h.passkeyChallenge(c)
	return page
}

func (h *Handlers) showLogin(c *fiber.Ctx, status int, email, problem string) error {
	page := h.loginPage(c, email)
	if problem != "" {
		page.Errors = views.FieldErrors{"form": problem}
	}
	return c.Status(status).Render("login", page)
}

// showHeldUp shows the form to somebody whom a limit holds up, or who has given the
// code for it: with a code of their own they are no stranger.
func (h *Handlers) showHeldUp(c *fiber.Ctx, status int, email, sentence string) error {
	page := h.loginPage(c, email)
	page.AsksProof = true
	page.Errors = views.FieldErrors{"form": sentence}
	return c.Status(status).Render("login", page)
}

// typedProof is the code that came along with a password: of an app, or for recovery.
func typedProof(c *fiber.Ctx) string {
	typed := c.FormValue("proof")
	if code, ok := signin.RecoveryCode(typed); ok {
		return code
	}
	code, _ := signin.CodeIn(typed)
	return code
}

// login is the first step. A wrong e-mail and a wrong password take the same
// time and read the same.
func (h *Handlers) login(c *fiber.Ctx) error {
	email, password := strings.TrimSpace(c.FormValue("email")), c.FormValue("password")
	if email == "" || password == "" {
		return h.showLogin(c, fiber.StatusUnprocessableEntity, email, h.text(c, "login.incomplete"))
	}
	client := h.clientOf(c)
	client.Proof = typedProof(c)
	user, err := h.Flow.Authenticate(c.UserContext(), email, password, client)
	if errors.Is(err, store.ErrInvalidCredentials) {
		return h.showWrong(c, email, client)
	}
	if sentence := h.sayLimit(c, err); sentence != "" {
		return h.showHeldUp(c, fiber.StatusTooManyRequests, email, sentence)
	}
	if err != nil {
		return err
	}
	err = h.startSecondStep(c, user)
	if errors.Is(err, store.ErrInvalidCredentials) { // changed while this one was compared
		return h.showWrong(c, email, client)
	}
	return err
}

// showWrong says that the e-mail or the password is wrong, or the code along with them.
func (h *Handlers) showWrong(c *fiber.Ctx, email string, client store.Client) error {
	if client.Proof != "" {
		return h.showHeldUp(c, fiber.StatusUnprocessableEntity, email, h.text(c, "login.wrong_proof"))
	}
	return h.showLogin(c, fiber.StatusUnprocessableEntity, email, h.text(c, "login.wrong"))
}

// startSecondStep starts a session that has passed the password, and asks the
// phone. Whoever was signed in on this browser before no longer is.
func (h *Handlers) startSecondStep(c *fiber.Ctx, user store.User) error {
	sess, err := h.Flow.Begin(c.UserContext(), user, visitorOf(c).Session.ID, h.formOf(c))
	if err != nil {
		return err
	}
	return h.askPhone(c, signin.Visitor{Session: sess, User: user})
}

// askPhone moves the browser to a sign-in that waits for its second step, and asks
// the phone.
func (h *Handlers) askPhone(c *fiber.Ctx, v signin.Visitor) error {
	if err := h.setSession(c, v.Session); err != nil {
		return err
	}
	return h.goOnToPhone(c, v)
}

// goOnToPhone asks the phone, and leads to where the browser waits for it.
func (h *Handlers) goOnToPhone(c *fiber.Ctx, v signin.Visitor) error {
	next, err := h.Flow.SecondStep(c.UserContext(), v)
	if err != nil {
		return err
	}
	switch next {
	case signin.EnterCode:
		return seeOther(c, "/verify-token")
	case signin.AddPhone:
		return h.beginFirstPhone(c, v)
	}
	return seeOther(c, "/login/approval")
}

func (h *Handlers) logout(c *fiber.Ctx) error {
	if v := visitorOf(c); v.Level() != store.Anonymous {
		if err := h.Flow.End(c.UserContext(), v.Session.ID, store.ReasonSignedOut); err != nil {
			return err
		}
	}
	return h.leave(c, "signed-out")
}
