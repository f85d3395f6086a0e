package handlers

import (
	"net/url"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/utils"

	"nod/locales"
	"nod/store"
	"nod/views"
)

const readerKey localKey = changingKey + 1

// languageLife is how long a browser keeps the language that was chosen in it.
const languageLife = 365 * 24 * time.Hour

// reader is how whoever sent the request reads: by what was chosen in this browser,
// else by what it says of itself.
func (h *Handlers) reader(c *fiber.Ctx) locales.Reader {
	if r, ok := c.Locals(readerKey).(locales.Reader); ok {
		return r
	}
	r := h.Words.Reader(c.Cookies(h.cookieName("language")), c.Get(fiber.HeaderAcceptLanguage))
	c.Locals(readerKey, r)
	return r
}

// owner is how the owner of an account reads what rings.
func (h *Handlers) owner(user store.User) locales.Reader { return h.Words.Reader(user.Language) }

// text is a sentence in the reader's language, for a field of a page.
func (h *Handlers) text(c *fiber.Ctx, key string, args ...any) string {
	return h.reader(c).Text(key, args...)
}

// chooseLanguage takes the switch at the foot of the pages.
func (h *Handlers) chooseLanguage(c *fiber.Ctx) error {
	if err := h.setLanguage(c); err != nil {
		return err
	}
	return seeOther(c, ownPath(c.FormValue("to")))
}

// setLanguage keeps the language that was chosen in this browser. Of an account it also
// becomes the one in which its phone is asked.
func (h *Handlers) setLanguage(c *fiber.Ctx) error {
	chosen := h.Words.Find(c.FormValue("language"))
	if chosen == nil {
		return fiber.ErrUnprocessableEntity
	}
	c.Cookie(&fiber.Cookie{
		Name: h.cookieName("language"), Value: chosen.Tag(), Path: "/", MaxAge: int(languageLife.Seconds()),
		Secure: h.secure(), HTTPOnly: true, SameSite: fiber.CookieSameSiteLaxMode,
	})
	r := h.Words.Reader(chosen.Tag(), c.Get(fiber.HeaderAcceptLanguage))
	c.Locals(readerKey, r)
	if v := visitorOf(c); v.Level() == store.SignedIn {
		return h.Flow.SetLanguage(c.UserContext(), v, r.Habit())
	}
	return nil
}

// typedForms are the forms that the switch of languages takes along, by the pages they are
// on: on others it would lose nothing but what is secret.
var typedForms = map[string]string{
	"login": "login-form", "signup": "signup-form", "forgot": "forgot-form", "number": "number-form", "phone": "phone-form",
	"protected": "transfer-form",
}

// hereForm is the form that the switch takes along. The account page, which has others,
// stays what it is unless this one came back.
func hereForm(c *fiber.Ctx, page string) string {
	if page == "protected" && c.Method() != fiber.MethodPost {
		return ""
	}
	return typedForms[page]
}

// unlessSwitched shows a form again as it was typed, but for what is secret, where only its
// language was switched. The status says that it was not taken, or password managers would
// offer to keep what nobody has checked.
func (h *Handlers) unlessSwitched(show fiber.Handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if c.FormValue("language") == "" {
			return c.Next()
		}
		if err := h.setLanguage(c); err != nil {
			return err
		}
		c.Status(fiber.StatusUnprocessableEntity)
		return show(c)
	}
}

func (h *Handlers) typedLogin(c *fiber.Ctx) error {
	page := h.loginPage(c, strings.TrimSpace(c.FormValue("email")))
	page.AsksProof = c.Request().PostArgs().Has("proof")
	return c.Render("login", page)
}

func (h *Handlers) typedSignup(c *fiber.Ctx) error { return h.showSignup(c, readSignup(c)) }

func (h *Handlers) typedForgot(c *fiber.Ctx) error {
	return h.showForgot(c, fiber.StatusUnprocessableEntity, strings.TrimSpace(c.FormValue("email")), nil)
}

func (h *Handlers) typedNumber(c *fiber.Ctx) error { return h.showNumber(c, readPhone(c), nil) }

func (h *Handlers) typedPhone(c *fiber.Ctx) error {
	return h.showPhone(c, fiber.StatusUnprocessableEntity, readPhone(c), nil)
}

func (h *Handlers) typedTransfer(c *fiber.Ctx) error {
	form, _, _ := readTransfer(c, "")
	return h.showProtected(c, fiber.StatusUnprocessableEntity, func(page *views.Protected) { page.TransferForm = form.page() })
}

// ownPath is a path of this site, whatever a form says.
func ownPath(typed string) string {
	u, err := url.Parse(typed)
	if err != nil || u.Opaque != "" {
		return "/"
	}
	page := url.URL{Path: "/" + strings.TrimLeft(u.Path, `/\`), RawQuery: u.RawQuery}
	return page.String()
}

// here is where the switch of languages leads back to, "" for a page without one. From an
// error, too: it is opened, never sent again, and the address of a form leads to its page.
func here(c *fiber.Ctx, page string) string {
	if c.Method() == fiber.MethodPost && page != "error" {
		return posted[page]
	}
	if address := utils.CopyString(c.OriginalURL()); len(address) <= maxHere {
		return ownPath(address)
	}
	return ownPath(c.Path()) // nothing of ours is as long
}

const maxHere = 250

// posted are the addresses of pages that answer forms, too, but for those that need more
// than their path.
var posted = map[string]string{
	"login": "/login", "signup": "/signup", "forgot": "/forgot", "number": "/login/number", "phone": "/account/phone", "protected": "/protected",
	"approval": "/login/approval", "token": "/verify-token", "newpassword": "/forgot/password", "ownphones": "/account/phones",
}

// choices are the languages of the pages.
func (h *Handlers) choices() (all []views.Choice) {
	for _, l := range h.Words.Languages() {
		all = append(all, views.Choice{Tag: l.Tag(), Name: l.Name()})
	}
	return all
}
