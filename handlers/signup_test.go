package handlers_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"nod/authy"
	"nod/providers"
	"nod/store"
)

func TestSignUpErrorsStandBesideTheirField(t *testing.T) {
	s := newSite(t)
	good := map[string]string{
		"name": "Grace", "email": "grace@example.com", "password": goodPassword,
		"country_code": "57", "phone_number": "300 123 4567",
	}
	tests := []struct {
		name, field, value, want string
	}{
		{"no name", "name", " ", words("problem.name.missing")},
		{"no e-mail", "email", "", words("problem.email.missing")},
		{"not an e-mail", "email", "grace at example", words("problem.email.malformed")},
		{"a name with the e-mail", "email", "Grace <grace@example.com>", words("problem.email.malformed")},
		{"short password", "password", "Zq7!x", words("problem.password.too_short")},
		{"stolen password", "password", "password1", words("problem.password.stolen")},
		{"password of the e-mail", "password", "grace@example.com", words("problem.password.personal")},
		{"password of the number", "password", "3001234567", words("problem.password.personal")},
		{"password of the site", "password", "Tapworld99!", "the name of this site"},
		{"password of a year", "password", "Summer2024!", words("problem.password.word_and_year")},
		{"password of digits and signs", "password", "Company123!", words("problem.password.word_and_signs")},
		{"password of two words", "password", "greenmonkeys1", words("problem.password.guessable")},
		{"password of keys", "password", "asdf1234!!", words("problem.password.keys")},
		{"password of digits", "password", "73014625", words("problem.password.digits")},
		{"no country", "country_code", "", words("problem.country.missing")},
		{"unknown country", "country_code", "999", words("problem.country.missing")},
		{"no number", "phone_number", "", words("problem.phone.missing")},
		{"not a number", "phone_number", "call me", words("problem.phone.malformed")},
		{"no such number", "phone_number", "1234567", words("problem.phone.unknown")},
		{"another country's number", "phone_number", "+44 20 7946 0958", "from the country you chose"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := s.browser()
			b.t = t
			fields := []string{}
			for field, value := range good {
				if field == test.field {
					value = test.value
				}
				fields = append(fields, field, value)
			}
			got := b.post("/signup", fields...)
			wantStatus(t, got, http.StatusUnprocessableEntity)
			wantBody(t, got, test.want, `id="`+test.field+`-error"`)
			if strings.Contains(got.Body, goodPassword) {
				t.Error("the password is echoed")
			}
			if test.field != "name" {
				wantBody(t, got, `value="Grace"`)
			}
		})
	}
}

func TestPasswordsOfAnyScript(t *testing.T) {
	s := newSite(t)
	for i, password := range []string{
		"пароль-который-никто-не-знает", "今日は天気がとても良いですね", strings.Repeat("long pass ", 12), "🦊🌲🌧️🚲🥖🎻🪁🧭",
	} {
		b := s.browser()
		email := fmt.Sprintf("person%d@example.com", i)
		got := b.post("/signup", "name", "Zoë Ōtani", "email", email, "password", password,
			"country_code", "1", "phone_number", fmt.Sprintf("201-555-01%02d", 40+i))
		wantRedirect(t, got, "/login/approval")
		wantRedirect(t, b.post("/login/cancel"), "/login", "cancelled")
		wantRedirect(t, b.post("/login", "email", email, "password", password), "/login/approval")
	}
}

// When the provider refuses, nothing half-made stays and the same form works
// on the second try.
func TestSignUpWhenTheProviderFails(t *testing.T) {
	fail := &brokenRegistration{}
	s := newSite(t, func(c *config) { fail.AuthyAPI, c.Authy = c.Authy, fail })
	b := s.browser()
	fields := []string{"name", "Ada", "email", "ada@example.com", "password", goodPassword, "country_code", "1", "phone_number", "2015550199"}

	fail.err = &authy.Error{Op: "register", Code: 60027, HTTPStatus: 400, Message: "User was not valid", Fields: map[string]string{"cellphone": "is invalid"}}
	wantBody(t, b.post("/signup", fields...), words("problem.phone.refused"), `id="phone_number-error"`)

	fail.err = authy.ErrUnavailable
	got := b.post("/signup", fields...)
	wantStatus(t, got, http.StatusServiceUnavailable)
	wantBody(t, got, words("problem.signup.unavailable"))
	if _, err := s.store.Authenticate(t.Context(), "ada@example.com", goodPassword); !errors.Is(err, store.ErrInvalidCredentials) {
		t.Errorf("after a refused sign-up: %v", err)
	}
	fail.err = nil
	wantRedirect(t, b.post("/signup", fields...), "/login/approval")
}

type brokenRegistration struct {
	providers.AuthyAPI
	err error
}

func (b *brokenRegistration) RegisterUser(ctx context.Context, r authy.Registration) (int64, error) {
	if b.err != nil {
		return 0, b.err
	}
	return b.AuthyAPI.RegisterUser(ctx, r)
}

