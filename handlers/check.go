package handlers

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"nod/signin"
)

// The addresses under /check are open to everybody and reveal nothing about
// anybody. The command "check" opens them through the public address to find
// out what a proxy in between breaks.

func (h *Handlers) checkClient(c *fiber.Ctx) error {
	return c.JSON(fiber.Map{
		"site":      h.origin(),
		"ip":        c.IP(),
		"forwarded": c.Get(fiber.HeaderXForwardedFor) != "",
		"trusted":   c.IsProxyTrusted() && len(h.TrustedProxies) > 0,
	})
}

// checkState is one event, after which the connection ends.
func (h *Handlers) checkState(context.Context, string) (message, error) {
	return message{data: h.browsers.encodeState(signin.State{Status: signin.StatusPending}), last: true}, nil
}
