package handlers

import (
	"errors"

	"github.com/gofiber/fiber/v2"
	"github.com/nyaruka/phonenumbers"

	"nod/signin"
	"nod/store"
	"nod/views"
)

// requireUnprovedPhone admits sign-ins whose number may be a mistyped one:
// nobody has ever signed in by it.
func (h *Handlers) requireUnprovedPhone(c *fiber.Ctx) error {
	ok, err := h.Flow.PhoneCorrectable(c.UserContext(), visitorOf(c))
	if err != nil {
		return err
	}
	if !ok {
		return seeOther(c, "/login/approval")
	}
	return c.Next()
}

func (h *Handlers) numberForm(c *fiber.Ctx) error {
	return h.showNumber(c, countryOf(visitorOf(c).User), nil)
}

// countryOf is where a user's number is from, without the number: it is likely
// that only its digits were mistyped.
func countryOf(user store.User) signin.TypedPhone {
	typed := signin.TypedPhone{CountryCode: user.CountryCode}
	if n, err := phonenumbers.Parse(user.PhoneNumber, ""); err == nil && isListed(phonenumbers.GetRegionCodeForNumber(n)) {
		typed.Region = phonenumbers.GetRegionCodeForNumber(n)
	}
	return typed
}

func (h *Handlers) showNumber(c *fiber.Ctx, typed signin.TypedPhone, errors map[string]string) error {
	page := views.Number{
		Layout:      h.layout(c, "number", "number.title"),
		MaskedPhone: h.maskPhone(c, visitorOf(c).User.PhoneNumber),
		PhoneNumber: typed.Number,
		Countries:   h.countryList(c, typed),
	}
	page.Errors = errors
	return c.Render("number", page)
}

// correctNumber asks another phone, in place of one that was mistyped at
// sign-up.
func (h *Handlers) correctNumber(c *fiber.Ctx) error {
	typed := readPhone(c)
	user, err := h.Flow.CorrectPhone(c.UserContext(), visitorOf(c), typed)
	var problems signin.Problems
	switch {
	case errors.As(err, &problems):
		return h.showNumber(c, typed, h.phoneSentences(c, problems, err))
	case errors.Is(err, store.ErrNotFound): // proved or ended meanwhile
		return seeOther(c, "/login/approval")
	}
	if sentence := h.sayLimit(c, err); sentence != "" {
		c.Status(fiber.StatusTooManyRequests)
		return h.showNumber(c, typed, map[string]string{string(signin.FieldForm): sentence})
	}
	if err != nil {
		return err
	}
	return h.startSecondStep(c, user)
}
