package handlers

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// errTwinCookies: a page on another port of this host, or on a sibling of it, can
// set a cookie under our name for a path, and browsers send that one first. On
// https the __Host- names rule it out.
var errTwinCookies = &pageError{Status: fiber.StatusBadRequest, Heading: "error.twin_cookies.title",
	Text: "error.twin_cookies.text", Action: toSignIn}

// ownCookies are all that this site sets, without prefix and port.
var ownCookies = [...]string{"session", "csrf", "notice", "device", "language"}

// ownNames are the names of the cookies, as browsers send them, and that of a phone. They
// are made once: thousands of sockets may open at the same time.
type ownNames struct {
	now, old [len(ownCookies)]string
	phone    string
}

func (h *Handlers) ownNames() (n ownNames) {
	n.phone = h.phoneCookie()
	for i, own := range ownCookies {
		n.now[i], n.old[i] = h.cookieName(own), h.oldCookieName(own)
	}
	return n
}

// refuseTwinCookies lets neither of two cookies of one name count: one of them is
// not ours, and nothing says which. Both expire, so that the next request is
// that of a stranger, who can sign in.
func (h *Handlers) refuseTwinCookies(c *fiber.Ctx) error {
	var sent, sentOld [len(ownCookies)]int
	phones := 0
	c.Request().Header.VisitAllCookie(func(name, _ []byte) {
		if string(name) == h.names.phone {
			phones++
		}
		for i := range ownCookies {
			if string(name) == h.names.now[i] {
				sent[i]++
			}
			if string(name) == h.names.old[i] {
				sentOld[i]++
			}
		}
	})
	found := false
	for i, name := range h.names.now {
		// An old name may be that of another Nod on this host, which says so itself.
		if sentOld[i] > 1 {
			c.Request().Header.DelCookie(h.names.old[i])
		}
		if sent[i] > 1 {
			found = true
			c.Request().Header.DelCookie(name)
			h.expireEverywhere(c, name)
		}
	}
	if phones > 1 {
		found = true
		c.Request().Header.DelCookie(h.names.phone)
		h.expireTwinsOfPhone(c)
	}
	if found {
		return errTwinCookies
	}
	return c.Next()
}

// expireTwinsOfPhone removes what a sibling of this host or another path has set under the
// name of a phone's cookie. The phone keeps its own: it is made once.
func (h *Handlers) expireTwinsOfPhone(c *fiber.Ctx) {
	expired := h.names.phone + "=; Max-Age=0; HttpOnly; SameSite=Strict"
	if h.secure() {
		expired += "; Secure"
	}
	for _, path := range pathsAbove(c.Path()) {
		if path != phonePath {
			c.Response().Header.Add(fiber.HeaderSetCookie, expired+"; Path="+path)
		}
		for _, domain := range domainsOf(h.public.Hostname()) {
			c.Response().Header.Add(fiber.HeaderSetCookie, expired+"; Path="+path+"; Domain="+domain)
		}
	}
}

// expireEverywhere removes a cookie of a name wherever this request may have got one
// from: a browser keeps one for each path and domain.
func (h *Handlers) expireEverywhere(c *fiber.Ctx, name string) {
	expired := name + "=; Max-Age=0; HttpOnly; SameSite=Lax; Path="
	if h.secure() {
		c.Response().Header.Add(fiber.HeaderSetCookie, expired+"/; Secure") // the only one under such a name
		return
	}
	for _, path := range pathsAbove(c.Path()) {
		c.Response().Header.Add(fiber.HeaderSetCookie, expired+path)
		for _, domain := range domainsOf(h.public.Hostname()) {
			c.Response().Header.Add(fiber.HeaderSetCookie, expired+path+"; Domain="+domain)
		}
	}
}

// maxPaths bounds the header, and pathLetters are those of the paths of our pages.
const (
	maxPaths    = 6
	pathLetters = "/-._~%0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// pathsAbove are the paths whose cookies go to path: of /a/b these are /, /a, /a/ and
// /a/b.
func pathsAbove(path string) []string {
	all := []string{"/"}
	for i := 1; i < len(path) && len(all) < maxPaths; i++ {
		switch {
		case !strings.ContainsRune(pathLetters, rune(path[i])):
			return all // it would end the attribute, or the header
		case path[i] == '/':
			all = append(all, path[:i], path[:i+1])
		}
	}
	if !slices.Contains(all, path) {
		all = append(all, path)
	}
	return all
}

// domainsOf are the domains whose cookies go to a host, without that of the host
// alone: itself with all below it, and those above.
func domainsOf(host string) (all []string) {
	if _, err := netip.ParseAddr(host); err == nil {
		return nil
	}
	for strings.Contains(host, ".") {
		all = append(all, host)
		_, host, _ = strings.Cut(host, ".")
	}
	return all
}
