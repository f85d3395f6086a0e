package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// Another port of the host plants cookies under our name, for paths that a browser
// sends before ours. Mallory's account is not shown as Ada's, and once the page has
// said what happened, Ada signs in as before.
func TestCookiesPlantedFromAnotherPort(t *testing.T) {
	story(t)
	n := startNod(t)
	p := n.account("ada@example.com", "2015550161")
	public, err := url.Parse(n.url)
	must(t, err)
	name := "nod_session_" + public.Port()
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" { // the icon, which may be asked for when the cookies are gone
			w.WriteHeader(http.StatusNoContent)
			return
		}
		for _, cookie := range []string{
			name + "=of-mallory; Path=/protected; HttpOnly",
			name + "=of-mallory; Path=/login",
			name + "=of-mallory; Path=/login/",
			"nod_csrf_" + public.Port() + "=of-mallory-and-known-to-him; Path=/login/approval; Max-Age=86400",
		} {
			w.Header().Add("Set-Cookie", cookie)
		}
		io.WriteString(w, "<title>planted</title><script>document.cookie='="+name+"=of-mallory; path=/protected'</script>")
	}))
	t.Cleanup(other.Close)
	there, err := url.Parse(other.URL)
	must(t, err)

	tb := n.person().tab()
	tb.expect("400 (Bad Request)")
	tb.signIn("ada@example.com")
	p.answer("approve")
	tb.at("/protected")
	tb.open("http://" + public.Hostname() + ":" + there.Port())
	tb.is(`document.title === "planted"`)
	tb.open("/protected")
	tb.heading(words("error.twin_cookies.title"))
	tb.accessible("two cookies")
	if body := tb.text("body"); strings.Contains(body, "ada@example.com") {
		t.Errorf("the page shows whose session it is:\n%s", body)
	}
	tb.open("/protected") // both are gone: this is the request of a stranger
	tb.at("/login")
	tb.givePassword("ada@example.com") // its cookie is the second on the next page
	tb.heading(words("error.twin_cookies.title"))
	tb.click("main a[href='/login']")
	tb.at("/login")
	tb.signIn("ada@example.com")
	p.answer("approve")
	tb.at("/protected")
	tb.heading("Welcome, Ada Lovelace")
}
