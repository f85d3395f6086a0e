package main

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"strings"
)

// What a cookie is worth.
var sessionAttacks = []attack{
	{"A-20", "choose the session's id for the victim", aChosenID},
	{"A-21", "keep the id of an earlier step", anEarlierID},
	{"A-22", "steal the cookie of a waiting victim, and wait for the tap", aStolenWait},
	{"A-23", "send requests of a session while it signs out", requestsDuringSignOut},
	{"A-27", "guess a session, and ask for somebody else's state", guessedSessions},
	{"6.18", "plant a cookie beside the session's from another port of the host", aSecondCookie},
	{"A-77", "visit without cookies until the session file is full", anonymousVisits},
}

// A chosen id is planted as a cookie, a query and a header.
func aChosenID(a *attempt) {
	const chosen = "chosen-by-the-attacker-0123456789abcdef"
	p := a.account()
	b := a.elsewhere().browser()
	b.plant("session", chosen)
	b.get("/login?session_id="+chosen, "X-Session-Id", chosen)
	p.signsIn(b)
	if b.cookie("session") == chosen {
		a.through("the session has the chosen id")
	}
	thief := a.browser()
	thief.plant("session", chosen)
	if thief.inside() {
		a.through("the chosen id opens the account")
	}
	a.tried("an id in the cookie, the query and a header, before the sign-in")
	a.refusedBy("each step makes an id of its own")
}

func anEarlierID(a *attempt) {
	p := a.account()
	b := a.elsewhere().browser()
	var steps []*browser
	p.waits(b).close()
	steps = append(steps, b.twin())
	p.comesIn(b)
	steps = append(steps, b.twin())
	p.signsIn(b) // signs in again in the same browser
	steps = append(steps, b.twin())
	b.post("/logout")
	seen := map[string]bool{}
	for n, old := range append(steps, b) {
		id := old.cookie("session")
		if id != "" && seen[id] {
			a.through("step %d kept the id of an earlier one", n+1)
		}
		seen[id] = true
		if old.inside() {
			a.through("the id of step %d still opens the account", n+1)
		}
	}
	a.tried("the ids of password, second step, second sign-in, sign-out")
	a.refusedBy("each is new, and none of them opens anything")
}

func aStolenWait(a *attempt) {
	p := a.account()
	b := a.elsewhere().browser()
	p.waits(b).close()
	thief := b.twin()
	p.comesIn(b)
	got := thief.get("/protected")
	if got.status == http.StatusOK {
		a.through("the stolen cookie is signed in")
	}
	a.tried("the cookie from before the tap, after it")
	a.refusedBy("it is dead: %d to %s", got.status, got.to())
}

func requestsDuringSignOut(a *attempt) {
	p := a.account()
	b := a.elsewhere().browser()
	p.signsIn(b)
	form, stop := b.form(), make(chan struct{})
	kept := b.twin()
	busy := make(chan struct{})
	go func() {
		defer close(busy)
		defer func() { _ = recover() }() // what goes wrong here is seen below
		parallel(8, func(int) int {
			t := kept.twin()
			for n := 0; ; n++ {
				select {
				case <-stop:
					return n
				default:
					t.get("/protected")
				}
			}
		})
	}()
	out := b.twin().send("/logout", form)
	close(stop)
	<-busy
	need(out.status == http.StatusSeeOther, "sign-out: status %d", out.status)
	if kept.inside() {
		a.through("a request that was under way brought the session back")
	}
	a.tried("8 requests at a time before, during and after the sign-out")
	a.refusedBy("what has ended stays ended")
}

func guessedSessions(a *attempt) {
	const tries = 300
	p := a.account()
	b := a.elsewhere().browser()
	p.waits(b).close()
	r := p.phone.pending()
	guesses := []string{r.UUID, p.email, "1", "2", "session", strings.Repeat("a", 43), "' OR 1=1 --", "%00"}
	for len(guesses) < tries {
		guess := make([]byte, 32)
		_, err := rand.Read(guess)
		must(err)
		guesses = append(guesses, base64.RawURLEncoding.EncodeToString(guess))
	}
	thief := a.browser()
	for _, guess := range guesses {
		thief.plant("session", guess)
		if got := thief.get("/authy/status"); got.status != http.StatusUnauthorized {
			a.through("the guess %q is told: %d %s", guess, got.status, got.body)
		}
	}
	p.comesIn(b)
	a.tried("%d guesses, the ids of request and person among them", len(guesses))
	a.refusedBy("401: a session has 256 random bits")
}

func anonymousVisits(a *attempt) {
	const visits = 100
	for range visits {
		got := a.browser().get("/login")
		for _, c := range (&http.Response{Header: got.header}).Cookies() {
			if strings.Contains(c.Name, "session") {
				a.through("a visit without cookies was given %s", c.Name)
			}
		}
	}
	a.tried("%d first visits", visits)
	a.refusedBy("no session is made before a password is right")
}

// Browsers send the cookie with the longer path first.
func aSecondCookie(a *attempt) {
	ada, bob := a.account(), a.account()
	victim, thief := a.elsewhere().browser(), a.elsewhere().browser()
	ada.signsIn(victim)
	bob.signsIn(thief)
	name := "nod_session_" + a.origin.Port()
	for _, both := range []string{
		name + "=" + thief.cookie("session") + "; " + victim.cookieHeader(),
		victim.cookieHeader() + "; " + name + "=" + thief.cookie("session"),
	} {
		b := a.elsewhere().browser()
		got := b.get("/protected", "Cookie", both)
		if strings.Contains(got.body, bob.email) {
			a.through("the victim acts in the attacker's account")
		}
		if got.status == http.StatusOK {
			a.through("of two session cookies one counts")
		}
	}
	a.tried("two cookies of one name, either first")
	a.refusedBy("neither counts")
}
