package signin

import (
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
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
