package main

import (
	"net/http"
	"net/url"
	"strings"
)

// What other sites can make a browser do.
var formAttacks = []attack{
	{"A-50", "sign the victim in to the attacker's account from another site", foreignLogin},
	{"A-51", "send the forms of a signed-in person from another site", foreignForms},
	{"A-52", "send a form with a token of one's own", borrowedTokens},
	{"A-54", "have people led elsewhere after they signed in", openRedirects},
	{"A-55", "name another host in every header there is", forgedHosts},
	{"A-56", "spell a path in other ways, past guards and limits", otherSpellings},
	{"6.14", "have a redirect made of the request line", aHostInTheLine},
}

// foreign are the headers that a browser sends with a form of another site.
var foreign = [][]string{
	{"Origin", "https://evil.example"},
	{"Origin", "null"},
	{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"},
	{"Sec-Fetch-Site", "same-site"},
	{"Origin", "https://evil.example", "Content-Type", "text/plain"},
	{"Origin", "null", "Sec-Fetch-Site", "cross-site", "Content-Type", "application/json"},
}

func foreignLogin(a *attempt) {
	p := a.account()
	b := a.elsewhere().browser()
	form := b.form("email", p.email, "password", goodPassword)
	rings := len(p.phone.requests())
	for _, headers := range foreign {
		if got := b.send("/login", form, headers...); got.status != http.StatusForbidden {
			a.through("%q: status %d", headers, got.status)
		}
	}
	if len(p.phone.requests()) != rings {
		a.through("the phone rang")
	}
	a.tried("%d ways to send the form", len(foreign))
	a.refusedBy("403 by origin and Sec-Fetch-Site")
}

// changing are the forms that change something.
var changing = []string{
	"/logout", "/confirm-login", "/login/cancel", "/login/resend", "/send-token", "/verify-token", "/transfers", "/account/close", "/login/number",
}

func foreignForms(a *attempt) {
	p := a.account()
	b := a.elsewhere().browser()
	p.signsIn(b)
	form := b.form("via", "sms", "payee", "Eve", "amount", "1", "currency", "EUR", "password", goodPassword)
	for _, path := range changing {
		for _, headers := range foreign {
			if got := b.send(path, form, headers...); got.status != http.StatusForbidden {
				a.through("%s with %q: status %d", path, headers, got.status)
			}
		}
		if got := b.get(path + "?" + form.Encode()); got.status == http.StatusOK && path != "/verify-token" {
			a.through("GET %s: status %d", path, got.status)
		}
	}
	if !b.inside() {
		a.through("one of them had an effect: the person is signed out")
	}
	a.tried("%d forms in %d ways, and as pictures", len(changing), len(foreign))
	a.refusedBy("403, and nothing changes by GET")
}

func borrowedTokens(a *attempt) {
	p := a.account()
	b := a.elsewhere().browser()
	old := b.token()
	p.signsIn(b)
	tokens := map[string]string{
		"none": "", "another browser's": a.browser().token(), "one from before the sign-in": old, "a guess": strings.Repeat("A", 43),
	}
	for name, token := range tokens {
		if got := b.send("/logout", url.Values{"_csrf": {token}}); got.status != http.StatusForbidden {
			a.through("%s: status %d", name, got.status)
		}
	}
	// Both halves set by the attacker.
	b.plant("csrf", "0123456789abcdef0123456789abcdef")
	if got := b.send("/logout", url.Values{"_csrf": {"0123456789abcdef0123456789abcdef"}}); got.status != http.StatusForbidden {
		a.through("a planted pair: status %d", got.status)
	}
	need(b.inside(), "the person is signed out")
	a.tried("no token, another's, an old one, a guess, and a planted pair")
	a.refusedBy("403: a token belongs to browser and session")
}

func openRedirects(a *attempt) {
	targets := []string{
		"//evil.example", `/\evil.example`, "https:evil.example", "/%2f%2fevil.example", "javascript:alert(1)", "/x\r\nSet-Cookie: a=b",
		"@evil.example", "/\tevil", "https://evil.example/" + strings.Repeat("a", 2000),
	}
	p := a.account()
	b := a.elsewhere().browser()
	p.gives(b)
	p.phone.approve(p.phone.pending())
	tried := 0
	for _, target := range targets {
		query := "?" + url.Values{"next": {target}, "return_to": {target}, "redirect": {target}, "notice": {target}}.Encode()
		for _, path := range []string{"/login", "/login/approval", "/logout", "/"} {
			tried++
			if got := b.get(path + query); strings.Contains(got.header.Get("Location"), "evil") || got.header.Get("Set-Cookie") == "a=b" {
				a.through("%s leads to %q", path+query, got.header.Get("Location"))
			}
		}
	}
	got := b.send("/confirm-login?next=//evil.example", b.form("next", "//evil.example"))
	if strings.Contains(got.header.Get("Location"), "evil") {
		a.through("the confirmation leads to %q", got.header.Get("Location"))
	}
	a.tried("%d links", tried+1)
	a.refusedBy("no redirect is taken from a request")
}

func forgedHosts(a *attempt) {
	forged := []string{
		"X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "https", "X-Forwarded-For", "203.0.113.7", "X-Forwarded-Port", "1",
		"X-Real-IP", "203.0.113.7", "X-Url-Scheme", "javascript", "Forwarded", "host=evil.example;for=203.0.113.7", "X-Original-URL", "/protected", "X-Rewrite-URL", "/protected",
	}
	p := a.account()
	b := a.elsewhere().browser()
	got := b.send("/login", b.form("email", p.email, "password", goodPassword), forged...)
	need(got.status == http.StatusSeeOther, "the password leads to %d", got.status)
	if strings.Contains(got.header.Get("Location"), "evil") {
		a.through("a redirect leads to %q", got.header.Get("Location"))
	}
	if shown := p.phone.pending().Details["Address"]; shown != a.from.String() && strings.Contains(shown, "203.0.113") {
		a.through("the phone shows %s", shown)
	}
	for _, path := range []string{"/", "/login", "/login/approval", "/nowhere"} {
		if got := b.get(path, forged...); strings.Contains(got.body+got.header.Get("Location"), "evil.example") {
			a.through("%s repeats the forged host", path)
		}
	}
	got = b.get("/protected", "Host", "evil.example")
	if got.status == http.StatusOK || strings.Contains(got.header.Get("Location"), "evil") {
		a.through("under another Host: %d to %q", got.status, got.header.Get("Location"))
	}
	a.tried("eight headers and the Host")
	a.refusedBy("links, limits and the phone's card rest on the setting and the connection")
}

func otherSpellings(a *attempt) {
	p := a.account()
	b := a.elsewhere().browser()
	p.gives(b)
	spellings := []string{"/PROTECTED", "/protected/", "//protected", "/./protected", "/x/../protected", "/%70rotected", "/protected%00", "/protected;x", "/protected/.", "/Login/",
		"/Authy/Status", "/authy/status/"}
	for _, path := range spellings {
		status := a.statusOf("GET " + path + " HTTP/1.1\r\nHost: " + a.origin.Host + "\r\nCookie: " + b.cookieHeader() + "\r\n\r\n")
		if status == http.StatusOK {
			a.through("%s: status 200", path)
		}
		if !strings.ContainsAny(path, ".%") && status < 400 {
			a.through("%s has a route of its own: status %d", path, status)
		}
	}
	a.tried("%d spellings of paths that need a step or both", len(spellings))
	a.refusedBy("one spelling has a route; the others are 404 or meet the same guard")
}

func aHostInTheLine(a *attempt) {
	for _, line := range []string{"GET @evil.example/ HTTP/1.1", "GET //evil.example/ HTTP/1.1", "GET http://evil.example/ HTTP/1.1", `GET /\evil.example HTTP/1.1`} {
		conn := a.raw(line + "\r\nHost: 127.0.0.1\r\n\r\n")
		answer := make([]byte, 4096)
		n, _ := conn.Read(answer) // it may be closed instead
		conn.Close()
		for _, header := range strings.Split(string(answer[:n]), "\r\n") {
			target, found := strings.CutPrefix(header, "Location: ")
			if u, err := url.Parse(target); found && (err != nil || u.Host != a.origin.Host) {
				a.through("%q leads to %q", line, target)
			}
		}
	}
	a.tried("request lines that begin with a host")
	a.refusedBy("400, or a redirect to the public address")
}
