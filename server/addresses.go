package server

import (
	"net"
	"net/netip"
	"net/url"
	"path"
	"strings"
)

// visitURL is where a browser finds what listens on addr: localhost if that
// leads there, else the address itself. For a listener on all addresses it is
// publicHost, the host that people already use.
func visitURL(addr net.Addr, publicHost string) string {
	host, port, _ := net.SplitHostPort(addr.String())
	switch ip, _ := netip.ParseAddr(host); {
	case host == "127.0.0.1" || host == "::1":
		host = "localhost"
	case ip.IsUnspecified():
		host = publicHost
	}
	return "http://" + net.JoinHostPort(host, port)
}

// onAllAddresses says whether other machines can reach what listens on addr
// under addresses that addr does not name.
func onAllAddresses(addr net.Addr) bool {
	host, _, _ := net.SplitHostPort(addr.String())
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsUnspecified()
}

// inNetwork is where other devices find what listens on addr: at each address of
// this machine if it listens on all of them, nowhere if it listens on loopback.
func inNetwork(addr net.Addr) (urls []string) {
	host, port, _ := net.SplitHostPort(addr.String())
	ip, err := netip.ParseAddr(host)
	hosts := []string{host}
	switch {
	case err != nil || ip.IsLoopback():
		return nil
	case ip.IsUnspecified():
		hosts = networkHosts()
	}
	for _, host := range hosts {
		urls = append(urls, "http://"+net.JoinHostPort(host, port))
	}
	return urls
}

// networkHosts are the addresses of this machine that others can open, IPv4 first:
// it is easier to type.
func networkHosts() (hosts []string) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil // a machine that does not say has none to show
	}
	var six []string
	for _, addr := range addrs {
		prefix, err := netip.ParsePrefix(addr.String())
		switch {
		case err != nil || !prefix.Addr().IsGlobalUnicast():
		case prefix.Addr().Is4():
			hosts = append(hosts, prefix.Addr().String())
		default:
			six = append(six, prefix.Addr().String())
		}
	}
	return append(hosts, six...)
}

// networkURL is where other machines probably find what listens on the same port
// as a URL of this machine.
func networkURL(local string) string {
	host := "ADDRESS"
	if hosts := networkHosts(); len(hosts) > 0 {
		host = hosts[0]
	}
	u, err := url.Parse(local)
	if err != nil {
		return "http://" + host
	}
	return "http://" + net.JoinHostPort(host, u.Port())
}

// loopbackURL is where this process itself finds what listens on addr.
func loopbackURL(addr net.Addr) string {
	host, port, _ := net.SplitHostPort(addr.String())
	if ip, _ := netip.ParseAddr(host); ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// hostname is the host of a valid URL.
func hostname(valid string) string {
	u, err := url.Parse(valid)
	if err != nil {
		return "localhost"
	}
	return u.Hostname()
}

// beside is the path of a file next to the database: nod.db → nod-sessions.db.
func beside(database, what string) string {
	ext := path.Ext(database)
	return strings.TrimSuffix(database, ext) + "-" + what + ext
}
