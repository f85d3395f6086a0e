package handlers

import (
	"errors"
	"html/template"
	"net/url"

	"github.com/gofiber/fiber/v2"

	"nod/signin"
	"nod/store"
	"nod/views"
)

// addAuthenticator begins to add an authenticator app, and leads to its page.
func (h *Handlers) addAuthenticator(c *fiber.Ctx) error {
	id, err := h.Flow.AddApp(c.UserContext(), visitorOf(c))
	if errors.Is(err, store.ErrTooManyFactors) {
		return h.showProtected(c, fiber.StatusConflict, func(page *views.Protected) {
			page.AppsProblem, page.Refused = h.text(c, "authenticator.too_many"), true
		})
	}
	if err != nil {
		return err
	}
	return seeOther(c, "/account/authenticators/prove?"+url.Values{"id": {id}}.Encode())
}

// showAuthenticator shows the page of an app that is being added: with its secret to the
// session that adds it, for whoever sees it can make codes. Any other types the code of
// an app that has scanned it already.
func (h *Handlers) showAuthenticator(c *fiber.Ctx, status int, page views.Authenticator) error {
	problems := page.Errors
	page.Layout = h.layout(c, "authenticator", "authenticator.title")
	page.Errors = problems
	page.Here = "/account/authenticators/prove?" + url.Values{"id": {page.ID}, "name": {page.Name}}.Encode()
	made, err := h.Flow.NewApp(c.UserContext(), visitorOf(c), page.ID)
	switch {
	case errors.Is(err, store.ErrNotFound):
	case err != nil:
		return err
	default:
		if page.QR, err = qrCode(made.URI); err != nil {
			return err
		}
		page.Secret, page.URI = signin.Grouped(made.Secret), template.URL(made.URI) //nolint:gosec // made here
	}
	return c.Status(status).Render("authenticator", page)
}

// proveForm is that page.
func (h *Handlers) proveForm(c *fiber.Ctx) error {
	id := c.Query("id")
	if id == "" {
		return seeOther(c, "/protected")
	}
	return h.showAuthenticator(c, fiber.StatusOK, views.Authenticator{ID: id, Name: c.Query("name")})
}

// proveAuthenticator makes an app count by its first code.
func (h *Handlers) proveAuthenticator(c *fiber.Ctx) error {
	id, name := c.FormValue("id"), c.FormValue("name")
	err := h.Flow.ProveApp(c.UserContext(), visitorOf(c), id, name, h.text(c, "authenticator.unnamed"), c.FormValue("token"), h.clientOf(c))
	var problems signin.Problems
	switch {
	case errors.As(err, &problems):
		page := views.Authenticator{ID: id, Name: name}
		page.Errors = h.sentences(c, problems)
		return h.showAuthenticator(c, fiber.StatusUnprocessableEntity, page)
	case errors.Is(err, store.ErrNotFound):
		return h.seeNotice(c, "/protected", "authenticator-gone")
	case err != nil:
		return err
	}
	forgetPages(c)
	return h.seeChanged(c, "authenticator-added")
}

func (h *Handlers) removeAuthenticator(c *fiber.Ctx) error {
	err := h.Flow.RemoveApp(c.UserContext(), visitorOf(c), c.FormValue("id"), h.clientOf(c))
	return h.seeRemoved(c, err, "authenticator-removed")
}

// seeRemoved leads back to the account page after something that signs in was removed, or
// was not, since nothing else would.
func (h *Handlers) seeRemoved(c *fiber.Ctx, err error, notice string) error {
	switch {
	case errors.Is(err, store.ErrLastFactor):
		return h.seeNotice(c, "/protected", "last-way")
	case err != nil:
		return err
	}
	return h.seeChanged(c, notice)
}

// seeChanged leads back to the account page after a change of what signs in: under a
// new session id, so that one that was carried away before is worth nothing.
func (h *Handlers) seeChanged(c *fiber.Ctx, notice string) error {
	if err := h.renewSession(c); err != nil {
		return err
	}
	return h.seeNotice(c, "/protected", notice)
}

// authenticatorsSection lists the apps.
func (h *Handlers) authenticatorsSection(c *fiber.Ctx, page *views.Protected) error {
	apps, lost, err := h.Flow.Apps(c.UserContext(), visitorOf(c).User.ID)
	page.AppsLost = lost
	for _, app := range apps {
		line := views.App{ID: app.ID, Name: app.Name, Added: h.timeOf(c, app.CreatedAt)}
		if !app.UsedAt.IsZero() {
			line.Used = h.timeOf(c, app.UsedAt)
		}
		page.Apps = append(page.Apps, line)
	}
	return err
}
