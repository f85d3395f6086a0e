package handlers

import (
	"cmp"
	"slices"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"nod/views"
)

// country is one line of the list of calling codes.
type country = views.Country

// countries lists the regions that have phone numbers, by English name.
var countries = listCountries()

func listCountries() []country {
	names := display.English.Regions()
	var list []country
	for region := range phonenumbers.GetSupportedRegions() {
		r, err := language.ParseRegion(region)
		if err != nil {
			continue
		}
		list = append(list, country{Region: region, Name: names.Name(r), Code: phonenumbers.GetCountryCodeForRegion(region)})
	}
	slices.SortFunc(list, func(a, b country) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// countryList selects one line: the country chosen before, else the visitor's
// likely one.
func countryList(chosen int, acceptLanguage string) []country {
	list := slices.Clone(countries)
	region := likelyRegion(acceptLanguage)
	if chosen != 0 && (region == "" || phonenumbers.GetCountryCodeForRegion(region) != chosen) {
		// Several countries share a code: show its main one.
		region = phonenumbers.GetRegionCodeForCountryCode(chosen)
	}
	for i := range list {
		list[i].Selected = list[i].Region == region
	}
	return list
}

// likelyRegion reads the region from Accept-Language: the one named, else the
// one where most speakers of that language live.
func likelyRegion(acceptLanguage string) string {
	tags, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil {
		return "US"
	}
	for _, tag := range tags {
		if r, confidence := tag.Region(); confidence >= language.Low {
			return r.String()
		}
	}
	return "US"
}
