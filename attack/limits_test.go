package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// What a stranger can use up, and what the owner has left.

// thief is a new browser at a new address.
func (a *attempt) thief() *browser { return a.elsewhere().browser() }

// knownTo is a browser in which the person has signed in before.
func (a *attempt) knownTo(p person) *browser {
	b := a.elsewhere().browser()
	p.signsIn(b)
	b.post("/logout")
	return b
}

// rings is how often the phone rang since before.
func (ph *phone) rings(before int) int { return len(ph.requests()) - before }

// The right password, again and again, from everywhere: 5 in ten minutes, 10 an
// hour, 20 a day.
func TestA30(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.try(func(a *attempt) {
		p := a.account()
		before := len(p.phone.requests())
		for _, limit := range []struct {
			more  time.Duration
			steps int
			rings int
		}{{20 * time.Second, 25, 5}, {2 * time.Minute, 24, 10}, {20 * time.Minute, 60, 20}} {
			for range limit.steps {
				p.gives(a.thief())
				l.clock.advance(limit.more)
			}
			if n := p.phone.rings(before); n > limit.rings {
				a.through("the phone rang %d times, at most %d were promised", n, limit.rings)
			}
		}
		need(p.phone.rings(before) > 0, "the phone never rang")
		a.tried("%d sign-ins in a day", 109)
		a.refusedBy("it rang %d times", p.phone.rings(before))
	})
}

// denies has somebody wait in b, denies, and waits until Nod knows.
func (p person) denies(b *browser) {
	events := p.waits(b)
	defer events.close()
	p.phone.answer(p.phone.pending(), "deny")
	end := events.next()
	need(end.Status == "denied", "after a denial the page is told %q", end.Status)
}

// Two denials pause the requests for an hour.
func TestA31(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.try(func(a *attempt) {
		p := a.account()
		for range 2 {
			p.denies(a.thief())
			l.clock.advance(time.Minute)
		}
		before := len(p.phone.requests())
		for range 10 {
			p.gives(a.thief())
			l.clock.advance(4 * time.Minute)
		}
		if n := p.phone.rings(before); n > 0 {
			a.through("after two denials it rang %d times", n)
		}
		l.clock.advance(time.Hour)
		p.gives(a.thief())
		need(p.phone.rings(before) == 1, "it does not ring again after an hour")
		a.tried("ten sign-ins after two denials")
		a.refusedBy("the phone is left in peace for an hour")
	})
}

// One an hour, for two days.
func TestA32(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.try(func(a *attempt) {
		p := a.account()
		before := len(p.phone.requests())
		for range 48 {
			p.gives(a.thief())
			l.clock.advance(time.Hour)
		}
		n := p.phone.rings(before)
		if n > 40 {
			a.through("it rang %d times in two days", n)
		}
		need(n > 0, "it never rang")
		a.tried("a sign-in an hour for 48 hours")
		a.refusedBy("it rang %d times", n)
	})
}

// ownerGetsIn ends the attempt unless the person comes in by the phone or by a
// code of the app.
func (a *attempt) ownerGetsIn(p person, b *browser, after string) {
	got := p.gives(b)
	if got.status != http.StatusSeeOther {
		a.through("after %s the owner's password is answered with %d", after, got.status)
	}
	if open := p.phone.open(); len(open) > 0 && got.to() == "/login/approval" {
		p.phone.approve(open[0])
		b.post("/confirm-login")
	} else {
		b.post("/verify-token", "token", p.phone.appCode())
	}
	if !b.inside() {
		a.through("after %s the owner does not get in", after)
	}
}

// Who has the password uses up what they can: the owner's browser has a share of
// its own.
func TestA33(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.try(func(a *attempt) {
		p := a.account()
		b := a.knownTo(p)
		before := len(p.phone.requests())
		for range 30 {
			thief := a.thief()
			p.gives(thief)
			for range 3 {
				thief.post("/verify-token", "token", wrongCode(p.phone))
			}
			l.clock.advance(time.Second)
		}
		need(p.phone.rings(before) > 0, "the phone never rang")
		p.gives(b)
		if len(p.phone.open()) == 0 {
			a.through("nothing is left of the owner's requests")
		}
		a.ownerGetsIn(p, b, "a thief's sign-ins")
		a.tried("30 sign-ins and 90 wrong codes with the right password")
		a.refusedBy("strangers share a part; the known browser rings and gets in")
	})
}

// Transfers ring, too.
func Test6_04(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.try(func(a *attempt) {
		p := a.account()
		b := a.elsewhere().browser()
		p.signsIn(b)
		before := len(p.phone.requests())
		for range 20 {
			b.post("/transfers", "payee", "Eve", "amount", "1", "currency", "EUR")
			l.clock.advance(130 * time.Second) // it expires: one waits at a time
		}
		n := p.phone.rings(before)
		if n > 10 {
			a.through("the phone rang %d times for transfers", n)
		}
		need(n > 0, "the phone never rang")
		a.tried("20 transfers within three quarters of an hour")
		a.refusedBy("it rang %d times", n)
	})
}

// Closing an account and signing up again forgets nothing of a phone.
func Test6_05(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.try(func(a *attempt) {
		const phone = "2025550147"
		codes := func() int {
			var list []map[string]any
			_, err := a.callPhones(http.MethodGet, "/messages?country_code=1&phone_number="+phone, nil, &list)
			must(err)
			return len(list)
		}
		for n := range 8 {
			b := a.thief()
			got := b.post("/signup", "name", "Eve", "email", fmt.Sprintf("again-%s-%d@nod.example", a.run, n), "password", goodPassword, "country_code", "1", "phone_number", phone)
			if got.status != http.StatusSeeOther {
				continue
			}
			b.post("/send-token", "via", "sms")
			b.post("/login/cancel")
		}
		if n := codes(); n > 1 {
			a.through("%d codes in a moment, by eight accounts of one number", n)
		}
		a.tried("eight sign-ups with one number, a code each")
		a.refusedBy("codes are counted by the number, whoever has it")
	})
}

