package server

import (
	"net"
	"net/netip"
	"net/url"
	"path"
	"strings"
)

// visitURL is where a browser finds what listens on addr: localhost where
// that leads there, else the address itself. A listener on all addresses is
// found under elsewhere, the host that people already use.
func visitURL(addr net.Addr, elsewhere string) string {
	host, port, _ := net.SplitHostPort(addr.String())
	switch ip, _ := netip.ParseAddr(host); {
	case host == "127.0.0.1" || host == "::1":
		host = "localhost"
	case ip.IsUnspecified():
		host = elsewhere
	}
	return "http://" + net.JoinHostPort(host, port)
}

// dialURL is where this process itself finds what listens on addr.
func dialURL(addr net.Addr) string {
	host, port, _ := net.SplitHostPort(addr.String())
	if ip, _ := netip.ParseAddr(host); ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// hostname is the host of a URL that was checked before.
func hostname(checked string) string {
	u, err := url.Parse(checked)
	if err != nil {
		return "localhost"
	}
	return u.Hostname()
}

// beside derives the path of a companion file: nod.db → nod-sessions.db.
func beside(database, what string) string {
	ext := path.Ext(database)
	return strings.TrimSuffix(database, ext) + "-" + what + ext
}
