// Package places says where an address is, by a file in MaxMind's format.
//
// Owns: how such a file is read, and the words of a place: "Bogotá, Colombia".
// Promises: a file that cannot say places is refused when it is opened; what is
// not in it, and every address that is not of the internet, has no place.
// Never: asks anybody, or keeps an address.
package places

import (
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"unicode"

	"github.com/oschwald/maxminddb-golang"
)

// File is an open file of places. It is safe for concurrent use.
type File struct{ db *maxminddb.Reader }

// kinds are what the type of a file contains that says places.
var kinds = []string{"City", "Country", "Enterprise"}

// Open reads the file at path. It is read whole: a file that another program
// writes over would otherwise take the process with it. A newer one counts after
// the next start.
func Open(path string) (*File, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	db, err := maxminddb.FromBytes(content)
	if err != nil {
		return nil, fmt.Errorf("%s is not a file in MaxMind's format (.mmdb), or not a whole one: %w", path, err)
	}
	kind := db.Metadata.DatabaseType
	says := func(k string) bool { return strings.Contains(kind, k) }
	if !slices.ContainsFunc(kinds, says) {
		return nil, fmt.Errorf("%s holds %q and no places: want a database of cities or countries, such as GeoLite2-City.mmdb", path, kind)
	}
	return &File{db}, nil
}

// record is what is read of an address.
type record struct {
	City    named `maxminddb:"city"`
	Country named `maxminddb:"country"`
}

type named struct {
	Names map[string]string `maxminddb:"names"`
}

// Place is the city and the country of an address in English, as far as they are
// known; "" for an address that is private, is none, or is not in the file.
func (f *File) Place(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	if ip = ip.Unmap().WithZone(""); !ip.IsGlobalUnicast() || ip.IsPrivate() || shared.Contains(ip) {
		return ""
	}
	var r record
	if err := f.db.Lookup(ip.AsSlice(), &r); err != nil {
		return "" // an IPv6 address in a file of IPv4, or a damaged place
	}
	var words []string
	for _, name := range []string{clean(r.City.Names["en"]), clean(r.Country.Names["en"])} {
		if name != "" && !slices.Contains(words, name) { // Singapore is in Singapore
			words = append(words, name)
		}
	}
	return strings.Join(words, ", ")
}

// shared are the addresses that providers give to many customers at once.
var shared = netip.MustParsePrefix("100.64.0.0/10")

// clean leaves out what cannot be seen, and what is too long for a name.
func clean(name string) string {
	const maxName = 80
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) {
			return -1
		}
		return r
	}, name))
	if runes := []rune(name); len(runes) > maxName {
		return string(runes[:maxName])
	}
	return name
}
