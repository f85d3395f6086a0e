package handlers

import (
	"github.com/gofiber/fiber/v2"

	"nod/store"
)

// notice is one line above a page.
type notice struct{ Kind, Text string }

// notices are the lines a redirect may ask for with ?notice=: a link can
// choose among these sentences but not write one.
var notices = map[string]notice{
	"start":          {"info", "Please sign in first."},
	"signed-out":     {"success", "You are signed out."},
	"account-closed": {"success", "Your account is closed. Your name, e-mail and number are deleted."},
	"ended":          {"info", "That sign-in has ended. You can start a new one."},
	"cancelled":      {"info", "The sign-in was cancelled. Nobody was let in."},
	"sent-again":     {"info", "A new request is on its way to your phone. The one before no longer counts."},
	"too-many-codes": {"error", "Too many wrong codes. Please sign in again with your password."},
	"not-yet":        {"warning", "Your phone has not answered yet. Tap Approve there, and this page moves on."},
}

// page is what every template gets; see layout.html.
func (h *Handlers) page(c *fiber.Ctx, name, title string) fiber.Map {
	v := visitorOf(c)
	page := fiber.Map{
		"Page":      name,
		"Title":     title,
		"CSRF":      h.csrfToken(c),
		"Level":     int(v.Level()),
		"PhonesURL": h.PhonesURL,
	}
	if v.Level() != store.Anonymous {
		page["User"] = &v.User
	}
	if n, ok := notices[c.Query("notice")]; ok {
		page["Notice"] = &n
	}
	return page
}
