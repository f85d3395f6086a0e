package handlers

import "github.com/gofiber/fiber/v2"

func (h *Handlers) home(c *fiber.Ctx) error {
	return c.Render("home", h.page(c, "home", "Sign in with a tap"))
}

// healthz says that the process lives, to whoever asks under any host name.
func (h *Handlers) healthz(c *fiber.Ctx) error { return c.SendString("ok\n") }

// readyz says that the database answers and can be written.
func (h *Handlers) readyz(c *fiber.Ctx) error {
	if err := h.Store.Ready(c.UserContext()); err != nil {
		h.Logger.Error("not ready", "error", err)
		return c.Status(fiber.StatusServiceUnavailable).JSON(fiber.Map{"database": "cannot be written"})
	}
	return c.JSON(fiber.Map{"database": "ok"})
}
