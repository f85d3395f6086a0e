package handlers

import (
	"github.com/gofiber/fiber/v2"

	"nod/views"
)

func (h *Handlers) home(c *fiber.Ctx) error {
	return c.Render("home", views.Home{Layout: h.layout(c, "home", "home.title")})
}
