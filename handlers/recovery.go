package handlers

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"nod/signin"
	"nod/store"
	"nod/views"
)

// makeRecoveryCodes makes recovery codes in the place of those from before, and leads to
// the page that shows them.
func (h *Handlers) makeRecoveryCodes(c *fiber.Ctx) error {
	// First, so that nothing can fail once the codes from before are gone.
	if err := h.renewSession(c); err != nil {
		return err
	}
	if err := h.Flow.MakeRecoveryCodes(c.UserContext(), visitorOf(c), h.clientOf(c)); err != nil {
		return err
	}
	return seeOther(c, codesPage)
}

// codesPage shows recovery codes to the session that has just made them, until it says
// that they are kept.
const codesPage = "/account/recovery-codes"

func (h *Handlers) recoveryCodes(c *fiber.Ctx) error {
	codes, made, err := h.Flow.ShownRecoveryCodes(c.UserContext(), visitorOf(c))
	if errors.Is(err, store.ErrNotFound) {
		return h.seeNotice(c, "/protected#recovery", "codes-shown")
	}
	if err != nil {
		return err
	}
	return c.Render("recovery", views.Recovery{
		Layout: h.layout(c, "recovery", "recovery.title"), Codes: codes, Made: h.timeOf(c, made), Then: c.Query("then"),
	})
}

// keptRecoveryCodes shows them no more, and leads on.
func (h *Handlers) keptRecoveryCodes(c *fiber.Ctx) error {
	if err := h.Flow.KeptRecoveryCodes(c.UserContext(), visitorOf(c)); err != nil {
		return err
	}
	forgetPages(c)
	if c.FormValue("then") == thenPhone {
		return seeOther(c, "/account/phone")
	}
	return seeOther(c, "/protected")
}

// thenPhone is where the page of the codes leads on whom a stranger has given a phone.
const thenPhone = "phone"

// declineRecoveryCodes ends the offer of recovery codes.
func (h *Handlers) declineRecoveryCodes(c *fiber.Ctx) error {
	if err := h.Flow.DeclineRecoveryCodes(c.UserContext(), visitorOf(c)); err != nil {
		return err
	}
	return seeOther(c, "/protected")
}

func (h *Handlers) removeRecoveryCodes(c *fiber.Ctx) error {
	err := h.Flow.RemoveRecoveryCodes(c.UserContext(), visitorOf(c), h.clientOf(c))
	return h.seeRemoved(c, err, "recovery-removed")
}

// recoverySection says how many recovery codes are left, and offers some to whoever
// never had any.
func (h *Handlers) recoverySection(c *fiber.Ctx, page *views.Protected) error {
	codes, err := h.Flow.RecoveryCodes(c.UserContext(), visitorOf(c).User.ID)
	page.Recovery = views.RecoveryCodes{Offer: !codes.Offered, Left: codes.Left, Of: codes.Of}
	if codes.Of > 0 {
		page.Recovery.Made = h.timeOf(c, codes.MadeAt)
	}
	if !codes.UsedAt.IsZero() {
		page.Recovery.Used = h.timeOf(c, codes.UsedAt)
	}
	return err
}

// recover signs in by a recovery code.
func (h *Handlers) recover(c *fiber.Ctx, typed string) error {
	code, ok := signin.RecoveryCode(typed)
	if !ok {
		return h.refuseRecovery(c, fiber.StatusUnprocessableEntity, h.text(c, "recovery.malformed"))
	}
	v := visitorOf(c)
	sess, err := h.Flow.Recover(c.UserContext(), v, code, h.lastStepOf(c))
	var often *store.RateError
	switch {
	case errors.Is(err, store.ErrWrongCode) && v.Session.ResetsPassword: // right or wrong; the page offers none
		return h.showToken(c, fiber.StatusUnprocessableEntity, h.text(c, "recovery.not_here"))
	case errors.Is(err, store.ErrWrongCode):
		return h.refuseRecovery(c, fiber.StatusUnprocessableEntity, h.text(c, "recovery.wrong"))
	case errors.As(err, &often):
		wait := h.untilRetry(often)
		setRetryAfter(c, wait)
		return h.refuseRecovery(c, fiber.StatusTooManyRequests, h.text(c, "limit."+often.Limit, "wait", h.reader(c).Wait(wait)))
	case errors.Is(err, store.ErrNotApproved):
		return seeOther(c, "/login/approval")
	case err != nil:
		return err
	}
	return h.finishSignIn(c, v.Session.ID, sess)
}

func (h *Handlers) refuseRecovery(c *fiber.Ctx, status int, sentence string) error {
	return h.showTokenPage(c, status, views.FieldErrors{"recovery": sentence}, views.NotSent{})
}
