package handlers

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/gofiber/fiber/v2"

	"nod/store"
)

// The device cookie says that a browser has completed a sign-in here before. It
// outlives sessions and a sign-out, and is no way in: it keeps the tries of the
// owner apart from those of strangers. Its value is a random text and a MAC of it,
// so that made-up ones cost no look into the store.

type freshDeviceKey struct{}

// deviceToken is the random text of a genuine cookie, "" without one.
func (h *Handlers) deviceToken(c *fiber.Ctx) string {
	token, mac, found := strings.Cut(c.Cookies(h.cookieName("device")), ".")
	if !found || !hmac.Equal([]byte(mac), []byte(h.deviceMAC(token))) {
		return ""
	}
	return token
}

func (h *Handlers) deviceMAC(token string) string {
	mac := hmac.New(sha256.New, h.DeviceKey)
	mac.Write([]byte(token))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// deviceOf is what the store knows a browser by: it does not keep what a cookie
// holds.
func deviceOf(token string) string {
	if token == "" {
		return ""
	}
	return hashKey(token)
}

// freshDevice is the random text of the cookie that this request may set, the same
// however often it asks.
func freshDevice(c *fiber.Ctx) string {
	token, ok := c.Locals(freshDeviceKey{}).(string)
	if !ok {
		token = randomText()
		c.Locals(freshDeviceKey{}, token)
	}
	return token
}

// keepDevice gives the browser of a completed sign-in its cookie, or renews it.
func (h *Handlers) keepDevice(c *fiber.Ctx, sess store.Session) {
	for _, token := range []string{h.deviceToken(c), freshDevice(c)} {
		if token != "" && sess.Device == deviceOf(token) {
			c.Cookie(h.deviceCookie(token+"."+h.deviceMAC(token), int(store.DeviceLife.Seconds())))
			return
		}
	}
}

func (h *Handlers) deviceCookie(value string, life int) *fiber.Cookie {
	return &fiber.Cookie{
		Name: h.cookieName("device"), Value: value, Path: "/", MaxAge: life,
		Secure: h.secure(), HTTPOnly: true, SameSite: fiber.CookieSameSiteLaxMode,
	}
}
