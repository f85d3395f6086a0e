package handlers

import (
	"github.com/gofiber/fiber/v2"

	"nod/signin"
	"nod/store"
	"nod/views"
)

// layout is what every page shows around its content; title is a key.
func (h *Handlers) layout(c *fiber.Ctx, name, title string) views.Layout {
	v := visitorOf(c)
	page := views.Layout{
		Page:      name,
		Lang:      h.reader(c).Tag(),
		Dir:       h.reader(c).Direction(),
		Here:      here(c, name),
		HereForm:  hereForm(c, name),
		Posted:    c.Method() == fiber.MethodPost,
		Languages: h.choices(),
		Title:     h.text(c, title),
		CSRF:      h.csrfToken(c),
		Level:     int(h.shownLevel(c, name)),
		Reset:     v.Session.ResetsPassword,
		PhonesURL: h.PhonesURL,
		OwnOnly:   h.Flow.OwnOnly,
	}
	h.addStage(c, &page)
	if v.Level() != store.Anonymous {
		page.UserEmail = v.User.Email
	}
	page.Notice = h.noticeOf(c)
	return page
}

// shownLevel is how far the visitor's sign-in has come. One that was denied has nothing
// left to finish or to sign out of, so the pages to begin from take it for none.
func (h *Handlers) shownLevel(c *fiber.Ctx, name string) store.Level {
	level := visitorOf(c).Level()
	if level != store.PasswordPassed || !beginsFrom[name] {
		return level
	}
	if a, err := h.latestRequest(c); err == nil && signin.AttemptOver(a) {
		return store.Anonymous
	}
	return level
}

// beginsFrom are the pages where a new sign-in begins.
var beginsFrom = map[string]bool{"home": true, "login": true, "signup": true, "forgot": true}
