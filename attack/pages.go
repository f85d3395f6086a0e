package main

import (
	"fmt"
	"html"
	"net/http"
	"slices"
	"strings"
)

// What stands on pages and in answers.
var pageAttacks = []attack{
	{"A-60", "write markup into every field", markupInFields},
	{"A-61", "write SQL into every field, cookie and path", sqlInFields},
	{"A-63", "make the application fail and read why", errorsThatTell},
	{"A-64", "frame the pages", framedPages},
	{"A-65", "tap on the simulated phones from another site", foreignTaps},
	{"A-66", "read pages from a shared cache", cachedPages},
	{"A-76", "send text that is no UTF-8", brokenText},
	{"A-78", "send thousands of fields, cookies and indices", manyFields},
	{"6.15", "find an answer without the protecting headers", bareAnswers},
	{"6.17", "have /readyz write as fast as it is asked", manyProbes},
}

func cookieNames(p page) (names []string) {
	for _, c := range (&http.Response{Header: p.header}).Cookies() {
		names = append(names, c.Name)
	}
	slices.Sort(names)
	return names
}

func replaceAll(body, text, by string) string {
	return strings.ReplaceAll(strings.ReplaceAll(body, html.EscapeString(text), by), text, by)
}

const markup = `"'><script>alert(1)</script><img src=x onerror=alert(1)>{{.}}`

func markupInFields(a *attempt) {
	b := a.browser()
	if policy := b.get("/").header.Get("Content-Security-Policy"); strings.Contains(policy, "unsafe") || !strings.Contains(policy, "script-src 'self'") {
		a.through("the policy lets inline scripts run: %s", policy)
	}
	shown := 0
	for _, form := range []struct {
		path   string
		fields []string
	}{
		{"/signup", []string{"name", markup, "email", markup, "password", markup, "country_code", markup, "phone_number", markup}},
		{"/login", []string{"email", markup, "password", markup}},
	} {
		got := b.post(form.path, form.fields...)
		if strings.Contains(got.body, "<script>alert") || strings.Contains(got.body, "<img src=x") {
			a.through("%s repeats the markup as it is", form.path)
		}
		shown += strings.Count(got.body, "&lt;script&gt;")
	}
	got := b.get("/login?notice=" + strings.ReplaceAll(strings.ReplaceAll(markup, " ", "%20"), `"`, "%22"))
	if strings.Contains(got.body, "<script>alert") {
		a.through("a notice repeats the markup")
	}
	p := a.account()
	victim := a.elsewhere().browser()
	p.signsIn(victim)
	got = victim.post("/transfers", "payee", markup, "amount", "1", "currency", "EUR")
	if body := got.body + victim.get("/protected").body; strings.Contains(body, "<script>alert") || strings.Contains(body, "<img src=x") {
		a.through("the account page repeats the markup")
	}
	a.tried("sign-up, sign-in, notices and transfers")
	a.refusedBy("shown as text %d times; no inline script may run", shown)
}

var sqlTexts = []string{"' OR '1'='1", "'; DROP TABLE users; --", `" OR ""="`, "') UNION SELECT 1,2,3 --", `\'; SELECT 1`, "1; ATTACH 'x' AS y"}

func sqlInFields(a *attempt) {
	p := a.account()
	tried := 0
	for _, text := range sqlTexts {
		b := a.elsewhere().browser()
		if status := a.statusOf("GET /protected HTTP/1.1\r\nHost: " + a.origin.Host + "\r\nCookie: nod_session_" + a.origin.Port() + "=" + text + "\r\n\r\n"); status == http.StatusOK || status >= 500 {
			a.through("%q as a session: status %d", text, status)
		}
		for _, got := range []page{
			b.post("/login", "email", p.email, "password", text),
			b.post("/login", "email", text, "password", goodPassword),
			b.post("/login", "email", p.email+text, "password", goodPassword),
			b.get("/authy/status?id=" + strings.ReplaceAll(text, " ", "%20")),
			b.get("/transfers/" + strings.ReplaceAll(text, " ", "%20") + "/execute"),
		} {
			tried++
			// The address of a form leads to its page, which is for whoever is signed in.
			if got.status >= 500 || got.status == http.StatusSeeOther && got.to() != "/protected#transfers" {
				a.through("%q: status %d to %s", text, got.status, got.to())
			}
		}
	}
	p.signsIn(a.elsewhere().browser())
	a.tried("%d requests", tried)
	a.refusedBy("every statement has parameters: no failure, nobody in")
}

