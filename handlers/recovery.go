package handlers

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"nod/signin"
	"nod/store"
	"nod/views"
)

// makeRecoveryCodes makes recovery codes in the place of those from before, and
// shows them on this one answer.
func (h *Handlers) makeRecoveryCodes(c *fiber.Ctx) error {
	// First, so that nothing can fail once the codes from before are gone.
	if err := h.renewSession(c); err != nil {
		return err
	}
	codes, err := h.Flow.MakeRecoveryCodes(c.UserContext(), visitorOf(c), h.clientOf(c))
	if err != nil {
		return err
	}
	return h.showRecoveryCodes(c, codes, "/protected")
}

// showRecoveryCodes shows codes that were just made, and leads on.
func (h *Handlers) showRecoveryCodes(c *fiber.Ctx, codes []string, next string) error {
	page := views.Recovery{Layout: h.layout(c, "recovery", "recovery.title"), Codes: codes, Made: h.timeOf(c, h.Now()), NextURL: next}
	return c.Render("recovery", page)
}

// declineRecoveryCodes ends the offer of recovery codes.
func (h *Handlers) declineRecoveryCodes(c *fiber.Ctx) error {
	if err := h.Flow.DeclineRecoveryCodes(c.UserContext(), visitorOf(c)); err != nil {
		return err
	}
	return seeOther(c, "/protected")
}

func (h *Handlers) removeRecoveryCodes(c *fiber.Ctx) error {
	if err := h.Flow.RemoveRecoveryCodes(c.UserContext(), visitorOf(c), h.clientOf(c)); err != nil {
		return err
	}
	return h.seeChanged(c, "recovery-removed")
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
	return h.showTokenPage(c, status, views.FieldErrors{"recovery": sentence})
}
