package handlers

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"nod/signin"
	"nod/store"
	"nod/views"
)

// The second half of a sign-up where people have phones of their own alone: a phone is
// added before anybody is signed in, and is asked then, as at every sign-in.

// firstPhonePage adds the phone. Whoever comes back with the password goes on there.
const firstPhonePage = "/signup/phone"

func (h *Handlers) registerFirstPhone(app *fiber.App) {
	if !h.Flow.OwnOnly {
		return
	}
	app.Get(firstPhonePage, h.requireHalf, h.requireAdding, h.firstPhone)
	app.Get(firstPhonePage+"/status", h.requireAddingJSON, h.ownPhonesStatus)
	app.Post(firstPhonePage, h.requireHalf, h.requireAdding, h.newFirstPhoneCode)
	app.Post(firstPhonePage+"/confirm", h.requireHalf, h.requireAdding, h.confirmFirstPhone)
	app.Post(firstPhonePage+"/remove", h.requireHalf, h.requireAdding, h.refuseFirstPhone)
}

// requireAdding admits sign-ups that nobody has proved.
func (h *Handlers) requireAdding(c *fiber.Ctx) error {
	if !h.Flow.AddsPhone(visitorOf(c)) {
		return seeOther(c, "/login/approval")
	}
	return c.Next()
}

func (h *Handlers) requireAddingJSON(c *fiber.Ctx) error {
	if !h.Flow.AddsPhone(visitorOf(c)) {
		return unauthorized(c, "nobody signs up in this browser")
	}
	return c.Next()
}

// beginFirstPhone makes the code for the phone of a sign-up, and leads to its page.
func (h *Handlers) beginFirstPhone(c *fiber.Ctx, v signin.Visitor) error {
	return h.newPhoneCode(c, v, firstPhonePage)
}

func (h *Handlers) newFirstPhoneCode(c *fiber.Ctx) error { return h.beginFirstPhone(c, visitorOf(c)) }

// firstPhone shows the phone that waits to be confirmed, or else the code for one.
func (h *Handlers) firstPhone(c *fiber.Ctx) error {
	waiting, err := h.ownPhones(c, false)
	if err != nil {
		return err
	}
	code, err := h.Flow.ShownPhoneCode(c.UserContext(), visitorOf(c))
	if len(waiting) > 0 || errors.Is(err, store.ErrNotFound) {
		return h.showOwnPhones(c, fiber.StatusOK, views.OwnPhones{})
	}
	if err != nil {
		return err
	}
	return h.showPhoneCode(c, code)
}

// confirmFirstPhone makes the phone count, and asks it.
func (h *Handlers) confirmFirstPhone(c *fiber.Ctx) error {
	v := visitorOf(c)
	err := h.Flow.ConfirmPhone(c.UserContext(), v, c.FormValue("id"), h.clientOf(c))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return h.seeNotice(c, firstPhonePage, "own-phone-gone")
	case errors.Is(err, store.ErrTooManyFactors):
		return h.showTooManyPhones(c)
	case err != nil:
		return err
	}
	return h.goOnToPhone(c, v)
}

// refuseFirstPhone takes a phone away that is somebody else's.
func (h *Handlers) refuseFirstPhone(c *fiber.Ctx) error {
	if err := h.Flow.RemovePhone(c.UserContext(), visitorOf(c), c.FormValue("id"), h.clientOf(c)); err != nil {
		return err
	}
	return seeOther(c, firstPhonePage)
}
