package main

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

var appURI = regexp.MustCompile(`secret=([A-Z2-7]+)`)

// asksForApp asks for an authenticator app in a browser that is signed in, by the
// route of today, which leads to the page of the app, and the one of old.
func asksForApp(b *browser) (now, old page) {
	now = b.post("/account/authenticators")
	if now.to() == "/account/authenticators/prove" {
		now = b.get(now.header.Get("Location"))
	}
	return now, b.post("/authenticator")
}

// Somebody signs up with the victim's number, and gets one tap on their own
// sign-in: what they can make there opens nothing of the victim's.
func Test6_01(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.try(func(a *attempt) {
		victim := a.account()
		number := l.text("nod-simulator.db", "SELECT phone_number FROM users WHERE authy_id = ?", victim.phone.id)
		b := a.thief()
		thief := person{s: a.site, email: fmt.Sprintf("shared-%s@nod.example", a.run), phone: victim.phone}
		got := b.post("/signup", "name", "Eve", "email", thief.email, "password", goodPassword, "country_code", "1", "phone_number", number)
		need(got.status == http.StatusSeeOther, "the sign-up with a shared number: status %d", got.status)
		if shown := fmt.Sprint(victim.phone.pending()); !strings.Contains(shown, "already") && !strings.Contains(shown, "another account") {
			a.through("the phone does not say that its number has an account: %s", shown)
		}
		thief.comesIn(b)
		app, old := asksForApp(b)
		provider := l.text("nod-simulator.db", "SELECT app_secret FROM users WHERE authy_id = ?", victim.phone.id)
		if strings.Contains(app.body+old.body, provider) || old.status < 400 {
			a.through("the secret of the phone is shown to another account")
		}
		secret := appURI.FindStringSubmatch(app.body)
		need(secret != nil, "no app was offered: status %d", app.status)
		code, err := totp.GenerateCode(secret[1], l.clock.Now())
		must(err)
		stolen := a.thief()
		victim.gives(stolen)
		if stolen.post("/verify-token", "token", code); stolen.inside() {
			a.through("an app made in one account opens another")
		}
		owner := a.elsewhere().browser()
		l.clock.advance(11 * time.Minute)
		a.ownerGetsIn(victim, owner, "another account's app")
		a.tried("an account with the victim's number, and an app made there")
		a.refusedBy("a secret belongs to one account; the provider's is never shown")
	})
}

// A page left open: a new factor asks for a fresh sign-in, leaves a line, and has
// the owner told.
func Test6_02(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.try(func(a *attempt) {
		p := a.account()
		b := a.elsewhere().browser()
		p.signsIn(b)
		lines := func() int { return l.number("nod.db", "SELECT count(*) FROM events") }
		app, _ := asksForApp(b)
		secret := appURI.FindStringSubmatch(app.body)
		id := regexp.MustCompile(`name="id" value="([^"]+)"`).FindStringSubmatch(app.body)
		need(secret != nil && id != nil, "no app was offered: status %d", app.status)
		code, err := totp.GenerateCode(secret[1], l.clock.Now())
		must(err)
		before, cookie := lines(), b.cookie("session")
		b.post("/account/authenticators/prove", "id", id[1], "name", "Phone", "token", code)
		if lines() == before {
			a.through("a new factor leaves no line in the audit trail")
		}
		if b.cookie("session") == cookie {
			a.through("the session's id stays the same")
		}
		if !strings.Contains(b.get("/protected").body, "Phone") {
			a.through("the owner cannot see the app")
		}
		l.clock.advance(11 * time.Minute)
		app, _ = asksForApp(b)
		if appURI.MatchString(app.body) {
			a.through("a page left open offers a new factor after eleven minutes")
		}
		a.tried("a new app at once, and eleven minutes later")
		a.refusedBy("asked to confirm (%d to %s); what was added is listed, recorded, and has a new session", app.status, app.to())
	})
}