// Premium, personal and satellite numbers get neither SMS nor calls.
func Test6_06(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.try(func(a *attempt) {
		numbers := [][2]string{{"44", "9098790000"}, {"1", "9002345678"}, {"49", "9001234567"}, {"44", "7012345678"}, {"881", "612345678"}}
		for _, number := range numbers {
			b := a.thief()
			got := b.post("/signup", "name", "Eve", "email", fmt.Sprintf("dear-%s-%s@nod.example", a.run, number[1]), "password", goodPassword, "country_code", number[0], "phone_number", number[1])
			if got.status != http.StatusSeeOther {
				continue // no account for such a number is as good
			}
			for _, via := range []string{"sms", "call"} {
				b.post("/send-token", "via", via)
			}
			var list []map[string]any
			_, err := a.callPhones(http.MethodGet, "/messages?country_code="+number[0]+"&phone_number="+number[1], nil, &list)
			must(err)
			if len(list) > 0 {
				a.through("+%s %s got %d messages", number[0], number[1], len(list))
			}
		}
		a.tried("%d numbers that cost or earn money", len(numbers))
		a.refusedBy("nothing is sent to them")
	})
}

// A hundred wrong passwords from twenty addresses do not shut out the owner.
func Test6_07(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.try(func(a *attempt) {
		p := a.account()
		known := a.knownTo(p)
		for range 25 {
			thief := a.thief()
			form := thief.form("email", p.email, "password", "Not-the-Password-7")
			for range 5 {
				thief.send("/login", form)
			}
		}
		a.ownerGetsIn(p, known, "125 wrong passwords of strangers")
		known.post("/logout")
		l.clock.advance(15 * time.Second)
		a.ownerGetsIn(p, a.elsewhere().browser(), "125 wrong passwords of strangers, in a new browser,")
		a.tried("125 wrong passwords from 25 addresses")
		a.refusedBy("they are slowed down; the owner gets in, in a known browser at once")
	})
}

// Fifty wrong passwords of a neighbour do not shut out who shares the address.
func Test6_08(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.try(func(a *attempt) {
		p := a.account()
		shared := a.elsewhere()
		neighbour := shared.browser()
		refused := 0
		for n := range 70 {
			got := neighbour.post("/login", "email", fmt.Sprintf("nobody-%s-%d@nod.example", a.run, n), "password", "Not-the-Password-7")
			if got.status == http.StatusTooManyRequests {
				refused++
			}
		}
		if refused == 0 {
			a.through("70 wrong passwords of one address in a row")
		}
		l.clock.advance(5 * time.Second)
		a.ownerGetsIn(p, shared.browser(), "70 wrong passwords of a neighbour")
		a.tried("70 wrong passwords from the owner's own address")
		a.refusedBy("%d got 429; the owner beside them got in", refused)
	})
}

// Whoever tries to get in leaves a line.
func Test6_13(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.try(func(a *attempt) {
		p := a.account()
		lines := func() int {
			return l.number("nod.db", "SELECT count(*) FROM events WHERE user_id = (SELECT id FROM users WHERE email = ?)", p.email)
		}
		for name, happens := range map[string]func(*browser){
			"a wrong password": func(b *browser) { b.post("/login", "email", p.email, "password", "Not-the-Password-7") },
			"a wrong code": func(b *browser) {
				p.gives(b)
				b.post("/verify-token", "token", wrongCode(p.phone))
			},
			"a denial": p.denies,
		} {
			before := lines()
			happens(a.thief())
			if lines() == before {
				a.through("%s leaves no line in the audit trail", name)
			}
		}
		var kind string
		must(l.open("nod.db").QueryRowContext(a.ctx, "SELECT kind FROM events WHERE user_id = (SELECT id FROM users WHERE email = ?) ORDER BY id DESC LIMIT 1", p.email).Scan(&kind))
		if !strings.Contains(l.log.String(), "kind="+kind) {
			a.through("the log says nothing of %s", kind)
		}
		a.tried("a wrong password, a wrong code, a denial")
		a.refusedBy("each is in the audit trail and the log")
	})
}

// Who has the password cannot take the owner's request away in a loop.
func Test6_21(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.try(func(a *attempt) {
		p := a.account()
		b := a.knownTo(p)
		events := p.waits(b)
		defer events.close()
		r := p.phone.pending()
		for range 8 {
			p.gives(a.thief())
		}
		if state := b.get("/authy/status").body; !strings.Contains(state, `"pending"`) {
			a.through("the owner's request was taken away: %s", state)
		}
		p.phone.approve(r)
		b.through()
		// Among strangers the newer wins, but not for ever.
		first := a.thief()
		p.gives(first)
		won := 0
		for range 8 {
			one := a.thief()
			p.gives(one)
			if slices.ContainsFunc([]string{one.get("/authy/status").body}, func(s string) bool { return strings.Contains(s, `"pending"`) }) {
				won++
			}
		}
		if won > 3 {
			a.through("strangers replaced each other %d times", won)
		}
		a.tried("eight sign-ins against the owner's, and eight among strangers")
		a.refusedBy("a known browser's request stays; strangers replace each other %d times", won)
	})
}
