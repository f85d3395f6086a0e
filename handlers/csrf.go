package handlers

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/utils"
)

// A form token is an HMAC over a cookie that only this browser has and over
// its session id. It needs no row for an anonymous visit, and it expires with
// the session id. Fiber's csrf middleware would write a row for every visit,
// and demands a Referer that privacy tools remove.

// errNoCookies: every page with a form sets the cookie, so the browser keeps
// none, or has forgotten it since.
var errNoCookies = &pageError{Status: fiber.StatusForbidden, Heading: "error.no_cookies.title",
	Text: "error.no_cookies.text", Action: toStart}

// csrfToken returns the token for a form on a page of this request.
func (h *Handlers) csrfToken(c *fiber.Ctx) string {
	secret := utils.CopyString(c.Cookies(h.cookieName("csrf")))
	if len(secret) < 20 {
		secret = randomText()
		c.Cookie(&fiber.Cookie{
			Name: h.cookieName("csrf"), Value: secret, Path: "/",
			Secure: h.secure(), HTTPOnly: true, SameSite: "Lax",
		})
		// A page with two forms must not set two secrets.
		c.Request().Header.SetCookie(h.cookieName("csrf"), secret)
	}
	return h.tokenFor(secret, c.Cookies(h.cookieName("session")))
}

func (h *Handlers) tokenFor(secret, sessionID string) string {
	mac := hmac.New(sha256.New, h.FormKey)
	mac.Write([]byte(secret + "|" + sessionID))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// requireOwnForm lets a POST through only if it was sent from a page of ours
// (Origin and Sec-Fetch-Site, where the client sends them) with the token that
// page carried.
func (h *Handlers) requireOwnForm(c *fiber.Ctx) error {
	if opens(c) {
		return c.Next()
	}
	if !h.fromOurOrigin(c) && !nullOriginOfOurPage(c) {
		return errForeignForm
	}
	// FormValue would read the query too, which stands in logs and histories.
	c.Context().QueryArgs().Reset()
	secret := c.Cookies(h.cookieName("csrf"))
	if secret == "" {
		return errNoCookies
	}
	want := h.tokenFor(secret, c.Cookies(h.cookieName("session")))
	if !hmac.Equal([]byte(want), []byte(c.FormValue("_csrf"))) {
		return errStaleForm
	}
	return c.Next()
}

// fromOurOrigin is false as soon as one of the headers a browser sets says
// that another site sent this request. A header that comes twice says two things,
// and whatever stands in between may have read the other one.
func (h *Handlers) fromOurOrigin(c *fiber.Ctx) bool {
	if repeated(c, fiber.HeaderOrigin) || repeated(c, "Sec-Fetch-Site") {
		return false
	}
	if origin := c.Get(fiber.HeaderOrigin); origin != "" && origin != h.origin() {
		return false
	}
	site := c.Get("Sec-Fetch-Site")
	return site == "" || site == "same-origin" || site == "none"
}

// nullOriginOfOurPage is true for a form of our own page behind a proxy that has
// set "Referrer-Policy: no-referrer", which makes browsers send "Origin: null".
// Sec-Fetch-Site, which no page can forge, still says where the form was. Only
// forms need this, and they have their token besides: browsers send sockets with
// the real origin whatever the policy.
func nullOriginOfOurPage(c *fiber.Ctx) bool {
	return !repeated(c, fiber.HeaderOrigin) && !repeated(c, "Sec-Fetch-Site") &&
		c.Get(fiber.HeaderOrigin) == "null" && c.Get("Sec-Fetch-Site") == "same-origin"
}

// repeated says whether a header comes more than once.
func repeated(c *fiber.Ctx, name string) bool {
	return len(c.Request().Header.PeekAll(name)) > 1
}

func (h *Handlers) origin() string { return h.public.Scheme + "://" + h.public.Host }
