package handlers

import "github.com/gofiber/fiber/v2"

// healthz says that the process lives, to whoever asks under any host name.
func (h *Handlers) healthz(c *fiber.Ctx) error { return c.SendString("ok\n") }

// readyz says that the database answers and can be written, and how the
// provider did at its last call. An unavailable provider does not make Nod
// unready: those who wait are still told, and no other process would do better.
func (h *Handlers) readyz(c *fiber.Ctx) error {
	if err := h.Flow.Ready(c.UserContext()); err != nil {
		h.Logger.Error("not ready", "error", err)
		return c.Status(fiber.StatusServiceUnavailable).JSON(fiber.Map{"database": "cannot be written", "provider": h.providerHealth()})
	}
	return c.JSON(fiber.Map{"database": "ok", "provider": h.providerHealth()})
}

func (h *Handlers) providerHealth() fiber.Map {
	state, at := h.Provider.Health()
	said := fiber.Map{"state": state}
	if !at.IsZero() {
		said["last_call"] = wireTime(at)
	}
	return said
}
