package wire

import (
	"hash/maphash"
	"net/http"
	"strings"
)

// maxCookies bounds what is remembered of browsers.
const maxCookies = 20_000

// browser is the number of the browser with these cookies, a new one if nobody had
// any of them; 0 without cookies. Only hashes are kept.
func (r *Recorder) browser(cookies []*http.Cookie) int {
	cookies = ownCookies(cookies)
	if len(cookies) == 0 {
		return 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	number := 0
	for _, c := range cookies {
		if known := r.browsers[r.hash(c)]; known != 0 {
			number = known
			break
		}
	}
	if number == 0 {
		r.named++
		number = r.named
	}
	r.remember(number, cookies)
	return number
}

// knowBrowser takes note of the cookies that a browser was given.
func (r *Recorder) knowBrowser(number int, cookies []*http.Cookie) {
	if number == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.remember(number, ownCookies(cookies))
}

// ownCookies are those whose values belong to one browser alone.
func ownCookies(all []*http.Cookie) (own []*http.Cookie) {
	for _, c := range all {
		random := len(c.Value) >= minSecret
		if random && (strings.Contains(c.Name, "session") || strings.Contains(c.Name, "csrf") || strings.Contains(c.Name, "device")) {
			own = append(own, c)
		}
	}
	return own
}

func (r *Recorder) remember(number int, cookies []*http.Cookie) {
	if len(r.browsers) > maxCookies {
		clear(r.browsers)
	}
	for _, c := range cookies {
		r.browsers[r.hash(c)] = number
	}
}

func (r *Recorder) hash(c *http.Cookie) uint64 {
	return maphash.String(r.seed, c.Name+"="+c.Value)
}
