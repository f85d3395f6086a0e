package push

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// An endpoint is a URL that a visitor chose, and this machine opens it: so it must not
// lead to what only this machine reaches.

// errAddress: a name led to an address that is not for everybody.
var errAddress = errors.New("it leads to an address that is not public")

// client asks push services and nobody else: it follows no redirect, for that may lead
// anywhere, and uses no proxy, which would resolve names out of our sight.
func client(o Options) *http.Client {
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  nil,
			DialContext:            o.Dial,
			TLSClientConfig:        &tls.Config{RootCAs: o.Roots, MinVersion: tls.VersionTLS12},
			ForceAttemptHTTP2:      true,
			TLSHandshakeTimeout:    patience,
			MaxResponseHeaderBytes: 16 << 10,
			MaxIdleConnsPerHost:    2,
			IdleConnTimeout:        time.Minute,
		},
	}
}

// guarded is a dialer that reaches public addresses alone. It looks at each address
// that is really dialled, after the name was resolved: an answer that was looked at
// before may be another one by now. resolver may be nil.
func guarded(resolver *net.Resolver) *net.Dialer {
	return &net.Dialer{
		Timeout: patience, Resolver: resolver,
		ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error { return mayDial(address) },
	}
}

// mayDial judges an address that is about to be dialled.
func mayDial(address string) error {
	to, err := netip.ParseAddrPort(address)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %s", errAddress, address)
	case to.Port() != 443:
		return fmt.Errorf("%w: port %d", errAddress, to.Port())
	case !public(to.Addr()):
		return fmt.Errorf("%w: %s", errAddress, to.Addr())
	}
	return nil
}

// unicast is where the public addresses of IPv6 are. What maps or translates IPv4
// addresses lies outside of it or in notPublic: it leads wherever the inner one does.
var unicast = netip.MustParsePrefix("2000::/3")

// notPublic are the ranges that IANA keeps for special purposes.
var notPublic = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
	"192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
)

func prefixes(texts ...string) (all []netip.Prefix) {
	for _, text := range texts {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

// public says whether anybody reaches the same machine at an address.
func public(a netip.Addr) bool {
	if a.Zone() != "" || a.Is6() && !unicast.Contains(a) {
		return false
	}
	for _, special := range notPublic {
		if special.Contains(a) {
			return false
		}
	}
	return a.IsValid()
}