func errorsThatTell(a *attempt) {
	p := a.account()
	b := a.elsewhere().browser()
	p.phone.fault(map[string]any{"api": "garbage"})
	p.gives(b)
	pages := []page{b.get("/login/approval"), b.post("/send-token", "via", "sms"), b.post("/verify-token", "token", "1234567"), b.post("/login/resend")}
	p.phone.fault(map[string]any{"api": ""})
	pages = append(pages, b.get("/nowhere"), b.get("/static/../main.go"), b.send("/login", nil, "Content-Type", "multipart/form-data; boundary=x"))
	for _, got := range pages {
		for _, told := range []string{"goroutine ", ".go:", "sql:", "sqlite", "panic", "dial tcp", "unexpected end of JSON", "authy:"} {
			if strings.Contains(got.body, told) {
				a.through("a page of status %d says %q", got.status, told)
			}
		}
	}
	a.tried("a provider that answers garbage, unknown paths, broken forms")
	a.refusedBy("a sentence and the id of the request, no more")
}

func framedPages(a *attempt) {
	p := a.account()
	b := a.elsewhere().browser()
	p.waits(b).close()
	for _, path := range []string{"/", "/login", "/signup", "/login/approval", "/verify-token", "/nowhere"} {
		got := b.get(path)
		if !strings.Contains(got.header.Get("Content-Security-Policy"), "frame-ancestors 'none'") || got.header.Get("X-Frame-Options") != "DENY" {
			a.through("%s may be framed", path)
		}
	}
	a.tried("six pages")
	a.refusedBy("frame-ancestors 'none' and X-Frame-Options")
}

func foreignTaps(a *attempt) {
	p := a.account()
	b := a.elsewhere().browser()
	p.waits(b).close()
	r := p.phone.pending()
	tries := 0
	for _, headers := range [][]string{
		{"Origin", "https://evil.example"}, {"Origin", a.origin.String()}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"},
		{"Host", "evil.example"}, {"Host", "evil.example", "Origin", "http://evil.example"},
	} {
		tries++
		req, err := http.NewRequestWithContext(a.ctx, http.MethodPost, a.phones+p.phone.path("/requests/"+r.UUID+"/approve"), strings.NewReader("{}"))
		must(err)
		req.Header.Set("Content-Type", "application/json")
		for i := 0; i < len(headers); i += 2 {
			req.Header.Set(headers[i], headers[i+1])
			if headers[i] == "Host" {
				req.Host = headers[i+1]
			}
		}
		res, err := phoneClient.Do(req)
		must(err)
		res.Body.Close()
		if res.StatusCode < 400 {
			a.through("%q: status %d", headers, res.StatusCode)
		}
	}
	a.stillPending(b, "a tap from another site")
	a.tried("%d taps that another site's page could send", tries)
	a.refusedBy("403 and 421")
}

func cachedPages(a *attempt) {
	p := a.account()
	b := a.elsewhere().browser()
	p.signsIn(b)
	for _, path := range []string{"/", "/login", "/signup", "/protected", "/login/approval", "/verify-token", "/authy/status", "/nowhere"} {
		got := b.get(path)
		if got.header.Get("Cache-Control") != "no-store" || got.header.Get("Etag") != "" {
			a.through("%s: Cache-Control %q, ETag %q", path, got.header.Get("Cache-Control"), got.header.Get("Etag"))
		}
	}
	a.tried("eight pages and answers")
	a.refusedBy("no-store, no ETag")
}

