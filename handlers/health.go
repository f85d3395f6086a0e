package handlers

import "github.com/gofiber/fiber/v2"

// healthz says that the process is running and which version it is, under any
// host name.
func (h *Handlers) healthz(c *fiber.Ctx) error { return c.SendString("ok\n" + h.Version + "\n") }

// readyz says whether the database answers and can be written, and how the last
// call of the provider went. An unavailable provider does not make Nod unready:
// waiting pages still get their updates, and no other process would do better.
func (h *Handlers) readyz(c *fiber.Ctx) error {
	if err := h.Flow.Ready(c.UserContext()); err != nil {
		h.Logger.Error("not ready", "error", err)
		return c.Status(fiber.StatusServiceUnavailable).JSON(fiber.Map{"database": "cannot be written", "provider": h.providerHealth()})
	}
	return c.JSON(fiber.Map{"database": "ok", "provider": h.providerHealth()})
}

func (h *Handlers) providerHealth() fiber.Map {
	state, at := h.Provider.Health()
	body := fiber.Map{"state": state}
	if !at.IsZero() {
		body["last_call"] = wireTime(at)
	}
	return body
}
