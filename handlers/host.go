package handlers

import (
	"crypto/sha256"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
)

// requirePublicHost redirects a page opened under another name of this machine, such
// as 127.0.0.1, to the public address, where its cookies, sockets and forms work.
// Where that leads nowhere it says which setting to mend: if requests arrive under
// that name however often they are redirected, a proxy has lost the Host header; and
// nobody elsewhere can open localhost of this machine. A page under any other name
// says so and leads nowhere by itself: whoever gave that name is not believed.
func (h *Handlers) requirePublicHost(c *fiber.Ctx) error {
	host := string(c.Request().Header.Host())
	if strings.EqualFold(host, h.public.Host) {
		return c.Next()
	}
	if c.Method() != fiber.MethodGet && c.Method() != fiber.MethodHead {
		return errWrongHost
	}
	if !isLoopback(hostnameOf(host)) || h.redirects.tooMany(h.Now(), h.visitorIP(c), c.Get(fiber.HeaderUserAgent), host, c.OriginalURL()) || h.outOfReach(c) {
		return h.lostHost(host)
	}
	return c.Redirect(h.publicURL(c), fiber.StatusFound)
}

// publicURL is where the same page is under the public address. It is made of
// the path and query as parsed, never of the request line: the line may begin
// with "@host", and then all before it would be a user's name.
func (h *Handlers) publicURL(c *fiber.Ctx) string {
	uri := c.Request().URI()
	page := url.URL{Path: string(uri.Path()), RawQuery: string(uri.QueryString())}
	return h.origin() + "/" + strings.TrimLeft(page.RequestURI(), "/")
}

// outOfReach says that the public address is this machine's own, and the visitor
// is on another one.
func (h *Handlers) outOfReach(c *fiber.Ctx) bool {
	visitor, err := netip.ParseAddr(h.visitorIP(c))
	return err == nil && !visitor.IsLoopback() && isLoopback(h.public.Hostname())
}

// hostnameOf is a Host header without its port.
func hostnameOf(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.Trim(host, "[]")
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return (err == nil && ip.Unmap().IsLoopback()) || host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// lostHost explains, on the page and once in the log.
func (h *Handlers) lostHost(host string) error {
	h.lostHostOnce.Do(func() {
		h.Logger.Warn("requests arrive under another Host than that of PUBLIC_URL: let the proxy pass the Host header on "+
			"(nginx: proxy_set_header Host $http_host), or set PUBLIC_URL to the address that people use",
			"host", host, "public_url", h.origin())
	})
	return &pageError{Status: fiber.StatusMisdirectedRequest, Heading: "error.lost_host.title",
		Text: "error.lost_host.text", Args: []any{"host", host, "public", h.origin()},
		Action: link{h.origin() + "/", "action.to_start"}}
}

// redirects counts how often one visitor was redirected from one address within
// redirectWindow.
type redirects struct {
	mu   sync.Mutex
	seen map[[sha256.Size]byte]redirected
}

type redirected struct {
	times int
	since time.Time
}

const (
	maxRedirects   = 5 // no person opens one page that often in redirectWindow
	redirectWindow = 10 * time.Second
)

// tooMany counts one redirect more and says whether it would be one of a loop.
func (r *redirects) tooMany(now time.Time, visit ...string) bool {
	key := sha256.Sum256([]byte(strings.Join(visit, "\x00")))
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen == nil || len(r.seen) >= maxCached {
		r.seen = map[[sha256.Size]byte]redirected{}
	}
	last := r.seen[key]
	if age := now.Sub(last.since); age < 0 || age > redirectWindow {
		last = redirected{since: now}
	}
	last.times++
	r.seen[key] = last
	return last.times > maxRedirects
}
