package signin

import (
	"context"
	"errors"
	"net/mail"
	"strconv"
	"strings"
	"unicode/utf8"

	"nod/passwords"
	"nod/store"
)

const (
	minPassword = 8
	maxPassword = 256 // characters; a longer one only buys hashing time
	maxName     = 100
	maxEmail    = 254
)

// NewAccount is an account to be, as typed.
type NewAccount struct {
	Name     string
	Email    string
	Password string
	Phone    TypedPhone
	Language string // how its owner reads, BCP 47
}

// Field names a field of a form; FieldForm is the form as a whole.
type Field string

// The fields of NewAccount and of a transfer.
const (
	FieldForm     Field = "form"
	FieldCurrent  Field = "current" // password
	FieldName     Field = "name"
	FieldEmail    Field = "email"
	FieldPassword Field = "password"
	FieldCountry  Field = "country_code"
	FieldPhone    Field = "phone_number"
	FieldPayee    Field = "payee"
	FieldAmount   Field = "amount"
	FieldCurrency Field = "currency"
)

// Problem is what is wrong with a field. Its text is a key of the sentence
// that a person reads.
type Problem string

// What can be wrong with a new account.
const (
	NameMissing        Problem = "name.missing"
	NameTooLong        Problem = "name.too_long"
	NameUnreadable     Problem = "name.unreadable"
	EmailMissing       Problem = "email.missing"
	EmailMalformed     Problem = "email.malformed"
	EmailRefused       Problem = "email.refused"
	PasswordMissing    Problem = "password.missing"
	PasswordUnreadable Problem = "password.unreadable"
	PasswordTooShort   Problem = "password.too_short"
	PasswordTooLong    Problem = "password.too_long"
	PasswordGuessable  Problem = "password.guessable"
	PasswordStolen     Problem = "password.stolen"
	PasswordPersonal   Problem = "password.personal"
	PasswordDigits     Problem = "password.digits"
	PasswordKeys       Problem = "password.keys"
	PasswordAndYear    Problem = "password.word_and_year"
	PasswordAndSigns   Problem = "password.word_and_signs"
	PasswordWrong      Problem = "password.wrong"
	CurrentMissing     Problem = "current.missing"
	PasswordSame       Problem = "password.same"
	CountryMissing     Problem = "country.missing"
	CountryRefused     Problem = "country.refused"
	PhoneMissing       Problem = "phone.missing"
	PhoneMalformed     Problem = "phone.malformed"
	PhoneElsewhere     Problem = "phone.elsewhere"
	PhoneUnknown       Problem = "phone.unknown"
	PhoneRefused       Problem = "phone.refused"
	PhoneSame          Problem = "phone.same"
	SignUpRateLimited  Problem = "signup.rate_limited"
	SignUpUnavailable  Problem = "signup.unavailable"
)

// Problems are what is wrong with a form, by field. It is an error as soon as
// there is one.
type Problems map[Field]Problem

func (p Problems) Error() string { return strconv.Itoa(len(p)) + " fields need another look" }

func (p Problems) note(f Field, problem Problem) {
	if problem != "" {
		p[f] = problem
	}
}

// check finds a problem for each field that has one, but for those of the number. site
// is what people may take for a password here.
func (n NewAccount) check(site string) Problems {
	p := Problems{}
	p.note(FieldName, nameProblem(n.Name))
	p.note(FieldEmail, emailProblem(store.CleanEmail(n.Email)))
	p.note(FieldPassword, passwordProblem(store.Password(n.Password), site, n.Name, n.Email, n.Phone.Number))
	return p
}

func nameProblem(typed string) Problem {
	name, ok := readable(typed)
	switch {
	case !ok:
		return NameUnreadable
	case !visible(name):
		return NameMissing
	case tooLong(name, maxName):
		return NameTooLong
	}
	return ""
}

func emailProblem(email string) Problem {
	if email == "" {
		return EmailMissing
	}
	addr, err := mail.ParseAddress(email)
	if err != nil || addr.Address != email || len(email) > maxEmail || !strings.Contains(email[strings.LastIndex(email, "@"):], ".") {
		return EmailMalformed
	}
	return ""
}

// passwordProblem follows NIST SP 800-63B: length counts, in characters as
// people count them; composition rules do not, and what attackers try early is
// refused with the reason. personal is what is known of the owner and the site.
func passwordProblem(password string, personal ...string) Problem {
	switch {
	case password == "":
		return PasswordMissing
	case !utf8.ValidString(password):
		return PasswordUnreadable
	case length(password) < minPassword:
		return PasswordTooShort
	case tooLong(password, maxPassword):
		return PasswordTooLong
	}
	if weak := passwords.Check(password, personal...); weak != "" {
		return Problem("password." + weak)
	}
	return ""
}

// explain turns what went wrong on the way into Problems, where it can. RetryIn still says
// when the provider may be asked again.
func explain(err error) error {
	var refused *Refused
	switch {
	case errors.As(err, &refused):
		return refused.problems()
	case errors.Is(err, ErrRateLimited):
		return &NotBefore{RetryIn(err), Problems{FieldForm: SignUpRateLimited}}
	case errors.Is(err, ErrUnavailable):
		return &NotBefore{RetryIn(err), Problems{FieldForm: SignUpUnavailable}}
	}
	return err
}

func (e *Refused) problems() Problems {
	p := Problems{}
	if e.Email {
		p[FieldEmail] = EmailRefused
	}
	if e.Country {
		p[FieldCountry] = CountryRefused
	}
	if e.Number || len(p) == 0 {
		p[FieldPhone] = PhoneRefused
	}
	return p
}

// NotClosed is an account whose closing got stuck: nothing has changed here,
// but the provider may have forgotten the phone already.
type NotClosed struct{ Cause error }

func (e *NotClosed) Error() string { return "an account could not be closed: " + e.Cause.Error() }
func (e *NotClosed) Unwrap() error { return e.Cause }

// CloseAccount ends the visitor's account for good, after its password once
// more. The provider goes first: if it cannot be told, nothing has changed
// here. store.ErrInvalidCredentials, *store.RateError, *NotClosed.
func (f *Flow) CloseAccount(ctx context.Context, v Visitor, password string, c store.Client) error {
	if _, err := f.knowsPassword(ctx, v, password, c); err != nil {
		return err
	}
	if err := f.forgetPhone(ctx, v.User); err != nil {
		return &NotClosed{err}
	}
	ended, err := f.Store.CloseAccount(ctx, v.Session.ID)
	if err != nil {
		return &NotClosed{err}
	}
	for _, sess := range ended {
		f.notify(ctx, sess.ID)
	}
	f.tellOwn(v.User.ID)
	return nil
}

// forgetPhone takes the phone off the provider, if there is one, unless another account
// here has it too: one phone is one user there.
func (f *Flow) forgetPhone(ctx context.Context, user store.User) error {
	if !f.HasNumber(user) {
		return nil
	}
	phone, err := f.Store.Factor(ctx, user.ID)
	if err != nil {
		return err
	}
	return f.forget(ctx, phone)
}

func (f *Flow) forget(ctx context.Context, phone store.Factor) error {
	shared, err := f.Store.FactorShared(ctx, phone)
	if err != nil || shared {
		return err
	}
	ctx, cancel := f.askProvider(ctx)
	defer cancel()
	return f.Phones.Forget(ctx, phone.Handle)
}

// SetLanguage notes how the visitor reads: their phone is asked in that language.
func (f *Flow) SetLanguage(ctx context.Context, v Visitor, language string) error {
	return f.Store.SetLanguage(ctx, v.User.ID, language)
}
