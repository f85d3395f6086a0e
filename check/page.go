package check

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
)

// expected are the headers of the page that a proxy must pass on as they are:
// what each has to hold, and what happens otherwise.
var expected = []struct{ name, holds, otherwise string }{
	{"Content-Security-Policy", "default-src 'none'", "nothing keeps scripts of others from the page"},
	{"Referrer-Policy", "same-origin", "some browsers then send forms without their origin, and these are refused"},
	{"Cache-Control", "no-store", "a cache may show the page of one person to another"},
}

// page opens the sign-in page. It reports whether the other checks make sense.
func (r *run) page() bool {
	res, err := r.get("/login", nil)
	if err != nil {
		r.fail("page", "cannot be opened: %v", err)
		return false
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode >= 300 && res.StatusCode < 400:
		r.fail("page", "is redirected to %s: set PUBLIC_URL to the address people use, and let the proxy pass the Host header on", res.Header.Get("Location"))
		return false
	case res.StatusCode != http.StatusOK:
		r.fail("page", "answers %s", res.Status)
		return false
	}
	if r.headersOf(res) {
		r.ok("page", "opens")
	}
	return true
}

func (r *run) headersOf(res *http.Response) (asSent bool) {
	asSent = true
	for _, header := range expected {
		values := res.Header.Values(header.name)
		switch last := lastOf(values); {
		case len(values) == 0:
			r.fail("page", "arrives without its %s header: %s", header.name, header.otherwise)
			asSent = false
		case !strings.Contains(last, header.holds):
			r.fail("page", "arrives with another %s (%s): %s", header.name, last, header.otherwise)
			asSent = false
		}
	}
	if !slices.ContainsFunc(res.Cookies(), func(c *http.Cookie) bool { return strings.Contains(c.Name, "nod_csrf") }) {
		r.fail("page", "arrives without its cookie: every form would be refused")
		asSent = false
	}
	return asSent
}

// lastOf is the line that counts where a proxy has added one; a policy that is
// added counts besides.
func lastOf(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}

// client is what Nod sees of this client.
type client struct {
	Site      string `json:"site"`
	Host      string `json:"host"`
	IP        string `json:"ip"`
	Proxy     bool   `json:"proxy"`
	Forwarded bool   `json:"forwarded"`
	Trusted   bool   `json:"trusted"`
}

// seenAs asks Nod how this client looks.
func (r *run) seenAs(header http.Header) (seen client, ok bool) {
	res, err := r.get("/check", header)
	if err != nil {
		r.fail("client", "/check cannot be opened: %v", err)
		return seen, false
	}
	defer res.Body.Close()
	if err := json.NewDecoder(io.LimitReader(res.Body, 4096)).Decode(&seen); err != nil {
		r.fail("client", "the response of /check is not Nod's: %v", err)
		return seen, false
	}
	return seen, true
}

// madeUp is an address that nobody has (RFC 5737).
const madeUp = "192.0.2.99"

// client compares what Nod sees of this client with what the client knows.
func (r *run) client() {
	seen, ok := r.seenAs(nil)
	if !ok {
		return
	}
	switch {
	case seen.Host != "" && !strings.EqualFold(seen.Host, r.site.Host):
		r.fail("client", "asked for %s, and Nod is asked for %s: let the proxy pass the Host header on as it is (nginx: proxy_set_header Host $http_host)", r.site.Host, seen.Host)
	case !strings.EqualFold(seen.Site, r.site.Scheme+"://"+r.site.Host):
		r.fail("client", "Nod takes %s for its own address: set PUBLIC_URL, which signatures and origins depend on", seen.Site)
	case seen.Forwarded && !seen.Trusted:
		r.fail("client", "the proxy at %s forwards addresses but is not trusted, so all visitors have the same address: add it to TRUSTED_PROXIES", seen.IP)
	case seen.Trusted && !seen.Forwarded:
		r.fail("client", "the proxy at %s is trusted but forwards no addresses, so all visitors have the same one, or one that they make up: let it append to X-Forwarded-For", seen.IP)
	case seen.Proxy:
		r.ok("client", "is seen as %s, where a trusted proxy is: check from another machine too", seen.IP)
	default:
		r.forged(seen.IP)
	}
}

// forged makes an address up, as anybody can.
func (r *run) forged(ip string) {
	seen, ok := r.seenAs(http.Header{"X-Forwarded-For": {madeUp}})
	switch {
	case !ok:
	case seen.IP == madeUp:
		r.fail("client", "is taken for %s, which it made up: let the proxy append to X-Forwarded-For, or set it (nginx: proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for)", madeUp)
	default:
		r.ok("client", "is seen as %s", ip)
	}
}
