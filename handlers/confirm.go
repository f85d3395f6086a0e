package handlers

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"nod/store"
)

// confirm is the door: it consumes the approval of this very session and
// gives the browser a new one that is signed in. There is exactly one winner.
func (h *Handlers) confirm(c *fiber.Ctx) error {
	ctx, v := c.UserContext(), visitorOf(c)
	sess, err := h.Store.ConfirmLogin(ctx, v.Session.ID, clientOf(c))
	if errors.Is(err, store.ErrNotApproved) {
		return h.notYet(c)
	}
	if err != nil {
		return err
	}
	return h.enter(c, v.Session.ID, sess)
}

// notYet serves who says it is approved when it is not known here: the
// callback may have been lost, so the provider is asked before saying no.
func (h *Handlers) notYet(c *fiber.Ctx) error {
	v := visitorOf(c)
	a, err := h.latest(c)
	if err != nil {
		return err
	}
	a = h.reconcile(c.UserContext(), a, now)
	if a.Status == store.Approved {
		sess, err := h.Store.ConfirmLogin(c.UserContext(), v.Session.ID, clientOf(c))
		if err == nil {
			return h.enter(c, v.Session.ID, sess)
		}
		if !errors.Is(err, store.ErrNotApproved) {
			return err
		}
	}
	var n *notice
	if a.Status == store.Pending {
		notYet := notices["not-yet"]
		n = &notYet
	}
	return h.showApproval(c, fiber.StatusConflict, a, n)
}

// enter moves the browser to its new session and tells its other tabs.
func (h *Handlers) enter(c *fiber.Ctx, old string, sess store.Session) error {
	if err := h.pointTo(c, sess); err != nil {
		return err
	}
	h.Metrics.SignIn("signed_in", sess.Method)
	if sess.Method == "push" {
		h.Metrics.Tap(sess.Latency)
	}
	h.publish(old, state{Status: "signed_in", ServerTime: wireTime(h.Now())}, true)
	return seeOther(c, "/protected")
}
