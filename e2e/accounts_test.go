package e2e

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
)

// account creates an account, and cancels the sign-in that follows. It sends the forms
// itself: a story is about what comes then, and a page costs a processor for seconds.
func (n *nod) account(email, number string) phone {
	n.t.Helper()
	jar, err := cookiejar.New(nil)
	must(n.t, err)
	c := &http.Client{Jar: jar}
	n.send(c, "/signup", "/signup", "/login/approval", url.Values{
		"name": {"Ada Lovelace"}, "email": {email}, "password": {password}, "country_code": {"1"}, "phone_number": {number},
	})
	n.send(c, "/login/approval", "/login/cancel", "/login", url.Values{})
	return n.phoneOf(email)
}

var formToken = regexp.MustCompile(`name="_csrf" value="([^"]+)"`)

// userAgent is what Chromium calls itself: an account that another browser has made
// would say so to its owner.
var userAgent = sync.OnceValues(func() (string, error) {
	version, err := chromedp.CallBrowser(chrome, browser.GetVersion, cdp.Empty{})
	return version.UserAgent, err
})

// send sends a form of a page, and wants to be led to another page. To a machine that is
// too busy to answer in time it is sent again.
func (n *nod) send(c *http.Client, page, action, leadsTo string, fields url.Values) {
	n.t.Helper()
	eventually(n.t, "the form of "+page+" is taken", func() bool {
		status, at, body := n.fetch(c, http.MethodGet, page, nil)
		if found := formToken.FindStringSubmatch(body); found != nil {
			fields.Set("_csrf", found[1])
			status, at, body = n.fetch(c, http.MethodPost, action, fields)
		}
		if at != leadsTo && status != http.StatusServiceUnavailable {
			n.t.Fatalf("the form of %s leads to %s with %d:\n%s", page, at, status, body)
		}
		return at == leadsTo
	})
}

// fetch reads the page that a request leads to.
func (n *nod) fetch(c *http.Client, method, path string, fields url.Values) (status int, at, body string) {
	n.t.Helper()
	agent, err := userAgent()
	must(n.t, err)
	req, err := http.NewRequestWithContext(n.t.Context(), method, n.url+path, strings.NewReader(fields.Encode()))
	must(n.t, err)
	req.Header.Set("User-Agent", agent)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", n.url)
	}
	res, err := c.Do(req)
	must(n.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	must(n.t, err)
	return res.StatusCode, res.Request.URL.Path, string(text)
}
