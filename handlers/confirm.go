package handlers

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"nod/signin"
	"nod/store"
)

// confirm consumes the approval of this very session and gives the browser a
// new one that is signed in.
func (h *Handlers) confirm(c *fiber.Ctx) error {
	v := visitorOf(c)
	sess, err := h.Flow.Confirm(c.UserContext(), v, h.clientOf(c))
	var notApproved *signin.NotApproved
	if errors.As(err, &notApproved) {
		return h.showNotApproved(c, notApproved.Request)
	}
	if err != nil {
		return err
	}
	return h.finishSignIn(c, v.Session.ID, sess)
}

func (h *Handlers) showNotApproved(c *fiber.Ctx, a store.Approval) error {
	var n *notice
	if a.Status == store.Pending {
		notYet := notices["not-yet"]
		n = &notYet
	}
	return h.showApproval(c, fiber.StatusConflict, a, n)
}

// finishSignIn moves the browser to its new session and tells its other tabs.
func (h *Handlers) finishSignIn(c *fiber.Ctx, before string, sess store.Session) error {
	if err := h.setSession(c, sess); err != nil {
		return err
	}
	h.Flow.SignedIn(c.UserContext(), before, sess)
	return seeOther(c, "/protected")
}
