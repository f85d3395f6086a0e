package config

import (
	"net/netip"
	"net/url"
	"strings"
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
	host := strings.ToLower(u.Host)
	if port := u.Port(); port == "" || (u.Scheme == "http" && port == "80") || (u.Scheme == "https" && port == "443") {
		host = strings.TrimSuffix(strings.TrimSuffix(host, port), ":")
	}
	return u.Scheme + "://" + host
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

func (in input) link() string {
	if u := in.webURL(); u != nil {
		return u.String()
	}
	return ""
}