func brokenText(a *attempt) {
	b := a.browser()
	const broken = "\xff\xfe\xc0\x80\xed\xa0\x80"
	tried := []page{
		b.post("/login", "email", broken+"@nod.example", "password", broken),
		b.post("/signup", "name", broken, "email", broken, "password", broken, "country_code", broken, "phone_number", broken),
		b.get("/login?notice=%ff%fe"), b.get("/%ff%fe%c0%80"), b.get("/static/%c0%ae%c0%ae/x"),
	}
	for n, got := range tried {
		if got.status >= 500 {
			a.through("request %d: status %d", n+1, got.status)
		}
	}
	status := a.statusOf("GET /login HTTP/1.1\r\nHost: " + a.origin.Host + "\r\nCookie: nod_session_" + a.origin.Port() + "=" + broken + "\r\nUser-Agent: " + broken + "\r\n\r\n")
	if status >= 500 {
		a.through("in headers: status %d", status)
	}
	a.tried("forms, queries, paths and headers")
	a.refusedBy("refused or shown with replacements, never 500")
}

func manyFields(a *attempt) {
	b := a.browser()
	var form, cookies strings.Builder
	for n := range 4000 {
		fmt.Fprintf(&form, "k%d=v&", n)
	}
	form.WriteString("a[b][c][d]=1&a[999999999]=1&email=x&password=y")
	for n := range 400 {
		fmt.Fprintf(&cookies, "c%d=v; ", n)
	}
	got, err := b.do(b.request(http.MethodPost, "/login", form.String(), "Content-Type", "application/x-www-form-urlencoded"))
	must(err)
	if got.status < 400 || got.status >= 500 {
		a.through("4000 fields: status %d", got.status)
	}
	if got := b.get("/login", "Cookie", cookies.String()); got.status >= 500 {
		a.through("400 cookies: status %d", got.status)
	}
	if got := b.get("/login", "Cookie", strings.Repeat("c=v; ", 4000)); got.status != http.StatusRequestHeaderFieldsTooLarge {
		a.through("20 kB of cookies: status %d", got.status)
	}
	a.tried("4,000 fields, an index of 999,999,999, 20 kB of cookies")
	a.refusedBy("fields are read by name; 431")
}

// protecting are the headers of every answer.
var protecting = []string{"Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy"}

func bareAnswers(a *attempt) {
	b := a.browser()
	post := func(headers ...string) page {
		got, err := b.do(b.request(http.MethodPost, callbackPath, "{}", headers...))
		must(err)
		return got
	}
	answers := map[string]page{
		"a page": b.get("/"), "a script": b.get("/static/boot.js"), "a redirect": b.get("/protected"), "404": b.get("/nowhere"), "401": b.get(waitingSocket),
		"415": post(), "health": b.get("/healthz"), "426": b.get("/check/events"), "431": b.get("/", "X-Large", strings.Repeat("x", 9<<10)), "another host": b.get("/", "Host", "evil.example"),
	}
	for name, got := range answers {
		for _, header := range protecting {
			if got.header.Get(header) == "" {
				a.through("%s (status %d) lacks %s", name, got.status, header)
			}
		}
	}
	a.tried("%d kinds of answers", len(answers))
	a.refusedBy("all have them")
}

func manyProbes(a *attempt) {
	const probes = 300
	b := a.browser()
	answers := parallel(10, func(int) (all []page) {
		t := b.twin()
		for range probes / 10 {
			all = append(all, t.get("/readyz"))
		}
		return all
	})
	need(count(slices.Concat(answers...), http.StatusOK) == probes, "/readyz is not well")
	a.tried("%d at once", probes)
	a.refusedBy("answered from memory: it writes once a second (how often is counted by the tests of handlers)")
}
