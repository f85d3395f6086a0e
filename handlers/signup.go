package handlers

import (
	"context"
	"errors"
	"net/mail"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"
	"github.com/nyaruka/phonenumbers"
	"github.com/trustelem/zxcvbn"

	"nod/authy"
	"nod/store"
	"nod/views"
)

const (
	minPassword = 8
	maxPassword = 256 // characters; a longer one only buys hashing time
	maxName     = 100
	maxEmail    = 254
)

// signupForm is what the page sends, as typed.
type signupForm struct {
	Name        string
	Email       string
	Password    string
	CountryCode int
	PhoneNumber string

	e164   string
	Errors map[string]string
}

func (h *Handlers) signupForm(c *fiber.Ctx) error {
	return h.showSignup(c, signupForm{})
}

func (h *Handlers) showSignup(c *fiber.Ctx, form signupForm) error {
	page := views.Signup{
		Layout: h.page(c, "signup", "signup.title"),
		Name:   form.Name, Email: form.Email, PhoneNumber: form.PhoneNumber,
		Countries: countryList(form.CountryCode, c.Get(fiber.HeaderAcceptLanguage)),
	}
	page.Errors = form.Errors
	if len(form.Errors) > 0 {
		c.Status(fiber.StatusUnprocessableEntity)
	}
	return c.Render("signup", page)
}

// signup makes an account, the provider first: what it refuses never becomes
// a user here, and registering the same phone twice is no error there. It
// signs nobody in: the phone proves itself as in every sign-in.
func (h *Handlers) signup(c *fiber.Ctx) error {
	form := readSignup(c)
	if form.validate(); len(form.Errors) > 0 {
		return h.showSignup(c, form)
	}
	ctx, ip := c.UserContext(), clientOf(c).IP
	// Asking who has an account here is guessing too.
	if err := refuseGuessing(h.Store.SpendPasswordTry(ctx, form.Email, ip)); err != nil {
		return err
	}
	user, err := h.createUser(ctx, form)
	if err == nil {
		if err := h.Store.ClearPasswordFailures(ctx, form.Email, ip); err != nil {
			return err
		}
	}
	if form.explain(err) {
		return h.showSignup(c, form)
	}
	if err != nil {
		return err
	}
	return h.secondStep(c, user)
}

func (h *Handlers) createUser(ctx context.Context, form signupForm) (store.User, error) {
	taken, err := h.Store.EmailTaken(ctx, form.Email)
	if err != nil {
		return store.User{}, err
	}
	if taken {
		return store.User{}, store.ErrEmailTaken
	}
	id, err := h.Authy.RegisterUser(ctx, authy.Registration{
		Email: form.Email, PhoneNumber: strings.TrimPrefix(form.e164, "+"+strconv.Itoa(form.CountryCode)), CountryCode: form.CountryCode,
	})
	if err != nil {
		return store.User{}, err
	}
	return h.Store.CreateUser(ctx, store.NewUser{
		Name: form.Name, Email: form.Email, Password: form.Password,
		PhoneNumber: form.e164, CountryCode: form.CountryCode, AuthyID: id,
	})
}

func readSignup(c *fiber.Ctx) signupForm {
	code, _ := strconv.Atoi(strings.TrimPrefix(strings.TrimSpace(c.FormValue("country_code")), "+"))
	return signupForm{
		Name:        strings.TrimSpace(c.FormValue("name")),
		Email:       strings.TrimSpace(c.FormValue("email")),
		Password:    c.FormValue("password"),
		CountryCode: code,
		PhoneNumber: strings.TrimSpace(c.FormValue("phone_number")),
		Errors:      map[string]string{},
	}
}

// validate fills Errors, a sentence a field, and the number as E.164.
func (f *signupForm) validate() {
	f.check("name", nameProblem(f.Name))
	f.check("email", emailProblem(f.Email))
	f.check("password", passwordProblem(f.Password, f.Name, f.Email))
	f.check("country_code", f.countryProblem())
	if f.Errors["country_code"] == "" {
		f.check("phone_number", f.phoneProblem())
	}
}

