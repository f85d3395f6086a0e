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

// chooseLanguage takes the switch at the foot of the pages. Of an account it also
// becomes the language in which its phone is asked.
func (h *Handlers) chooseLanguage(c *fiber.Ctx) error {
	chosen := h.Words.Find(c.FormValue("language"))
	if chosen == nil {
		return fiber.ErrUnprocessableEntity
	}
	c.Cookie(&fiber.Cookie{
		Name: h.cookieName("language"), Value: chosen.Tag(), Path: "/", MaxAge: int(languageLife.Seconds()),
		Secure: h.secure(), HTTPOnly: true, SameSite: fiber.CookieSameSiteLaxMode,
	})
	if v := visitorOf(c); v.Level() == store.SignedIn {
		habit := h.Words.Reader(chosen.Tag(), c.Get(fiber.HeaderAcceptLanguage)).Habit()
		if err := h.Flow.SetLanguage(c.UserContext(), v, habit); err != nil {
			return err
		}
	}
	return seeOther(c, ownPath(c.FormValue("to")))
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

// here is where the switch of languages leads back to, "" for a page without one: what
// came back with its problems, or is shown only once, would be lost.
func here(c *fiber.Ctx, page string) string {
	if c.Method() == fiber.MethodPost || page == "error" {
		return ""
	}
	if address := utils.CopyString(c.OriginalURL()); len(address) <= maxHere {
		return ownPath(address)
	}
	return ownPath(c.Path()) // nothing of ours is as long
}

const maxHere = 250

// choices are the languages of the pages.
func (h *Handlers) choices() (all []views.Choice) {
	for _, l := range h.Words.Languages() {
		all = append(all, views.Choice{Tag: l.Tag(), Name: l.Name()})
	}
	return all
}
