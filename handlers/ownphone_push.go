package handlers

import (
	"encoding/base64"
	"errors"
	"strings"

	"github.com/gofiber/fiber/v2"

	"nod/phone/push"
	"nod/store"
	"nod/views"
)

// How a phone of one's own is woken while its page is closed.

// registerPhonePushes has what wakes a phone, and what makes an app of its page.
func (h *Handlers) registerPhonePushes(app *fiber.App) {
	app.Get("/phone/worker.js", h.phoneWorker)
	app.Get("/phone/offline", noStore, h.phoneOffline)
	app.Get("/phone/push", noStore, h.requireOwnOrigin, h.loadPhone, h.requirePhone, h.phonePushes)
	app.Post("/phone/push", noStore, h.requireOwnJSON, h.loadPhone, h.requirePhone, h.keepPhonePushes)
}

// phoneWorker is the service worker of the phone's page. Its pages are those below
// /phone and that itself, which the path of the worker alone does not say.
func (h *Handlers) phoneWorker(c *fiber.Ctx) error {
	c.Set("Service-Worker-Allowed", phonePath)
	return sendAsset(c, workerPath)
}

// phoneOffline is the page that the worker keeps for when there is no network. It has no
// form: by then its token would be an old one.
func (h *Handlers) phoneOffline(c *fiber.Ctx) error {
	page := views.PhoneOffline{Layout: h.layout(c, "phoneoffline", "ownphone.offline.title")}
	page.Here = ""
	return c.Render("phoneoffline", page)
}

func (h *Handlers) phonePushes(c *fiber.Ctx) error {
	now, err := h.Phone.Pushes(c.UserContext(), ownPhoneOf(c))
	if err != nil {
		return err
	}
	return c.JSON(now)
}

// keepPhonePushes takes a subscription as the browser of a phone has it; nothing, where
// there is none.
func (h *Handlers) keepPhonePushes(c *fiber.Ctx) error {
	var told struct {
		Endpoint string `json:"endpoint"`
		Keys     struct {
			P256dh string `json:"p256dh"`
			Auth   string `json:"auth"`
		} `json:"keys"`
	}
	if err := readJSON(c, &told); err != nil {
		return err
	}
	err := h.Phone.KeepPushes(c.UserContext(), ownPhoneOf(c), push.Subscription{
		Endpoint: told.Endpoint, P256dh: unpadded(told.Keys.P256dh), Auth: unpadded(told.Keys.Auth),
	})
	switch {
	case errors.Is(err, push.ErrSubscription):
		h.Logger.Warn("a phone wants to be woken where that may not be", "phone", ownPhoneOf(c).ID, "error", err)
		return refusePhone(c, fiber.StatusUnprocessableEntity, "subscription")
	case errors.Is(err, store.ErrNotFound):
		return fiber.ErrNotFound
	case err != nil:
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

// unpadded reads base64url, with its padding or without; nil for anything else.
func unpadded(text string) []byte {
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return nil
	}
	return raw
}
