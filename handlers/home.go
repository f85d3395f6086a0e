package handlers

import "github.com/gofiber/fiber/v2"

func (h *Handlers) home(c *fiber.Ctx) error {
	return c.Render("home", h.page(c, "home", "Sign in with a tap"))
}
