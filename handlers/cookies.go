package handlers

import "github.com/gofiber/fiber/v2"

// cookieName gives the __Host- prefix where the browser honours it, so that
// no sibling domain can set the cookie. Browsers keep one set of cookies for all
// ports of a host, so the name carries the port: two Nods on one host would sign
// each other out.
func (h *Handlers) cookieName(name string) string {
	name = h.oldCookieName(name)
	if port := h.public.Port(); port != "" {
		name += "_" + port
	}
	return name
}

// oldCookieName is the name from before it carried the port.
func (h *Handlers) oldCookieName(name string) string {
	if h.secure() {
		return "__Host-nod_" + name
	}
	return "nod_" + name
}

// readOldCookies takes cookies under their old names for those that are missing,
// so that an upgrade signs nobody out and spoils no open form. Those of another
// Nod on this host are left alone: its session means nothing here.
func (h *Handlers) readOldCookies(c *fiber.Ctx) error {
	session := h.cookieName("session")
	if h.adopt(c, "session") {
		id, err := h.sessionID(c)
		if err != nil {
			return err
		}
		if id == "" {
			c.Request().Header.DelCookie(session)
			return c.Next()
		}
	}
	h.adopt(c, "csrf")
	return c.Next()
}

// adopt puts a cookie under its old name in the place of one that is missing.
func (h *Handlers) adopt(c *fiber.Ctx, name string) bool {
	old := c.Cookies(h.oldCookieName(name))
	if old == "" || c.Cookies(h.cookieName(name)) != "" {
		return false
	}
	c.Request().Header.SetCookie(h.cookieName(name), old)
	return true
}

// expire removes a cookie of ours from the browser.
func (h *Handlers) expire(c *fiber.Ctx, name string) {
	c.Cookie(&fiber.Cookie{
		Name: h.cookieName(name), Path: "/", MaxAge: -1,
		Secure: h.secure(), HTTPOnly: true, SameSite: fiber.CookieSameSiteLaxMode,
	})
}

// leave answers who has signed out or closed the account: nothing of it stays in
// the browser but the device cookie, as long as an account knows it.
func (h *Handlers) leave(c *fiber.Ctx, notice string) error {
	if err := h.dropCookie(c); err != nil {
		return err
	}
	h.expire(c, "session")
	h.expire(c, "csrf")
	used, err := h.Flow.DeviceInUse(c.UserContext(), h.clientOf(c).Device)
	if err != nil {
		return err
	}
	if !used {
		h.expire(c, "device")
	}
	forgetPages(c)
	return h.seeNotice(c, "/", notice)
}

// forgetPages takes away the pages that the browser has kept, for its back button too.
func forgetPages(c *fiber.Ctx) { c.Set("Clear-Site-Data", `"cache"`) }
