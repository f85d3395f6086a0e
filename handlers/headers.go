package handlers

import (
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// policy is the Content-Security-Policy of every page.
func (h *Handlers) policy() string {
	socket := "ws://"
	if h.secure() {
		socket = "wss://"
	}
	return strings.Join([]string{
		"default-src 'none'",
		"script-src 'self'",
		"style-src 'self'",
		"img-src 'self'",
		"manifest-src 'self'",
		"connect-src 'self' " + socket + h.public.Host,
		"form-action 'self'",
		"base-uri 'none'",
		"frame-ancestors " + h.ancestors(),
	}, "; ")
}

// ancestors says who may hold a page in a frame.
func (h *Handlers) ancestors() string {
	if h.Demo == nil {
		return "'none'"
	}
	return h.Demo.Stage
}

// fixedHeaders are those of every answer that depend on no setting.
var fixedHeaders = [][2]string{
	{fiber.HeaderXContentTypeOptions, "nosniff"},
	{fiber.HeaderReferrerPolicy, "same-origin"},
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	// The provider's images have no Cross-Origin-Resource-Policy header.
	{"Cross-Origin-Embedder-Policy", "unsafe-none"},
	{"Origin-Agent-Cluster", "?1"},
	{"X-DNS-Prefetch-Control", "off"},
	{"X-Permitted-Cross-Domain-Policies", "none"},
}

// answerHeaders are the headers of every answer, whatever it says and to whom.
func (h *Handlers) answerHeaders() [][2]string {
	all := append(fixedHeaders[:len(fixedHeaders):len(fixedHeaders)],
		[2]string{fiber.HeaderContentSecurityPolicy, h.policy()})
	if h.Demo == nil { // it knows no way to name one
		all = append(all, [2]string{fiber.HeaderXFrameOptions, "DENY"})
	}
	if h.secure() {
		all = append(all, [2]string{fiber.HeaderStrictTransportSecurity, "max-age=31536000"})
	}
	return all
}

// protectAnswers puts the headers on every answer before any route is looked for: a
// refusal, a redirect and a socket's 101 have them too, and a new route cannot
// lack them.
func (h *Handlers) protectAnswers(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		h.setHeaders(ctx)
		next(ctx)
	}
}

// setHeaders is done for every request, and again for errors: of a request that
// could not be read no route is looked for.
func (h *Handlers) setHeaders(ctx *fasthttp.RequestCtx) {
	for _, header := range h.fixed {
		ctx.Response.Header.Set(header[0], header[1])
	}
}

// noStore keeps pages about a person out of every cache.
func noStore(c *fiber.Ctx) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Vary(fiber.HeaderCookie, fiber.HeaderAcceptLanguage)
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
	byPhone     = "Nod-Phone"       // sign with the keys of a phone
)
