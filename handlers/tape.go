package handlers

import "github.com/gofiber/fiber/v2"

// tape is a connection that may be recorded. A recorder learns by it what the bytes
// do not say; without one both calls do nothing.
type tape interface {
	Note(text string)  // what became of the request, which its answer does not tell
	About(uuid string) // the approval request that this and what follows is about
}

func note(c *fiber.Ctx, what string) {
	if t, ok := c.Context().Conn().(tape); ok {
		t.Note(what)
	}
}

func about(c *fiber.Ctx, uuid string) {
	if t, ok := c.Context().Conn().(tape); ok {
		t.About(uuid)
	}
}
