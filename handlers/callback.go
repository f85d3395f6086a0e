package handlers

import (
	"errors"
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"

	"nod/signin"
	"nod/store"
)

// callback receives the phone's answer from the provider. There is no session
// and no form token here: the signature over the configured URL is all that
// counts, and a refusal gives no detail.
func (h *Handlers) callback(c *fiber.Ctx) error {
	if c.Method() == fiber.MethodPost && !isJSON(c.Get(fiber.HeaderContentType)) {
		return fiber.ErrUnsupportedMediaType
	}
	answer, err := h.Provider.Callback(c.Method(), string(c.Request().URI().QueryString()), headerOf(c), c.BodyRaw())
	switch {
	case errors.Is(err, signin.ErrForged):
		h.Metrics.Callback("refused")
		note(c, ruleOf(err))
		h.Flow.Refused(store.EventForged, "", h.visitorIP(c))
		h.Logger.Warn("a callback was refused", "error", err)
		challenge(c, bySignature)
		return c.Status(fiber.StatusUnauthorized).SendString("unauthorized\n")
	case err != nil:
		h.Metrics.Callback("unusable")
		note(c, "unusable")
		h.Logger.Warn("a signed callback could not be used", "error", err)
		return c.Status(fiber.StatusBadRequest).SendString("bad request\n")
	case answer.Ping:
		h.Metrics.Callback("ping")
		note(c, "ping")
		return c.SendString("OK\n")
	}
	verdict, err := h.Flow.Answered(c.UserContext(), answer)
	if err != nil {
		return err
	}
	h.Metrics.Callback(string(verdict))
	note(c, string(verdict))
	return c.SendString("OK\n")
}

// ruleOf names the rule that refused a callback.
func ruleOf(err error) string {
	switch {
	case errors.Is(err, signin.ErrUnsigned):
		return "unsigned"
	case errors.Is(err, signin.ErrStaleNonce):
		return "nonce"
	default:
		return "signature"
	}
}

// headerOf copies the headers of a request: Fiber's share a buffer with the
// next one.
func headerOf(c *fiber.Ctx) http.Header {
	header := http.Header{}
	c.Request().Header.VisitAll(func(name, value []byte) { header.Add(string(name), string(value)) })
	return header
}

// isJSON accepts application/json in UTF-8.
func isJSON(contentType string) bool {
	media, params, _ := strings.Cut(strings.ToLower(contentType), ";")
	if strings.TrimSpace(media) != fiber.MIMEApplicationJSON {
		return false
	}
	params = strings.ReplaceAll(params, " ", "")
	return params == "" || params == "charset=utf-8"
}