func (f *signupForm) check(field, sentence string) {
	if sentence != "" {
		f.Errors[field] = sentence
	}
}

func nameProblem(name string) string {
	switch {
	case name == "":
		return "Please tell us your name."
	case !utf8.ValidString(name) || utf8.RuneCountInString(name) > maxName:
		return "Please shorten the name to 100 characters."
	}
	return ""
}

func emailProblem(email string) string {
	if email == "" {
		return "Please give your e-mail address."
	}
	addr, err := mail.ParseAddress(email)
	if err != nil || addr.Address != email || len(email) > maxEmail || !strings.Contains(email[strings.LastIndex(email, "@"):], ".") {
		return "This does not look like an e-mail address. It should read like name@example.com."
	}
	return ""
}

// passwordProblem follows NIST SP 800-63B: length counts, composition rules
// do not, and what is in the lists of common passwords is refused.
func passwordProblem(password string, personal ...string) string {
	n := utf8.RuneCountInString(password)
	switch {
	case password == "":
		return "Please choose a password."
	case !utf8.ValidString(password):
		return "This password cannot be read. Please type it again."
	case n < minPassword:
		return "Please choose at least 8 characters. A few words in a row work well."
	case n > maxPassword:
		return "Please choose at most 256 characters."
	case zxcvbn.PasswordStrength(cut(password, 72), personal).Score < 2:
		return "This password is easy to guess: it is common, or made of your name or e-mail. Please choose another; a few unrelated words work well."
	}
	return ""
}

func (f *signupForm) countryProblem() string {
	if phonenumbers.GetRegionCodeForCountryCode(f.CountryCode) == "ZZ" {
		return "Please choose the country of your phone."
	}
	return ""
}

func (f *signupForm) phoneProblem() string {
	if f.PhoneNumber == "" {
		return "Please give the number of your phone."
	}
	region := phonenumbers.GetRegionCodeForCountryCode(f.CountryCode)
	n, err := phonenumbers.Parse(f.PhoneNumber, region)
	if err != nil || !phonenumbers.IsPossibleNumber(n) {
		return "This does not look like a phone number. Digits are enough, with or without blanks."
	}
	if int(n.GetCountryCode()) != f.CountryCode {
		return "This number belongs to another country than the one chosen."
	}
	if !phonenumbers.IsValidNumber(n) {
		return "This number does not exist in the chosen country. Please check the digits."
	}
	f.e164 = phonenumbers.Format(n, phonenumbers.E164)
	return ""
}

// explain turns what went wrong on the way into a sentence beside a field,
// and says whether it could.
func (f *signupForm) explain(err error) bool {
	var refused *authy.Error
	switch {
	case err == nil:
		return false
	case errors.Is(err, store.ErrEmailTaken):
		f.Errors["email"] = "This e-mail cannot be used for a new account. If it is yours, sign in instead."
	case errors.Is(err, authy.ErrInvalidUser) && errors.As(err, &refused):
		f.explainRefusal(refused)
	case errors.Is(err, authy.ErrRateLimited):
		f.Errors["form"] = "The phone service asks for patience. Nothing was saved; please try again in a few minutes."
	case errors.Is(err, authy.ErrUnavailable):
		f.Errors["form"] = "The phone service cannot be reached just now. Nothing was saved; please try again in a minute."
	default:
		return false
	}
	return true
}

func (f *signupForm) explainRefusal(refused *authy.Error) {
	if refused.Fields["email"] != "" {
		f.Errors["email"] = "The phone service does not accept this e-mail address."
	}
	if refused.Fields["country_code"] != "" {
		f.Errors["country_code"] = "The phone service does not serve this country."
	}
	if refused.Fields["cellphone"] != "" || len(f.Errors) == 0 {
		f.Errors["phone_number"] = "The phone service does not accept this number. It must be a mobile phone that can receive messages."
	}
}
