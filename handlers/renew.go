package handlers

import (
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"nod/store"
)

// moveTo gives the browser the session under which it goes on. Its other tabs
// connect again, with the new cookie.
func (h *Handlers) moveTo(c *fiber.Ctx, sess store.Session) error {
	before := visitorOf(c).Session.ID
	if err := h.setSession(c, sess); err != nil {
		return err
	}
	h.Flow.Renewed(c.UserContext(), before)
	v := visitorOf(c)
	v.Session = sess
	c.Locals(visitorKey, v)
	// The forms of a page that follows in this answer belong to the new id.
	var kept fasthttp.Cookie
	kept.SetKey(h.cookieName("session"))
	if c.Response().Header.Cookie(&kept) {
		c.Request().Header.SetCookieBytesKV(kept.Key(), kept.Value())
	}
	return nil
}

// renewSession gives the browser a new session id after a change of what signs in:
// a cookie from before is worth nothing from then on.
func (h *Handlers) renewSession(c *fiber.Ctx) error {
	sess, err := h.Flow.Renew(c.UserContext(), visitorOf(c), h.lastStepOf(c))
	if err != nil {
		return err
	}
	return h.moveTo(c, sess)
}
