package config

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"unicode"
)

// Whose phones may be asked, as PHONES names them.
const (
	simulatedPhones = "simulated"
	authyPhones     = "authy"
	ownPhones       = "own"
)

// Asked are whose phones are asked: those that PHONES names, or what follows from the
// other settings.
func (c Config) Asked() []string {
	switch {
	case len(c.PhonesOf) > 0:
		return c.PhonesOf
	case c.APIKey != "":
		return []string{authyPhones, ownPhones}
	case c.isOwnMachine():
		return []string{simulatedPhones, ownPhones}
	default:
		return []string{ownPhones}
	}
}

// Own says whether people may add phones of their own.
func (c Config) Own() bool { return slices.Contains(c.Asked(), ownPhones) }

// OwnOnly says whether they have no others.
func (c Config) OwnOnly() bool { return slices.Equal(c.Asked(), []string{ownPhones}) }

// OwnNamed says whether PHONES names phones of one's own, rather than that they come by
// themselves.
func (c Config) OwnNamed() bool { return slices.Contains(c.PhonesOf, ownPhones) && !c.Demo }

// Simulated says whether the phones are ours, for anybody to tap who reaches them.
func (c Config) Simulated() bool { return slices.Contains(c.Asked(), simulatedPhones) }

// phones reads whose phones are asked.
func (in input) phones() (all []string) {
	for _, word := range strings.FieldsFunc(in.value, func(c rune) bool { return c == ',' || unicode.IsSpace(c) }) {
		if !slices.Contains([]string{simulatedPhones, authyPhones, ownPhones}, word) {
			in.problem("%q: want simulated, authy or own", word)
		} else if !slices.Contains(all, word) {
			all = append(all, word)
		}
	}
	return all
}

// checkPhones refuses phones that contradict the key, or the lack of one, and phones of
// people's own at an address where there are none.
func (r *reader) checkPhones(c Config, key bool) {
	switch named := c.PhonesOf; {
	case slices.Equal(named, []string{ownPhones}) && key:
		r.problem("PHONES", "own alone asks nobody through Authy: add authy, or unset AUTHY_API_KEY")
	case slices.Contains(named, authyPhones) && !key:
		r.problem("PHONES", "authy needs AUTHY_API_KEY")
	case slices.Contains(named, simulatedPhones) && key:
		r.problem("PHONES", "there are no simulated phones beside a real key: unset one of the two")
	case !key && c.OwnOnly() && !c.makesPasskeys():
		r.problem("PHONES", "at this "+c.whereFrom()+" browsers make no passkeys, which phones of people's own need: "+
			"set PUBLIC_URL to https with a name or to http://localhost, AUTHY_API_KEY for phones at Authy, "+
			"or PHONES=simulated if anybody who reaches the phones may tap on them")
	}
}

// makesPasskeys says whether browsers make passkeys at the address of the site: by https,
// or on localhost, and for a name.
func (c Config) makesPasskeys() bool {
	if c.PublicURL == "" {
		return !isPublicAddress(c.Addr)
	}
	u, err := url.Parse(c.PublicURL)
	if err != nil {
		return true // another problem
	}
	_, notAnAddress := netip.ParseAddr(u.Hostname())
	return notAnAddress != nil && (u.Scheme == "https" || u.Hostname() == "localhost")
}

// whereFrom names the setting that says how people open the application.
func (c Config) whereFrom() string {
	if c.PublicURL == "" {
		return "ADDR"
	}
	return "PUBLIC_URL"
}

// isOwnMachine says whether people open the application on this machine alone, or by a
// name for tests, and by plain http; what cannot be read is another problem.
func (c Config) isOwnMachine() bool {
	if c.PublicURL == "" {
		return !isPublicAddress(c.Addr)
	}
	return strings.HasPrefix(c.PublicURL, "http://") && (isOwnMachine(c.PublicURL) || isForTests(c.PublicURL))
}
