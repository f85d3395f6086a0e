package handlers

import (
	"net/url"
	"regexp"

	"github.com/gofiber/fiber/v2"

	"nod/views"
)

// authenticator shows the QR code that adds a generic authenticator app. It
// takes a POST and is shown once: whoever sees it can make codes.
func (h *Handlers) authenticator(c *fiber.Ctx) error {
	added, err := h.Flow.AddAuthenticator(c.UserContext(), visitorOf(c).User)
	if err != nil {
		h.Logger.Warn("no authenticator could be added", "error", err)
		return h.showProtected(c, fiber.StatusServiceUnavailable, func(page *views.Protected) {
			page.Authenticator.Problem = h.Pages.Text("authenticator.problem")
		})
	}
	c.Set(fiber.HeaderContentSecurityPolicy, h.policy(originOf(added.QR)))
	return h.showProtected(c, fiber.StatusOK, func(page *views.Protected) {
		page.Authenticator = views.Authenticator{QR: added.QR, Label: added.Label, Issuer: added.Issuer}
	})
}

// originOf is the origin of an image at the provider, for the policy of the one
// page that shows it. The address comes from a reply of the provider; only its
// scheme and host get into the header.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || !plainHost.MatchString(u.Host) {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

var plainHost = regexp.MustCompile(`^[a-zA-Z0-9.-]+(:\d+)?$`)
