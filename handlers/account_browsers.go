package handlers

import (
	"errors"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"nod/store"
	"nod/views"
)

// browsersSection lists the browsers that the account knows.
func (h *Handlers) browsersSection(c *fiber.Ctx, page *views.Protected) error {
	known, err := h.Flow.KnownBrowsers(c.UserContext(), visitorOf(c))
	this := h.clientOf(c).Device
	for _, d := range known {
		page.Browsers = append(page.Browsers, views.KnownBrowser{
			ID: d.ID, Name: h.browser(c, d.UserAgent), IP: d.IP,
			Since: h.timeOf(c, d.CreatedAt), LastUsed: h.timeOf(c, d.LastUsedAt), This: d.Device == this,
		})
	}
	return err
}

// forgetBrowser makes one browser unknown; a second click finds it gone.
func (h *Handlers) forgetBrowser(c *fiber.Ctx) error {
	id, err := strconv.ParseInt(c.FormValue("browser"), 10, 64)
	if err != nil {
		return fiber.ErrNotFound
	}
	err = h.Flow.ForgetBrowser(c.UserContext(), visitorOf(c), id, h.clientOf(c))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return h.seeNotice(c, "/protected", "browser-removed")
}

func (h *Handlers) forgetBrowsers(c *fiber.Ctx) error {
	if err := h.Flow.ForgetBrowsers(c.UserContext(), visitorOf(c), h.clientOf(c)); err != nil {
		return err
	}
	return h.seeNotice(c, "/protected", "browsers-removed")
}
