package handlers

import (
	"github.com/gofiber/fiber/v2"

	"nod/store"
	"nod/views"
)

// notice is one line above a page; Text is the key of its sentence.
type notice struct{ Kind, Text string }

// notices are the lines a redirect may ask for with ?notice=: a link can
// choose among these sentences but not write one.
var notices = map[string]notice{
	"start":          {"info", "notice.start"},
	"signed-out":     {"success", "notice.signed_out"},
	"account-closed": {"success", "notice.account_closed"},
	"ended":          {"info", "notice.ended"},
	"cancelled":      {"info", "notice.cancelled"},
	"sent-again":     {"info", "notice.sent_again"},
	"too-many-codes": {"error", "notice.too_many_codes"},
	"not-yet":        {"warning", "notice.not_yet"},
}

// layout is what every page shows around its content; title is a key.
func (h *Handlers) layout(c *fiber.Ctx, name, title string) views.Layout {
	v := visitorOf(c)
	page := views.Layout{
		Page:      name,
		Title:     h.Pages.Text(title),
		CSRF:      h.csrfToken(c),
		Level:     int(v.Level()),
		PhonesURL: h.PhonesURL,
	}
	if v.Level() != store.Anonymous {
		page.UserEmail = v.User.Email
	}
	if n, ok := notices[c.Query("notice")]; ok {
		page.Notice = h.viewNotice(n)
	}
	return page
}

// viewNotice is a notice with its sentence.
func (h *Handlers) viewNotice(n notice) *views.Notice {
	return &views.Notice{Kind: n.Kind, Text: h.Pages.Text(n.Text)}
}
