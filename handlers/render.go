package handlers

import (
	"github.com/gofiber/fiber/v2"

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
		Languages: h.choices(),
		Title:     h.text(c, title),
		CSRF:      h.csrfToken(c),
		Level:     int(v.Level()),
		PhonesURL: h.PhonesURL,
	}
	h.addStage(c, &page)
	if v.Level() != store.Anonymous {
		page.UserEmail = v.User.Email
	}
	page.Notice = h.noticeOf(c)
	return page
}
