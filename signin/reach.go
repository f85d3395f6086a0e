package signin

import (
	"github.com/nyaruka/phonenumbers"

	"nod/store"
)

// Reaches says whether a code may be sent to a number, by SMS or by call. Numbers
// that cost whoever writes to them or calls them more than others are never
// reached: premium, shared-cost and personal ones, satellites, and what is only
// on the Internet.
func Reaches(e164 string, by store.Method) bool {
	n, err := phonenumbers.Parse(e164, "")
	if err != nil || country(n) == "" {
		return false
	}
	switch phonenumbers.GetNumberType(n) {
	case phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE:
		return true
	case phonenumbers.FIXED_LINE:
		return by == store.MethodCall
	}
	return false
}

// CountryOf is where a number is from, "" for none: satellites are in no country.
func CountryOf(e164 string) string {
	n, err := phonenumbers.Parse(e164, "")
	if err != nil {
		return ""
	}
	return country(n)
}

// country is a region of the library, but for the one of all that have none.
func country(n *phonenumbers.PhoneNumber) string {
	const nowhere = "001"
	region := phonenumbers.GetRegionCodeForNumber(n)
	if region == nowhere || region == "ZZ" {
		return ""
	}
	return region
}