func TestTheLikelyCountryIsPreselected(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	for language, want := range map[string]string{
		"de-AT,de;q=0.9": "Österreich (+43)",
		"es-CO":          "Colombia (+57)",
		"ja":             "Japan (+81)",
		// A continent is no country: the next language may name one of it.
		"es-419,es;q=0.9":                "Mexico (+52)",
		"es-419,es;q=0.9,en-US;q=0.8":    "Mexico (+52)",
		"es-419,es-CO;q=0.9,en-US;q=0.8": "Colombia (+57)",
		"en-150,en;q=0.9":                "United Kingdom (+44)",
		"en-150,de-DE;q=0.9":             "Germany (+49)",
		"ar-001,ar;q=0.9":                "Egypt (+20)",
		"en-001":                         "United States (+1)",
		// Without phones of their own, and with a code of their own.
		"en-UM,en;q=0.9": "United States (+1)",
		"en-AQ,de;q=0.9": "United States (+1)",
		"sr-XK":          "Kosovo (+383)",
		"en-AC":          "Ascension Island (+247)",
		"en-UK":          "United Kingdom (+44)",
		"*":              "United States (+1)",
		// One that cannot be read does not spoil the others.
		"xx-yyyyyyyyy,de-AT;q=0.5": "Österreich (+43)",
		"":                         "United States (+1)",
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/signup", nil)
		must(t, err)
		req.Header.Set("Accept-Language", language)
		got := strings.Join(strings.Fields(b.do(req).Body), " ")
		if !strings.Contains(got, "selected>"+want) || strings.Count(got, " selected>") != 1 {
			t.Errorf("Accept-Language %q: %s is not preselected", language, want)
		}
	}
}

// Many countries share a calling code: after a mistake elsewhere in the form
// the one that was chosen is still chosen.
func TestTheChosenCountryStays(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	for chosen, want := range map[string]string{
		"CA": "CA", "KZ": "KZ", "GG": "GG", "VA": "VA", "AX": "AX", "XK": "XK", "UM": "US", // an unknown one is none
		"57": "CO", "+57": "CO", "\u0665\u0667": "CO", "1": "US", "7": "RU", // calling codes, as scripts send them
	} {
		got := b.post("/signup", "country_code", chosen, "phone_number", "1")
		wantStatus(t, got, http.StatusUnprocessableEntity)
		if found := selectedRegion.FindAllStringSubmatch(got.Body, -1); len(found) != 1 || found[0][1] != want {
			t.Errorf("chosen %q: got %v, want %s", chosen, found, want)
		}
	}
}

var selectedRegion = regexp.MustCompile(`data-region="([A-Z]+)" selected`)

// Most islands of +1 have one area code, and people leave it out.
func TestNumbersOfTheChosenCountry(t *testing.T) {
	s := newSite(t)
	for i, test := range []struct{ country, typed, want string }{
		{"BS", "359-1234", "+12423591234"},
		{"BB", "230 1234", "+12462301234"},
		{"BM", "370 1234", "+14413701234"},
		{"KZ", "8 (771) 000 99 98", "+77710009998"},
		{"GG", "07781 123456", "+447781123456"},
		{"CO", "\u202a\u0663\u0660\u0660\u00a0\u0661\u0662\u0663\u2011\u0664\u0665\u0666\u0667\u202c", "+573001234567"},
		{"US", "\uff12\uff10\uff11\uff15\uff15\uff15\uff10\uff11\uff19\uff19", "+12015550199"},
	} {
		email := fmt.Sprintf("ada%d@example.com", i)
		b := s.browser()
		wantRedirect(t, b.post("/signup", "name", "Ada", "email", email, "password", goodPassword,
			"country_code", test.country, "phone_number", test.typed), "/login/approval")
		user, err := s.store.Authenticate(t.Context(), email, goodPassword)
		must(t, err)
		if user.PhoneNumber != test.want {
			t.Errorf("%s %q: got %s, want %s", test.country, test.typed, user.PhoneNumber, test.want)
		}
	}
	// Jamaica and the United States have several, so nobody can say which.
	for _, country := range []string{"JM", "US"} {
		got := s.browser().post("/signup", "name", "Ada", "email", "eve@example.com", "password", goodPassword,
			"country_code", country, "phone_number", "926-1234")
		wantBody(t, got, words("problem.phone.unknown"))
	}
}

func TestLengthsCountWhatPeopleSee(t *testing.T) {
	s := newSite(t)
	family := "\U0001F469\u200d\U0001F469\u200d\U0001F467"
	for name, test := range map[string]struct{ field, value, want string }{
		"one picture of five code points": {"password", family + "z7\u0301", words("problem.password.too_short")},
		"letters and their marks":         {"password", "e\u0301e\u0301e\u0301e\u0301", words("problem.password.too_short")},
		"a name of marks":                 {"name", "A" + strings.Repeat("\u0301", 5000), words("problem.name.too_long")},
		"a name that nobody sees":         {"name", "\u200b\u2060", words("problem.name.missing")},
		"a name of two lines":             {"name", "Ada\nLovelace", words("problem.name.unreadable")},
	} {
		got := s.browser().post("/signup", "name", "Ada", "email", "ada@example.com", "password", goodPassword,
			"country_code", "US", "phone_number", "2015550199", test.field, test.value)
		wantStatus(t, got, http.StatusUnprocessableEntity)
		if !strings.Contains(got.Body, test.want) {
			t.Errorf("%s: the page lacks %q", name, test.want)
		}
	}
	got := s.browser().post("/signup", "name", strings.Repeat("\u0928\u093f", 100), "email", "\u202anadia@example.com\u202c",
		"password", goodPassword, "country_code", "US", "phone_number", "2015550199")
	wantRedirect(t, got, "/login/approval")
	wantRedirect(t, s.browser().post("/login", "email", "nadia@example.com", "password", goodPassword), "/login/approval")
}
