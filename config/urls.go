package config

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// webURL parses an absolute http(s) URL without user or fragment; nil is one
// that it has refused.
func (in input) webURL() *url.URL {
	// Errors do not quote the value: a URL may carry a password by mistake.
	u, err := url.Parse(in.value)
	switch {
	case err != nil || u.Hostname() == "" || (u.Scheme != "http" && u.Scheme != "https"):
		in.problem("want http://host[:port] or https://host[:port]")
	case u.User != nil:
		in.problem("must not carry a user or password")
	case u.Fragment != "":
		in.problem("must not carry a fragment")
	default:
		return u
	}
	return nil
}

// Origin reads an address of Nod as PUBLIC_URL is read. The error does not quote it.
func Origin(address string) (string, error) {
	r := &reader{}
	origin := input{r, "the address", strings.TrimSpace(address)}.origin()
	if len(r.problems) > 0 {
		return "", errors.New(strings.Join(r.problems, "; "))
	}
	return origin, nil
}

// origin reads a URL without a path, and spells it as browsers do: in lower
// case, and without the port that the scheme implies.
func (in input) origin() string {
	u := in.webURL()
	if u == nil {
		return ""
	}
	if (u.Path != "" && u.Path != "/") || u.RawQuery != "" {
		in.problem("must end after the host and port: paths of a proxy are not supported")
		return ""
	}
	host, port := in.hostname(u.Hostname()), in.port(u.Port())
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port == "" || (u.Scheme == "http" && port == "80") || (u.Scheme == "https" && port == "443") {
		return u.Scheme + "://" + host
	}
	return u.Scheme + "://" + host + ":" + port
}

// hostname spells a host as browsers do, for they compare it letter by letter:
// IDNA for names beyond ASCII, IPv6 in its short form. It refuses what a browser
// would turn into another host.
func (in input) hostname(host string) string {
	if ip, err := netip.ParseAddr(host); err == nil {
		switch {
		case ip.Zone() != "":
			in.problem("an address with a zone (%%) works in no browser")
		case ip.Is4In6():
			in.problem("write the address as %s", ip.Unmap())
		}
		return ip.String()
	}
	if strings.Contains(host, ":") {
		in.problem("the host is no IPv6 address")
		return ""
	}
	name, err := idna.Lookup.ToASCII(host)
	if plain := plainName(strings.ToLower(host)); plain {
		name, err = strings.ToLower(host), nil // IDNA refuses underscores, which browsers take
	}
	switch {
	case err != nil || !plainName(name):
		in.problem("the host has a character or spelling that no host name has")
	case looksLikeIPv4(name):
		in.problem("browsers read the host as an IPv4 address: write all four numbers, without leading zeros, such as 127.0.0.1")
	}
	return name
}

// plainName is a name that browsers leave as it is.
func plainName(name string) bool {
	for label := range strings.SplitSeq(strings.TrimSuffix(name, "."), ".") {
		if label == "" || strings.HasPrefix(label, "xn--") && !decodes(label) {
			return false
		}
	}
	return !strings.ContainsFunc(name, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.'
	})
}

func decodes(label string) bool {
	_, err := idna.Lookup.ToUnicode(label)
	return err == nil
}

// looksLikeIPv4 is the rule of browsers: the last part is a number.
func looksLikeIPv4(name string) bool {
	name = strings.TrimSuffix(name, ".")
	last := name[strings.LastIndexByte(name, '.')+1:]
	if hex, ok := strings.CutPrefix(last, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return last != "" && strings.Trim(last, "0123456789") == ""
}

// port checks the port of a URL, "" for none.
func (in input) port(port string) string {
	n, err := strconv.ParseUint(port, 10, 16)
	switch {
	case port == "":
	case err != nil || n == 0:
		in.problem("the port must be a number from 1 to 65535")
	case strconv.FormatUint(n, 10) != port:
		in.problem("write the port as %d", n)
	case slices.Contains(badPorts, n):
		in.problem("browsers open no page on port %d", n)
	}
	return port
}

// badPorts are those of the Fetch standard: they belong to other protocols, and
// browsers refuse them.
var badPorts = []uint64{
	1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113, 115, 117,
	119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636,
	989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
}

// baseURL reads the URL of a service. Plain http would send the key in clear,
// so it must not leave the machine.
func (in input) baseURL() string {
	u := in.webURL()
	if u == nil {
		return ""
	}
	if u.RawQuery != "" {
		in.problem("must not carry a query")
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		in.problem("plain http would send the key in clear: want https, or a loopback address")
	}
	return strings.TrimSuffix(u.String(), "/")
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && ip.IsLoopback())
}

// isOwnMachine says whether a URL that was read leads to this machine for whoever
// opens it.
func isOwnMachine(origin string) bool {
	u, err := url.Parse(origin)
	return err == nil && (loopback(u.Hostname()) || strings.HasSuffix(u.Hostname(), ".localhost"))
}

// isForTests says whether a URL that was read has a name which RFC 6761 keeps for
// tests: nobody can own one.
func isForTests(origin string) bool {
	u, err := url.Parse(origin)
	return err == nil && strings.HasSuffix(u.Hostname(), ".test")
}

// isPublicAddress says whether others are led to this address where PUBLIC_URL is
// not set: one of all addresses is then opened as localhost.
func isPublicAddress(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	ip, ipErr := netip.ParseAddr(host)
	return err == nil && ipErr == nil && !ip.IsLoopback() && !ip.IsUnspecified()
}

// listensOnLoopback says whether nobody but this machine reaches a listener.
func listensOnLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	return err == nil && loopback(host)
}

// openToAll says whether a listener is on every address of the machine, or on one
// that the internet reaches. A name says neither.
func openToAll(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false // it is refused anyway
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host == ""
	}
	ip = ip.Unmap()
	return ip.IsUnspecified() || (ip.IsGlobalUnicast() && !ip.IsPrivate())
}

func (in input) link() string {
	if u := in.webURL(); u != nil {
		return u.String()
	}
	return ""
}
