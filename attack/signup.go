package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
)

// What signing up gives away, and takes.
var signUpAttacks = []attack{
	{"6.10", "sign up again and again from one address", manySignUps},
	{"6.11", "learn from the sign-up who has an account", toldBySignUp},
	{"6.12", "choose a password that every list has", patternedPasswords},
}

func toldBySignUp(a *attempt) {
	p := a.account()
	free := fmt.Sprintf("free-%s-%d@nod.example", a.run, a.people.Add(1))
	answer := func(email string) string {
		b := a.elsewhere().browser()
		n := a.people.Add(1)
		got := b.post("/signup", "name", "Ada", "email", email, "password", goodPassword, "country_code", "1", "phone_number", fmt.Sprintf("2025%d", 550000+n%9999))
		return fmt.Sprint(mask(got, email), b.get(got.to()).status)
	}
	if taken, new := answer(p.email), answer(free); taken != new {
		a.through("a taken and a free e-mail: %s", differ(taken, new))
	}
	a.tried("a taken and a free e-mail")
	a.refusedBy("both answer alike until the phone is proved")
}

// patterned are of the kind that lists of stolen passwords are full of.
var patterned = []string{
	"Summer2024!", "Company123!", "michael1985!", "Password1!", "qwertyuiop", "1234567890", "Welcome2023", "iloveyou123", "abcd1234!", "Dragon1990",
}

func patternedPasswords(a *attempt) {
	var taken []string
	for _, password := range patterned {
		got := a.elsewhere().browser().post("/signup", "name", "Ada", "email", fmt.Sprintf("weak-%s-%d@nod.example", a.run, a.people.Add(1)), "password", password,
			"country_code", "1", "phone_number", fmt.Sprintf("201555%04d", rand.IntN(10000)))
		if got.status != http.StatusUnprocessableEntity {
			taken = append(taken, password)
		}
	}
	if len(taken) > 0 {
		a.through("taken: %q", taken)
	}
	a.tried("%d passwords that are words, names, years and rows of keys", len(patterned))
	a.refusedBy("each is refused with the reason")
}

func manySignUps(a *attempt) {
	const signUps = 40
	taken := 0
	from := a.elsewhere()
	for n := range signUps {
		b := from.browser()
		got := b.post("/signup", "name", "Ada", "email", fmt.Sprintf("many-%s-%d-%d@nod.example", a.run, a.people.Add(1), n), "password", goodPassword,
			"country_code", "1", "phone_number", fmt.Sprintf("201555%04d", rand.IntN(10000)))
		if got.status == http.StatusSeeOther {
			taken++
		}
	}
	if taken == signUps {
		a.through("%d sign-ups in a row", signUps)
	}
	a.tried("%d sign-ups from one address", signUps)
	a.refusedBy("429 after %d", taken)
}
