package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// What may be guessed, how often, and what can be learned by it.
var guessingAttacks = []attack{
	{"A-40", "guess codes", guessedCodes},
	{"A-41", "guess 200 codes at once", guessesAtOnce},
	{"A-42", "use a code twice", aUsedCode},
	{"A-44", "try lists of stolen passwords", stolenPasswords},
	{"A-45", "learn from the answer who has an account", toldByTheAnswer},
	{"A-46", "learn from the time who has an account", toldByTheTime},
	{"A-47", "ring a phone without its password", ringingWithoutPassword},
	{"6.3", "ask the phone again 60 times at once", resendsAtOnce},
	{"A-79", "have megabytes hashed", longPasswords},
}

// wrongCode is a code that the app does not show.
func wrongCode(ph *phone) string {
	right, _ := strconv.Atoi(ph.appCode())
	return fmt.Sprintf("%07d", (right+1+rand.IntN(9_000_000))%10_000_000)
}

func guessedCodes(a *attempt) {
	p := a.account()
	b := a.elsewhere().browser()
	p.gives(b)
	tries := 0
	for ; tries < 20; tries++ {
		if got := b.post("/verify-token", "token", wrongCode(p.phone)); got.status == http.StatusSeeOther {
			break
		}
	}
	if tries >= 20 {
		a.through("20 guesses in one sign-in")
	}
	if b.post("/verify-token", "token", p.phone.appCode()); b.inside() {
		a.through("the right code is taken after %d wrong ones", tries)
	}
	a.tried("wrong codes in one sign-in")
	a.refusedBy("it ends after %d", tries+1)
}

func guessesAtOnce(a *attempt) {
	const guesses = 200
	p := a.account()
	b := a.elsewhere().browser()
	p.gives(b)
	form := b.form("token", wrongCode(p.phone))
	places := []*site{a.site, a.elsewhere(), a.elsewhere(), a.elsewhere()}
	// No address may have so many connections.
	answers := parallel(guesses, func(n int) page {
		t := b.twin()
		if n%4 > 0 {
			t.http.Transport = places[n%4].transport()
		}
		return t.send("/verify-token", form)
	})
	judged := count(answers, http.StatusUnprocessableEntity)
	if judged > 5 {
		a.through("%d of %d guesses were judged", judged, guesses)
	}
	a.tried("%d codes at once", guesses)
	a.refusedBy("%d were judged: tries are counted before they are", judged)
}

func aUsedCode(a *attempt) {
	p := a.account()
	first, second := a.elsewhere().browser(), a.elsewhere().browser()
	p.gives(first)
	code := p.phone.appCode()
	first.post("/verify-token", "token", code)
	need(first.inside(), "the code was not taken")
	got := p.gives(second)
	need(got.status == http.StatusSeeOther, "the second sign-in: status %d", got.status)
	if second.post("/verify-token", "token", code); second.inside() {
		a.through("one code let two browsers in")
	}
	a.tried("the code of one sign-in in another")
	a.refusedBy("a code is good once")
}

func stolenPasswords(a *attempt) {
	const pairs = 200
	b := a.browser()
	form := b.form()
	answers := parallel(10, func(n int) (all []page) {
		t := b.twin()
		for m := range pairs / 10 {
			f := map[string][]string{"_csrf": form["_csrf"], "email": {fmt.Sprintf("nobody-%s-%d-%d@nod.example", a.run, n, m)}, "password": {"Password-2024"}}
			all = append(all, t.send("/login", f))
		}
		return all
	})
	judged := count(slices.Concat(answers...), http.StatusUnprocessableEntity)
	if judged == pairs {
		a.through("all %d pairs of one address were tried", pairs)
	}
	a.tried("%d pairs from one address", pairs)
	a.refusedBy("%d were tried, the others got 429 or 503", judged)
}

// differ says where two texts part.
func differ(one, other string) string {
	n := 0
	for n < min(len(one), len(other)) && one[n] == other[n] {
		n++
	}
	part := func(s string) string { return s[max(0, n-30):min(len(s), n+60)] }
	return fmt.Sprintf("%q against %q", part(one), part(other))
}

// eachTime are the values of a page that are others each time.
var eachTime = regexp.MustCompile(`name="(_csrf|challenge)" value="[^"]+"`)

