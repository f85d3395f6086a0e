package handlers

import (
	"errors"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"nod/signin"
	"nod/store"
	"nod/views"
)

// signupForm is what the page sends, as typed.
type signupForm struct {
	Name     string
	Email    string
	Password string
	Phone    signin.TypedPhone

	Errors map[string]string
}

func (h *Handlers) signupForm(c *fiber.Ctx) error {
	if visitorOf(c).Level() == store.SignedIn {
		return seeOther(c, "/protected")
	}
	return h.showSignup(c, signupForm{})
}

func (h *Handlers) showSignup(c *fiber.Ctx, form signupForm) error {
	page := views.Signup{
		Layout: h.layout(c, "signup", "signup.title"),
		Name:   form.Name, Email: form.Email, PhoneNumber: form.Phone.Number,
	}
	if !h.Flow.OwnOnly {
		page.Countries = h.countryList(c, form.Phone)
	}
	page.Errors = form.Errors
	return c.Render("signup", page)
}

// signup starts the first sign-in of an account to be, whether or not its e-mail
// has one.
func (h *Handlers) signup(c *fiber.Ctx) error {
	form := readSignup(c)
	user, err := h.Flow.SignUp(c.UserContext(), signin.NewAccount{
		Name: form.Name, Email: form.Email, Password: form.Password, Phone: form.Phone, Language: h.reader(c).Habit(),
	}, h.clientOf(c))
	var problems signin.Problems
	if errors.As(err, &problems) {
		form.Errors = h.phoneSentences(c, problems, err)
		return h.showSignup(c, form)
	}
	if sentence := h.sayLimit(c, err); sentence != "" {
		form.Errors = map[string]string{string(signin.FieldForm): sentence}
		c.Status(fiber.StatusTooManyRequests)
		return h.showSignup(c, form)
	}
	if err != nil {
		return err
	}
	return h.startSecondStep(c, user)
}

// seeEmailTaken answers whoever has proved a phone in a sign-up: its e-mail has an
// account. The cookie stays, for the other tabs: what it refers to has ended.
func (h *Handlers) seeEmailTaken(c *fiber.Ctx) error { return h.seeNotice(c, "/login", "email-taken") }

func readSignup(c *fiber.Ctx) signupForm {
	return signupForm{
		Name:     strings.TrimSpace(c.FormValue("name")),
		Email:    strings.TrimSpace(c.FormValue("email")),
		Password: c.FormValue("password"),
		Phone:    readPhone(c),
	}
}

// readPhone reads the two fields of a phone number. The country is a region,
// as the list sends it, or a calling code, as scripts do.
func readPhone(c *fiber.Ctx) signin.TypedPhone {
	phone := signin.TypedPhone{Number: strings.TrimSpace(c.FormValue("phone_number"))}
	chosen := strings.ToUpper(strings.TrimSpace(c.FormValue("country_code")))
	if isListed(chosen) {
		phone.Region = chosen
		return phone
	}
	code, _ := signin.Digits(strings.TrimPrefix(chosen, "+"))
	phone.CountryCode, _ = strconv.Atoi(code)
	return phone
}
