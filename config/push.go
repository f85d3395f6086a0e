package config

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"unicode"
)

// subject reads who runs the site, as push services take it: somewhere that mail or a
// browser gets to.
func (in input) subject() string {
	u, err := url.Parse(in.value)
	if err != nil {
		in.problem("want a URL such as mailto:ops@example.com or https://example.com")
		return ""
	}
	host := u.Hostname()
	if u.Scheme == "mailto" {
		_, host, _ = strings.Cut(u.Opaque, "@")
	}
	switch {
	case u.Scheme != "mailto" && u.Scheme != "https", u.User != nil:
		in.problem("want a URL such as mailto:ops@example.com or https://example.com")
	case leadsNowhere(host):
		in.problem("%q leads nowhere for a push service, which then takes nothing: want a name of the internet", host)
	}
	return in.value
}

// leadsNowhere says whether a host is none of the internet's.
func leadsNowhere(host string) bool {
	host = strings.ToLower(host)
	_, notAnAddress := netip.ParseAddr(host)
	last := host[strings.LastIndexByte(host, '.')+1:]
	return notAnAddress == nil || !plainName(host) || last == host || slices.Contains([]string{"localhost", "local", "invalid", "test", "internal"}, last)
}

// pushHosts reads names of push services.
func (in input) pushHosts() (all []string) {
	for _, item := range strings.FieldsFunc(strings.ToLower(in.value), func(c rune) bool { return c == ',' || unicode.IsSpace(c) }) {
		name := strings.TrimPrefix(item, "*.")
		if !plainName(name) || !strings.Contains(name, ".") || looksLikeIPv4(name) {
			in.problem("%q: want a name such as push.example.com, or *.push.example.com for all below, without scheme or port", item)
			continue
		}
		all = append(all, item)
	}
	return all
}
