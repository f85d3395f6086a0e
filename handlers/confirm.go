package handlers

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"nod/signin"
	"nod/store"
	"nod/views"
)

// confirm consumes the approval of this very session and gives the browser a
// new one that is signed in.
func (h *Handlers) confirm(c *fiber.Ctx) error {
	v := visitorOf(c)
	client := h.lastStepOf(c)
	client.Unpressed = c.FormValue("unpressed") != ""
	sess, err := h.Flow.Confirm(c.UserContext(), v, client)
	var notApproved *signin.NotApproved
	if errors.As(err, &notApproved) {
		return h.showNotApproved(c, notApproved.Request)
	}
	if errors.Is(err, store.ErrEmailTaken) {
		return h.seeEmailTaken(c)
	}
	if err != nil {
		return err
	}
	return h.finishSignIn(c, v.Session.ID, sess)
}

// repeatLastStep answers a browser again that has completed its sign-in and
// lost the reply. The session that it still refers to has ended; the form that
// it sends is the same.
func (h *Handlers) repeatLastStep(c *fiber.Ctx) error {
	if visitorOf(c).Level() != store.Anonymous {
		return c.Next()
	}
	id, err := h.sessionID(c)
	if err == nil && id != "" {
		err = h.sessionFileReady(c.UserContext())
	}
	if err != nil {
		return err
	}
	sess, err := h.Flow.Repeat(c.UserContext(), id, h.lastStepOf(c))
	if errors.Is(err, store.ErrNotFound) {
		return c.Next()
	}
	if errors.Is(err, store.ErrEmailTaken) {
		return h.seeEmailTaken(c)
	}
	if err != nil {
		return err
	}
	if err := h.setSession(c, sess); err != nil {
		return err
	}
	h.keepDevice(c, sess)
	if c.Path() == codesPage {
		return seeOther(c, codesPage)
	}
	return seeOther(c, afterSignIn(sess))
}

// formOf is clientOf with the form that was sent: one that is sent twice does once what
// it does.
func (h *Handlers) formOf(c *fiber.Ctx) store.Client {
	client := h.clientOf(c)
	client.Form = hashKey(c.FormValue("_csrf"))
	return client
}

// lastStepOf is formOf with the cookie that the browser may get for it.
func (h *Handlers) lastStepOf(c *fiber.Ctx) store.Client {
	client := h.formOf(c)
	client.NewDevice = deviceOf(freshDevice(c))
	return client
}

func (h *Handlers) showNotApproved(c *fiber.Ctx, a store.Approval) error {
	var n *views.Notice
	if a.Status == store.Pending {
		n = h.viewNotice(c, notYet)
	}
	return h.showApproval(c, fiber.StatusConflict, a, n)
}

// finishSignIn moves the browser to its new session and tells its other tabs.
func (h *Handlers) finishSignIn(c *fiber.Ctx, before string, sess store.Session) error {
	if err := h.setSession(c, sess); err != nil {
		return err
	}
	h.keepDevice(c, sess)
	h.Flow.SignedIn(c.UserContext(), before, sess)
	return seeOther(c, afterSignIn(sess))
}
