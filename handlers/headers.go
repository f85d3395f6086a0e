package handlers

import (
	"strings"

	"github.com/gofiber/fiber/v2"
)

// policy is the Content-Security-Policy of a page. imageOrigin is one more
// origin that images may come from, "" for none.
func (h *Handlers) policy(imageOrigin string) string {
	socket := "ws://"
	if h.secure() {
		socket = "wss://"
	}
	return strings.Join([]string{
		"default-src 'none'",
		"script-src 'self'",
		"style-src 'self'",
		strings.TrimSpace("img-src 'self' " + imageOrigin),
		"connect-src 'self' " + socket + h.public.Host,
		"form-action 'self'",
		"base-uri 'none'",
		"frame-ancestors 'none'",
	}, "; ")
}

// pageHeaders are the headers of every page besides its policy.
var pageHeaders = [][2]string{
	{fiber.HeaderXContentTypeOptions, "nosniff"},
	{fiber.HeaderXFrameOptions, "DENY"},
	{fiber.HeaderReferrerPolicy, "same-origin"},
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	// The provider's images have no Cross-Origin-Resource-Policy header.
	{"Cross-Origin-Embedder-Policy", "unsafe-none"},
	{"Origin-Agent-Cluster", "?1"},
	{"X-DNS-Prefetch-Control", "off"},
	{"X-Permitted-Cross-Domain-Policies", "none"},
}

func (h *Handlers) headers(c *fiber.Ctx) error {
	h.setHeaders(c)
	return c.Next()
}

// setHeaders is done for every page, and again for errors: one that comes before
// the pages is a page too.
func (h *Handlers) setHeaders(c *fiber.Ctx) {
	for _, header := range pageHeaders {
		c.Set(header[0], header[1])
	}
	c.Set(fiber.HeaderContentSecurityPolicy, h.policy(""))
	if h.secure() {
		c.Set(fiber.HeaderStrictTransportSecurity, "max-age=31536000")
	}
}

// noStore keeps pages about a person out of every cache.
func noStore(c *fiber.Ctx) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Vary(fiber.HeaderCookie)
	return c.Next()
}

// challenge names how to get in, as every 401 must. Browsers know none of these
// schemes, and so ask for no password.
func challenge(c *fiber.Ctx, scheme string) {
	c.Set(fiber.HeaderWWWAuthenticate, scheme+` realm="Nod"`)
}

const (
	byCookie    = "Cookie"          // sign in on the pages
	bySignature = "Authy-Signature" // sign the callback
)
