package handlers

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"nod/authy"
	"nod/store"
)

// nonceAge is how far a nonce that reads as a time may be from now. An answer
// belongs to a request of at most ten minutes; older ones are replays.
const nonceAge = 15 * time.Minute

// callback takes the phone's answer from the provider. There is no session
// and no form token here: the signature over the configured URL is all that
// counts, and a refusal says nothing but no.
func (h *Handlers) callback(c *fiber.Ctx) error {
	if c.Method() != fiber.MethodPost && c.Method() != fiber.MethodGet {
		return fiber.ErrMethodNotAllowed
	}
	if c.Method() == fiber.MethodPost && !isJSON(c.Get(fiber.HeaderContentType)) {
		return fiber.ErrUnsupportedMediaType
	}
	signature, ok1 := onlyHeader(c, "X-Authy-Signature")
	nonce, ok2 := onlyHeader(c, "X-Authy-Signature-Nonce")
	if !ok1 || !ok2 || h.staleNonce(nonce) {
		return h.refuse(c, errors.New("signature headers missing, doubled or old"))
	}
	answer, err := authy.VerifyCallback(h.APIKey, h.PublicURL+"/authy/callback", authy.CallbackRequest{
		Method: c.Method(), RawQuery: string(c.Request().URI().QueryString()), Body: c.BodyRaw(),
		Signature: signature, Nonce: nonce,
	})
	switch {
	case errors.Is(err, authy.ErrBadSignature):
		return h.refuse(c, err)
	case err != nil:
		h.Metrics.Callback("unusable")
		h.Logger.Warn("a signed callback could not be used", "error", err)
		return c.Status(fiber.StatusBadRequest).SendString("bad request\n")
	case answer.Ping:
		h.Metrics.Callback("ping")
		return c.SendString("OK\n")
	}
	return h.answered(c, answer, receipt(nonce, signature))
}

// answered applies the answer. Unknown, late and repeated ones are accepted
// and change nothing: the provider has done its part.
func (h *Handlers) answered(c *fiber.Ctx, answer authy.Callback, receipt string) error {
	decided, changed, err := h.Store.Decide(c.UserContext(), store.Decision{
		ApprovalID: answer.HiddenDetails["approval_id"], UUID: answer.UUID, AuthyID: answer.AuthyID,
		Status: store.ApprovalStatus(answer.Status), Via: "callback", Receipt: receipt,
	})
	switch {
	case errors.Is(err, store.ErrNotFound):
		h.Metrics.Callback("unknown")
	case err != nil:
		return err
	case changed:
		h.Metrics.Callback("applied")
		h.tell(c.UserContext(), decided)
	default:
		h.Metrics.Callback("repeated")
	}
	return c.SendString("OK\n")
}

func (h *Handlers) refuse(c *fiber.Ctx, err error) error {
	h.Metrics.Callback("refused")
	h.Logger.Warn("a callback was refused", "error", err)
	return c.Status(fiber.StatusUnauthorized).SendString("unauthorized\n")
}

// onlyHeader reads a header that must be there exactly once.
func onlyHeader(c *fiber.Ctx, name string) (string, bool) {
	values := c.Request().Header.PeekAll(name)
	if len(values) != 1 || len(values[0]) == 0 || len(values[0]) > 256 {
		return "", false
	}
	return string(values[0]), true
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

// staleNonce judges nonces that read as unix seconds, as all recorded ones
// do; the wire promises nothing about others.
func (h *Handlers) staleNonce(nonce string) bool {
	at, err := strconv.ParseFloat(nonce, 64)
	if err != nil {
		return false
	}
	now := float64(h.Now().UnixMilli()) / 1000
	return at < now-nonceAge.Seconds() || at > now+nonceAge.Seconds()
}

// receipt names a delivery, so that the same one counts once.
func receipt(nonce, signature string) string {
	sum := sha256.Sum256([]byte(nonce + "|" + signature))
	return hex.EncodeToString(sum[:])
}
