package handlers

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"nod/views"
)

// notice is one line above a page; Text is the key of its sentence.
type notice struct{ Kind, Text string }

// notices say what has happened, once: to the browser that it happened in, on the page
// that it was led to. That browser holds a cookie that says so, which no link can bring.
var notices = map[string]notice{
	"start":                 {"info", "notice.start"},
	"ended":                 {"info", "notice.ended"},
	"signed-out":            {"success", "notice.signed_out"},
	"account-closed":        {"success", "notice.account_closed"},
	"email-taken":           {"info", "notice.email_taken"},
	"browser-removed":       {"success", "notice.browser_removed"},
	"browsers-removed":      {"success", "notice.browsers_removed"},
	"cancelled":             {"info", "notice.cancelled"},
	"sent-again":            {"info", "notice.sent_again"},
	"session-ended":         {"success", "notice.session_ended"},
	"sessions-ended":        {"success", "notice.sessions_ended"},
	"password-changed":      {"success", "notice.password_changed"},
	"too-many-codes":        {"error", "notice.too_many_codes"},
	"not-yet":               notYet,
	"pause-ended":           {"success", "notice.pause_ended"},
	"phone-changed":         {"success", "notice.phone_changed"},
	"phone-denied":          {"warning", "notice.phone_denied"},
	"phone-stopped":         {"success", "notice.phone_stopped"},
	"authenticator-added":   {"success", "notice.authenticator_added"},
	"authenticator-removed": {"success", "notice.authenticator_removed"},
	"authenticator-gone":    {"warning", "notice.authenticator_gone"},
	"codes-shown":           {"info", "notice.codes_shown"},
	"own-phone-added":       {"success", "notice.own_phone_added"},
	"own-phone-first":       {"success", "notice.own_phone_first"},
	"own-phone-removed":     {"success", "notice.own_phone_removed"},
	"own-phone-gone":        {"warning", "notice.own_phone_gone"},
	"beside-on":             {"success", "notice.beside_on"},
	"beside-off":            {"success", "notice.beside_off"},
	"last-way":              {"warning", "notice.last_way"},
	"recovery-removed":      {"success", "notice.recovery_removed"},
}

// notYet answers "I have approved it" while the phone has not.
var notYet = notice{"warning", "notice.not_yet"}

// noticeLife is how long a redirect may take, in seconds.
const noticeLife = 60

// seeNotice redirects to a page that then says what was done.
func (h *Handlers) seeNotice(c *fiber.Ctx, path, name string) error {
	end := strings.IndexAny(path+"?", "?#")
	c.Cookie(h.noticeCookie(name+"@"+path[:end], noticeLife))
	return seeOther(c, path)
}

func (h *Handlers) noticeCookie(value string, life int) *fiber.Cookie {
	return &fiber.Cookie{
		Name: h.cookieName("notice"), Value: value, Path: "/", MaxAge: life,
		Secure: h.secure(), HTTPOnly: true, SameSite: fiber.CookieSameSiteLaxMode,
	}
}

// noticeOf is the line that this page was to show, nil without one.
func (h *Handlers) noticeOf(c *fiber.Ctx) *views.Notice {
	name, page, _ := strings.Cut(c.Cookies(h.cookieName("notice")), "@")
	n, ok := notices[name]
	if !ok || page != c.Path() {
		return nil
	}
	c.Cookie(h.noticeCookie("", -1))
	return h.viewNotice(c, n)
}

// viewNotice is a notice with its sentence.
func (h *Handlers) viewNotice(c *fiber.Ctx, n notice) *views.Notice {
	return &views.Notice{Kind: n.Kind, Text: h.text(c, n.Text)}
}
