package handlers

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/utils"

	"nod/store"
)

// clientOf says where a request comes from, and from which browser. It copies the strings: Fiber's share
// a buffer with the next request.
func (h *Handlers) clientOf(c *fiber.Ctx) store.Client {
	const maxAgent = 400
	agent := c.Get(fiber.HeaderUserAgent)
	if len(agent) > maxAgent {
		agent = agent[:maxAgent]
	}
	ip := h.visitorIP(c)
	return store.Client{IP: ip, UserAgent: utils.CopyString(agent), Place: h.Flow.Place(ip), Device: deviceOf(h.deviceToken(c))}
}

// visitorIP is the address of the visitor, and the only place that finds it.
// Proxies append to X-Forwarded-For whom they got a request from, so the list is
// read from its end: each entry counts only because a proxy of ours wrote it.
// The first address that is no proxy of ours is the visitor; what stands before
// it the visitor may have made up.
func (h *Handlers) visitorIP(c *fiber.Ctx) string {
	visitor, ok := parseIP(c.Context().RemoteIP().String())
	if !ok {
		return c.Context().RemoteIP().String()
	}
	forwarded := forwardedFor(c)
	for i := len(forwarded) - 1; i >= 0 && h.proxies.Has(visitor); i-- {
		before, ok := parseIP(forwarded[i])
		if !ok {
			break // "unknown", or no address at all: nobody vouches for the rest
		}
		visitor = before
	}
	return visitor.String()
}

// forwardedFor is X-Forwarded-For; several lines are one list.
func forwardedFor(c *fiber.Ctx) []string {
	var all []string
	for _, line := range c.Request().Header.PeekAll(fiber.HeaderXForwardedFor) {
		for entry := range strings.SplitSeq(string(line), ",") {
			if entry = strings.TrimSpace(entry); entry != "" {
				all = append(all, entry)
			}
		}
	}
	return all
}

// parseIP reads an address as proxies spell it: with a port, in brackets, in
// quotes, an IPv4 address as IPv6.
func parseIP(text string) (netip.Addr, bool) {
	text = strings.Trim(text, `"`)
	ip, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	if err != nil {
		withPort, err := netip.ParseAddrPort(text)
		if err != nil {
			return netip.Addr{}, false
		}
		ip = withPort.Addr()
	}
	return ip.Unmap().WithZone(""), true
}

// fromTrustedProxy says whether whoever sent this request is a proxy of ours.
func (h *Handlers) fromTrustedProxy(c *fiber.Ctx) bool {
	peer, ok := parseIP(c.Context().RemoteIP().String())
	return ok && h.proxies.Has(peer)
}

// Proxies are the addresses of our own proxies.
type Proxies []netip.Prefix

// Has says whether a proxy of ours has this address.
func (p Proxies) Has(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	for _, proxies := range p {
		if proxies.Contains(ip) {
			return true
		}
	}
	return false
}

// ParseProxies reads addresses and ranges. An IPv4 range written as IPv6 is
// meant as IPv4.
func ParseProxies(list []string) (Proxies, error) {
	var all Proxies
	for _, text := range list {
		proxies, err := netip.ParsePrefix(text)
		if err != nil {
			ip, err := netip.ParseAddr(text)
			if err != nil {
				return nil, fmt.Errorf("handlers: trusted proxy %q is no address and no range", text)
			}
			proxies = netip.PrefixFrom(ip.WithZone(""), ip.BitLen())
		}
		if ip, bits := proxies.Addr(), proxies.Bits(); ip.Is4In6() && bits >= 96 {
			proxies = netip.PrefixFrom(ip.Unmap(), bits-96)
		}
		all = append(all, proxies.Masked())
	}
	return all, nil
}
