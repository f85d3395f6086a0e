package handlers

import "github.com/gofiber/fiber/v2"

// traced is around all that becomes of a request. Which trace it belongs to is for a
// proxy of ours to say, and for nobody else: who may say that anything is traced could
// have everything traced.
func (h *Handlers) traced(c *fiber.Ctx) error {
	parent := ""
	if h.fromTrustedProxy(c) {
		parent = c.Get("traceparent")
	}
	ctx, request := h.Tracer.Request(c.UserContext(), c.Method(), parent)
	c.SetUserContext(ctx)
	err := c.Next()
	if err != nil { // rendered here, so that its status is known
		err = h.ErrorHandler(c, err)
	}
	request.End(routeOf(c), c.Response().StatusCode())
	return err
}

// routeOf is the route of a request as it was registered, "" if it went no further than
// a guard for all.
func routeOf(c *fiber.Ctx) string {
	route := c.Route().Path
	if route == "/" && c.Path() != "/" {
		return ""
	}
	return route
}