// mask takes out what differs from page to page.
func mask(p page, email string) string {
	body := eachTime.ReplaceAllString(p.body, "TOKEN")
	return fmt.Sprint(p.status, p.to(), cookieNames(p), replaceAll(body, email, "EMAIL"))
}

func toldByTheAnswer(a *attempt) {
	known := a.account()
	unknown := fmt.Sprintf("nobody-%s@nod.example", a.run)
	answer := func(email string) string {
		return mask(a.elsewhere().browser().post("/login", "email", email, "password", "Not-the-Password-7"), email)
	}
	for n := range 8 {
		if one, other := answer(known.email), answer(unknown); one != other {
			a.through("try %d for a known and an unknown e-mail: %s", n+1, differ(one, other))
		}
	}
	a.tried("8 wrong passwords each for a known and an unknown e-mail")
	a.refusedBy("same page, status, cookies and limits")
}

// toldByTheTime compares the fastest answers, which other work disturbs least. A
// password that is not hashed is answered tens of times faster.
func toldByTheTime(a *attempt) {
	const rounds, tell = 5, 8
	known := a.account()
	took := func(email string) time.Duration {
		b := a.elsewhere().browser()
		form := b.form("email", email, "password", "Not-the-Password-7")
		began := time.Now()
		got := b.send("/login", form)
		need(got.status == http.StatusUnprocessableEntity, "a wrong password: status %d", got.status)
		return time.Since(began)
	}
	right, wrong := patience, patience
	for n := range rounds {
		right = min(right, took(known.email))
		wrong = min(wrong, took(fmt.Sprintf("nobody-%s-%d@nod.example", a.run, n)))
	}
	if max(right, wrong) > tell*min(right, wrong) {
		a.through("a known e-mail takes %s, an unknown one %s", right, wrong)
	}
	a.tried("%d wrong passwords each", rounds)
	a.refusedBy("both are hashed: %s and %s", right.Round(time.Millisecond), wrong.Round(time.Millisecond))
}

func ringingWithoutPassword(a *attempt) {
	p := a.account()
	before, messages := len(p.phone.requests()), len(p.phone.messages())
	b := a.elsewhere().browser()
	b.post("/login", "email", p.email, "password", "Not-the-Password-7")
	for _, path := range []string{"/login/resend", "/send-token", "/confirm-login"} {
		b.post(path, "email", p.email, "via", "sms")
	}
	for _, path := range []string{"/login/approval", "/verify-token", "/login/number"} {
		b.get(path)
	}
	if rings, sent := len(p.phone.requests())-before, len(p.phone.messages())-messages; rings+sent > 0 {
		a.through("%d rings and %d codes without the password", rings, sent)
	}
	a.tried("every form and page that could ring or send")
	a.refusedBy("nothing happens before the password is right")
}

func longPasswords(a *attempt) {
	b := a.browser()
	status := a.statusOf(fmt.Sprintf("POST /login HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1048576\r\n\r\n", a.origin.Host))
	if status != http.StatusRequestEntityTooLarge {
		a.through("a megabyte: status %d", status)
	}
	form := b.form("email", "nobody@nod.example", "password", string(make([]byte, 20<<10)))
	began := time.Now()
	answers := parallel(20, func(int) page { return b.twin().send("/login", form) })
	if n := count(answers, http.StatusInternalServerError) + count(answers, http.StatusSeeOther); n > 0 {
		a.through("%d of 20 long passwords were taken or failed", n)
	}
	a.tried("a megabyte, and 20 × 20 KiB at once")
	a.refusedBy("413, and %s for the others", time.Since(began).Round(time.Millisecond))
}

func resendsAtOnce(a *attempt) {
	const resends = 60
	p := a.account()
	b := a.elsewhere().browser()
	p.gives(b)
	before := len(p.phone.requests())
	b.atOnce(resends, "/login/resend")
	rings := len(p.phone.requests()) - before
	if rings > maxRings {
		a.through("the phone rang %d times", rings)
	}
	a.tried("%d resends at once", resends)
	a.refusedBy("the phone rang %d times: pushes are counted in the transaction that begins them", rings)
}

// maxRings is how often a phone may ring in ten minutes.
const maxRings = 5
