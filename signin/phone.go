package signin

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"nod/store"
)

// TypedPhone is a phone number as typed, and where it is from. Region wins over
// CountryCode: several regions share a calling code.
type TypedPhone struct {
	Region      string // ISO 3166, such as "CO"; "" if only the calling code is known
	CountryCode int    // calling code, such as 57
	Number      string
}

// phoneNumber is a number that exists.
type phoneNumber struct {
	e164        string
	countryCode int
}

// of is the phone with this number, of an account.
func (n phoneNumber) of(email string) Phone {
	national := strings.TrimPrefix(n.e164, "+"+strconv.Itoa(n.countryCode))
	return Phone{Email: email, CountryCode: n.countryCode, Number: national}
}

// parse finds the number, or notes what is wrong with it.
func (t TypedPhone) parse(p Problems) phoneNumber {
	region, code := t.Region, phonenumbers.GetCountryCodeForRegion(t.Region)
	if region == "" {
		region, code = phonenumbers.GetRegionCodeForCountryCode(t.CountryCode), t.CountryCode
	}
	if region == "ZZ" || code == 0 {
		p[FieldCountry] = CountryMissing
		return phoneNumber{}
	}
	e164, problem := parsePhone(plainDigits(t.Number), region, code)
	p.note(FieldPhone, problem)
	return phoneNumber{e164, code}
}

func parsePhone(typed, region string, countryCode int) (e164 string, problem Problem) {
	if strings.TrimSpace(typed) == "" {
		return "", PhoneMissing
	}
	n, err := phonenumbers.Parse(typed, region)
	switch {
	case err != nil || !phonenumbers.IsPossibleNumber(n):
		return "", PhoneMalformed
	case int(n.GetCountryCode()) != countryCode:
		return "", PhoneElsewhere
	}
	addAreaCode(n, region)
	if !phonenumbers.IsValidNumber(n) {
		return "", PhoneUnknown
	}
	return phonenumbers.Format(n, phonenumbers.E164), ""
}

// addAreaCode completes a number as people on many islands of +1 write it: they
// share one area code and leave it out. A region that has more than one, where
// the number exists, leaves it as it is.
func addAreaCode(n *phonenumbers.PhoneNumber, region string) {
	const local = 10_000_000
	if n.GetCountryCode() != 1 || n.GetNationalNumber() >= local {
		return
	}
	var found []uint64
	for area := uint64(200); area < 1000; area++ {
		code, number := n.GetCountryCode(), area*local+n.GetNationalNumber()
		full := &phonenumbers.PhoneNumber{CountryCode: &code, NationalNumber: &number}
		if phonenumbers.IsValidNumberForRegion(full, region) && ordinary(full) {
			found = append(found, number)
		}
	}
	if len(found) == 1 {
		n.NationalNumber = &found[0]
	}
}

// ordinary leaves out what no area code makes: free, premium and personal
// numbers.
func ordinary(n *phonenumbers.PhoneNumber) bool {
	switch phonenumbers.GetNumberType(n) {
	case phonenumbers.FIXED_LINE, phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE:
		return true
	}
	return false
}

// PhoneCorrectable says whether the visitor may correct the number of the
// phone: while the sign-in waits and nobody has ever signed in by it.
func (f *Flow) PhoneCorrectable(ctx context.Context, v Visitor) (bool, error) {
	if !f.HasNumber(v.User) {
		return false, nil
	}
	err := f.Store.PhoneCorrectable(ctx, v.Session.ID)
	var often *store.RateError
	switch {
	case errors.Is(err, store.ErrNotFound):
		return false, nil
	case errors.As(err, &often): // the page says so
		return true, nil
	}
	return err == nil, err
}

// CorrectPhone registers another phone in the place of one with a mistyped
// number, and ends the sign-ins that wait for it. The visitor's goes on by
// Begin and SecondStep, with the user that is returned. Problems;
// store.ErrNotFound when the number may not be corrected any more; *store.RateError.
func (f *Flow) CorrectPhone(ctx context.Context, v Visitor, typed TypedPhone) (store.User, error) {
	problems := Problems{}
	number := typed.parse(problems)
	if number.e164 != "" && number.e164 == v.User.PhoneNumber {
		problems.note(FieldPhone, PhoneSame)
	}
	if len(problems) > 0 {
		return store.User{}, problems
	}
	user, err := f.correctPhone(ctx, v, number)
	return user, explain(err)
}

func (f *Flow) correctPhone(ctx context.Context, v Visitor, number phoneNumber) (store.User, error) {
	// Before the provider learns of one more phone.
	if err := f.Store.PhoneCorrectable(ctx, v.Session.ID); err != nil {
		return store.User{}, err
	}
	old, err := f.Store.Factor(ctx, v.User.ID)
	if err != nil {
		return store.User{}, err
	}
	handle, err := f.Phones.Register(ctx, number.of(v.User.Email))
	if err != nil {
		return store.User{}, err
	}
	ended, err := f.Store.CorrectPhone(ctx, v.Session.ID, store.NewPhone{
		PhoneNumber: number.e164, CountryCode: number.countryCode, Handle: handle,
	})
	if err != nil {
		return store.User{}, err
	}
	for _, sess := range ended {
		f.notify(ctx, sess.ID)
	}
	if err := f.forget(ctx, old); err != nil {
		f.Logger.Warn("the provider could not be told to forget a mistyped number", "error", err)
	}
	user := v.User
	user.PhoneNumber, user.CountryCode = number.e164, number.countryCode
	return user, nil
}

// phoneOf is the phone of a user, as it is registered.
func phoneOf(user store.User) Phone {
	return Phone{
		Email: user.Email, CountryCode: user.CountryCode,
		Number: strings.TrimPrefix(user.PhoneNumber, "+"+strconv.Itoa(user.CountryCode)),
	}
}
