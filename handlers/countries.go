package handlers

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/gofiber/fiber/v2"
	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/language"

	"nod/locales"
	"nod/signin"
	"nod/views"
)

// country is one line of the list of calling codes.
type country = views.Country

// countryLists are the regions that have phone numbers, by the tag of the language in
// whose order they are.
type countryLists map[string][]country

func listCountries(words *locales.Catalogue) countryLists {
	lists := countryLists{}
	for _, l := range words.Languages() {
		var list []country
		for region := range phonenumbers.GetSupportedRegions() {
			code := phonenumbers.GetCountryCodeForRegion(region)
			list = append(list, country{Region: region, Name: l.Region(region), Code: code, Value: valueOf(region, code)})
		}
		compare := l.Compare()
		slices.SortFunc(list, func(a, b country) int { return compare(a.Name, b.Name) })
		lists[l.Tag()] = list
	}
	return lists
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
func isListed(region string) bool { return phonenumbers.GetSupportedRegions()[region] }

// countryList selects one line: the country chosen before, else the visitor's
// likely one.
func (h *Handlers) countryList(c *fiber.Ctx, chosen signin.TypedPhone) []country {
	list := slices.Clone(h.nations[h.reader(c).Tag()])
	acceptLanguage := c.Get(fiber.HeaderAcceptLanguage)
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
	tags := locales.Accepted(acceptLanguage)
	for i, tag := range tags {
		if region := regionOf(tag, tags[i+1:]); isListed(region) {
			return region
		}
	}
	return "US"
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
