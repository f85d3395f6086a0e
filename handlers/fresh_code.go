package handlers

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"nod/signin"
	"nod/store"
	"nod/views"
)

// A code takes the place of the tap also where a change is confirmed.

// sendChangeCode sends a code by SMS or voice.
func (h *Handlers) sendChangeCode(c *fiber.Ctx) error {
	ref, by := askedChange(c), store.Method(c.FormValue("via"))
	if by != store.MethodSMS && by != store.MethodCall {
		return h.showCodeNotSent(c, fiber.StatusUnprocessableEntity, ref, views.NotSent{Text: h.text(c, "token.choose")})
	}
	not, err := h.Flow.SendCode(c.UserContext(), visitorOf(c), by)
	if sentence := h.sayLimit(c, err); sentence != "" {
		return h.showCodeNotSent(c, fiber.StatusTooManyRequests, ref, views.NotSent{By: string(by), Text: sentence})
	}
	if err != nil {
		return err
	}
	if not != nil {
		return h.showCodeNotSent(c, notSentStatus[not.Why], ref, h.viewNotSent(c, by, not))
	}
	return seeOther(c, ref.url("by", "code"))
}

// showCodeNotSent is showNotSent on the page of a change.
func (h *Handlers) showCodeNotSent(c *fiber.Ctx, status int, ref changeRef, not views.NotSent) error {
	page, err := h.changePage(c, ref, true)
	if err != nil {
		return err
	}
	page.NotSent, page.Notice = not, nil
	page.NextSendSeconds = max(page.NextSendSeconds, not.Seconds)
	return c.Status(status).Render("change", page)
}

// confirmChangeByCode takes a code.
func (h *Handlers) confirmChangeByCode(c *fiber.Ctx) error {
	ref := askedChange(c)
	token, ok := typedCode(c)
	if !ok {
		return h.showChange(c, fiber.StatusUnprocessableEntity, ref, true, h.text(c, "token.malformed"))
	}
	sess, err := h.Flow.ConfirmChangeByCode(c.UserContext(), visitorOf(c), token, h.lastStepOf(c))
	var refused *signin.CodeRefused
	switch {
	case errors.Is(err, store.ErrNoTriesLeft):
		return h.seeOutOfTries(c)
	case errors.Is(err, store.ErrNotApproved), errors.Is(err, store.ErrNotFound):
		return seeOther(c, ref.url()) // the phone said no, or the session has ended
	case h.sayLimit(c, err) != "":
		return h.showChange(c, fiber.StatusTooManyRequests, ref, true, h.sayLimit(c, err))
	case errors.As(err, &refused):
		status, sentence := h.sayRefused(c, refused)
		return h.showChange(c, status, ref, true, sentence)
	case err != nil:
		return err
	}
	return h.goOn(c, sess, ref)
}
