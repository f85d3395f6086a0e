package handlers

import (
	"context"
	"time"

	"github.com/gofiber/fiber/v2"

	"nod/hub"
	"nod/signin"
	"nod/store"
)

// The addresses under /check are open to everybody and reveal nothing about
// anybody. The command "check" opens them through the public address to find
// out what a proxy in between breaks.

// checkHold is how long a socket or stream of a check stays open: longer than
// the check waits for the second ping. The silence before it is what a proxy has
// to bear.
const checkHold = 80 * time.Second

// maxChecks is how many sockets and streams of checks may be open at once. They have no
// session, and must not take the slots of those who sign in.
const maxChecks = 100

// reserveCheck is reserveSlot for a check, which waits under a key of its own.
func (h *Handlers) reserveCheck(c *fiber.Ctx) error {
	return h.withSlot(c, "check "+store.Network(h.visitorIP(c)), &reservation{sessionID: randomText()}, func() error {
		if h.checks.Add(1) > maxChecks {
			h.checks.Add(-1)
			return hub.ErrFull
		}
		// Its place is free when the check is over, also where the client has left before.
		time.AfterFunc(checkHold, func() { h.checks.Add(-1) })
		return c.Next()
	})
}

func (h *Handlers) checkClient(c *fiber.Ctx) error {
	ip := h.visitorIP(c)
	visitor, ok := parseIP(ip)
	return c.JSON(fiber.Map{
		"site":      h.origin(),
		"host":      string(c.Request().Header.Host()),
		"ip":        ip,
		"proxy":     ok && h.proxies.Has(visitor), // it is itself where a proxy is
		"forwarded": c.Get(fiber.HeaderXForwardedFor) != "",
		"trusted":   h.fromTrustedProxy(c),
	})
}

// checkState is one event at once. After it the connection is silent, as that of
// a waiting page is, but for the pings.
func (h *Handlers) checkState(_ context.Context, key string) (message, error) {
	time.AfterFunc(checkHold, func() { h.Hub.CloseKey(key, closeNormal, "checked") })
	return message{data: h.browsers.encodeState(signin.State{Status: signin.StatusPending})}, nil
}
