package handlers

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"nod/signin"
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
		code := phonenumbers.GetCountryCodeForRegion(region)
		list = append(list, country{Region: region, Name: names.Name(r), Code: code, Value: valueOf(region, code)})
	}
	slices.SortFunc(list, func(a, b country) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// valueOf is what the form sends for a country. A calling code alone has always
// meant its main country; the others that share it are sent by region.
func valueOf(region string, code int) string {
	if phonenumbers.GetRegionCodeForCountryCode(code) == region {
		return strconv.Itoa(code)
	}
	return region
}

// isListed says whether a region has a line of the list.
func isListed(region string) bool {
	return slices.ContainsFunc(countries, func(c country) bool { return c.Region == region })
}

// countryList selects one line: the country chosen before, else the visitor's
// likely one.
func countryList(chosen signin.TypedPhone, acceptLanguage string) []country {
	list := slices.Clone(countries)
	region := cmp.Or(chosen.Region, likelyRegion(acceptLanguage))
	if code := chosen.CountryCode; code != 0 && phonenumbers.GetCountryCodeForRegion(region) != code {
		// Several countries share a code: show its main one.
		region = phonenumbers.GetRegionCodeForCountryCode(code)
	}
	for i := range list {
		list[i].Selected = list[i].Region == region
	}
	return list
}

// likelyRegion reads a region of the list from Accept-Language: the one named,
// else one where many speakers of that language live.
func likelyRegion(acceptLanguage string) string {
	tags := acceptedTags(acceptLanguage)
	for i, tag := range tags {
		if region := regionOf(tag, tags[i+1:]); isListed(region) {
			return region
		}
	}
	return "US"
}

// acceptedTags are the languages of a header in their order; what cannot be
// read is left out.
func acceptedTags(header string) []language.Tag {
	tags, _, err := language.ParseAcceptLanguage(header)
	if err == nil {
		return tags
	}
	for piece := range strings.SplitSeq(header, ",") {
		if one, _, err := language.ParseAcceptLanguage(piece); err == nil {
			tags = append(tags, one...)
		}
	}
	return tags
}

// largest are countries for languages of a continent, which name none.
var largest = map[string]string{"es-419": "MX", "en-150": "GB"}

// regionOf is the likely country of a tag, which may name none, a continent, or
// one without phones; the less wanted tags may know better.
func regionOf(tag language.Tag, next []language.Tag) string {
	named, confidence := tag.Region()
	if confidence < language.Low || isListed(named.String()) {
		return named.String()
	}
	for _, other := range next {
		if r, confidence := other.Region(); confidence == language.Exact && isListed(r.String()) && named.Contains(r) {
			return r.String()
		}
	}
	base, _ := tag.Base()
	if country, ok := largest[base.String()+"-"+named.String()]; ok {
		return country
	}
	most, _ := language.Make(base.String()).Region()
	return most.String()
}
