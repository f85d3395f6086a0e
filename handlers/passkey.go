package handlers

import (
	"crypto/hmac"
	"crypto/rand"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"nod/phone"
	"nod/store"
)

// Signing in by the passkey of a phone of one's own alone. Its challenge is no row: like
// the token of a form it is an HMAC over what only this browser has, and its time. What
// was signed once is kept in the store for longer than a challenge is good.

// passkeyLife is how long the challenge of a page may be signed.
const passkeyLife = time.Hour

// passkeyChallenge is what a passkey signs to sign in on a page of this request, whose
// layout was made; "" where there are none.
func (h *Handlers) passkeyChallenge(c *fiber.Ctx) string {
	if h.Phone == nil {
		return ""
	}
	text := strconv.FormatInt(h.Now().Add(passkeyLife).UnixMilli(), 36) + "." + rand.Text()
	return text + "." + h.challengeMAC(c, text)
}

func (h *Handlers) challengeMAC(c *fiber.Ctx, text string) string {
	return h.tokenFor(hashKey("passkey "+text+" "+c.Cookies(h.cookieName("csrf"))), c.Cookies(h.cookieName("session")))
}

// ownChallenge says whether a page of this browser has had a challenge lately.
func (h *Handlers) ownChallenge(c *fiber.Ctx, challenge string) bool {
	i := strings.LastIndexByte(challenge, '.')
	if i < 0 || !hmac.Equal([]byte(challenge[i+1:]), []byte(h.challengeMAC(c, challenge[:i]))) {
		return false
	}
	until, _, _ := strings.Cut(challenge, ".")
	ms, err := strconv.ParseInt(until, 36, 64)
	return err == nil && h.Now().Before(time.UnixMilli(ms))
}

// signInByPasskey takes the place of both steps. A passkey that is nobody's and one that
// has not signed this read the same.
func (h *Handlers) signInByPasskey(c *fiber.Ctx) error {
	challenge, assertion := c.FormValue("challenge"), c.FormValue("passkey")
	if !h.ownChallenge(c, challenge) {
		return h.showLogin(c, fiber.StatusUnprocessableEntity, "", h.text(c, "passkey.late"))
	}
	sess, err := h.Flow.SignInByPasskey(c.UserContext(), challenge, []byte(assertion), visitorOf(c).Session.ID, h.lastStepOf(c))
	switch sentence := h.sayLimit(c, err); {
	case sentence != "":
		return h.showLogin(c, fiber.StatusTooManyRequests, "", sentence)
	case errors.Is(err, store.ErrCodeUsed):
		return h.showLogin(c, fiber.StatusUnprocessableEntity, "", h.text(c, "passkey.late"))
	case errors.Is(err, phone.ErrSynced):
		return h.showLogin(c, fiber.StatusUnprocessableEntity, "", h.text(c, "passkey.synced"))
	case errors.Is(err, store.ErrNotFound), errors.Is(err, phone.ErrRefused), errors.Is(err, store.ErrCounterWentBack):
		h.Logger.Warn("a passkey was refused", "error", err)
		return h.showLogin(c, fiber.StatusUnprocessableEntity, "", h.text(c, "passkey.refused"))
	case errors.Is(err, store.ErrEmailTaken):
		return h.seeEmailTaken(c)
	case err != nil:
		return err
	}
	if err := h.setSession(c, sess); err != nil {
		// No browser can use it, and the passkey signs again.
		return errors.Join(err, h.Flow.End(c.UserContext(), sess.ID, store.ReasonNotKept))
	}
	h.keepDevice(c, sess)
	return seeOther(c, afterSignIn(sess))
}
