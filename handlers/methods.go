package handlers

import (
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// routeTable knows which methods each path has. It is filled once all routes are
// registered. Fiber's own search finds no method of a path while a guard in front
// of it refuses.
type routeTable struct {
	methods  map[string][]string // by pattern
	patterns []string            // those that match more than themselves
}

func (t *routeTable) fill(app *fiber.App) {
	t.methods = map[string][]string{}
	for _, r := range app.GetRoutes(true) {
		if !slices.Contains(t.methods[r.Path], r.Method) {
			t.methods[r.Path] = append(t.methods[r.Path], r.Method)
		}
		if strings.ContainsAny(r.Path, ":*") && !slices.Contains(t.patterns, r.Path) {
			t.patterns = append(t.patterns, r.Path)
		}
	}
	for _, methods := range t.methods {
		slices.Sort(methods)
	}
}

// require answers 404 for a path that there is not, and 405 for a method that
// a path does not have, before any guard asks for a token or a session. Whoever opens
// the address of a form is led to its page: it stands in the browser beside the errors
// of the form, to be loaded again.
func (t *routeTable) require(c *fiber.Ctx) error {
	methods := t.of(c)
	switch {
	case methods == nil:
		return fiber.ErrNotFound
	case !slices.Contains(methods, c.Method()) && opens(c) && wantsPage(c):
		return seeOther(c, pageOf(c.Path()))
	case !slices.Contains(methods, c.Method()):
		c.Set(fiber.HeaderAllow, strings.Join(methods, ", "))
		return fiber.ErrMethodNotAllowed
	}
	return c.Next()
}

// opens says whether a request only reads.
func opens(c *fiber.Ctx) bool {
	return c.Method() == fiber.MethodGet || c.Method() == fiber.MethodHead
}

// formPages are the pages of the forms, by how the paths of these begin.
var formPages = [][2]string{
	{"/login/cancel", "/login"},
	{"/login/passkey", "/login"},
	{"/login/", "/login/approval"},
	{"/send-token", "/verify-token"},
	{"/account/confirm/", "/account/confirm"},
	{"/account/phone/", "/account/phone"},
	{"/account/phones/", "/account/phones"},
	{"/account/", "/protected"},
	{"/notices/", "/protected"},
	{"/transfers", "/protected#transfers"},
	{"/", "/"},
}

// pageOf is the page that has the form of a path.
func pageOf(path string) string {
	for _, known := range formPages {
		if strings.HasPrefix(path, known[0]) {
			return known[1]
		}
	}
	return "/"
}

// refuseUnknownMethods answers 501 where Fiber would say 400.
func (h *Handlers) refuseUnknownMethods(app *fiber.App) fasthttp.RequestHandler {
	known, next := app.Config().RequestMethods, app.Server().Handler
	return func(ctx *fasthttp.RequestCtx) {
		if slices.Contains(known, string(ctx.Method())) {
			next(ctx)
			return
		}
		c := app.AcquireCtx(ctx)
		defer app.ReleaseCtx(c)
		// It writes its own answer, and returns no error.
		_ = h.ErrorHandler(c, fiber.ErrNotImplemented)
	}
}

func (t *routeTable) of(c *fiber.Ctx) []string {
	path := c.Path()
	if methods, ok := t.methods[path]; ok {
		return methods
	}
	for _, pattern := range t.patterns {
		if fiber.RoutePatternMatch(path, pattern, c.App().Config()) {
			return t.methods[pattern]
		}
	}
	return nil
}
