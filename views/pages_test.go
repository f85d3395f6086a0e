package views_test

import (
	"bytes"
	"fmt"
	"html"
	"path/filepath"
	"strings"
	"testing"

	"nod/views"
)

// state is a page as a handler may fill it.
type state struct {
	name string // of the template
	what string
	page any
}

// states are the pages with nothing filled in and in every state they have.
func states() []state {
	list := []state{
		{"home", "zero", views.Home{}},
		{"home", "anonymous", views.Home{anonymous("home")}},
		{"home", "password passed", views.Home{member("home", 1)}},
		{"home", "signed in", views.Home{member("home", 2)}},
		{"login", "zero", views.Login{}},
		{"login", "empty", views.Login{Layout: anonymous("login")}},
		{"login", "refused", views.Login{Layout: refused("login", "form"), Email: `o'<a>@b.example`}},
		{"login", "passkeys", views.Login{Layout: anonymous("login"), Challenge: "c1.<b>.d"}},
		{"login", "fields", views.Login{Layout: refused("login", "email", "password"), Email: "ada@example.com"}},
		{"signup", "zero", views.Signup{}},
		{"signup", "filled", signup(anonymous("signup"))},
		{"signup", "refused", signup(refused("signup", "form", "name", "email", "password", "country_code", "phone_number"))},
		{"ask", "zero", views.Ask{}},
		{"ask", "filled", views.Ask{member("ask", 1), "+57 ••• 67", true}},
		{"number", "zero", views.Number{}},
		{"number", "refused", views.Number{refused("number", "form", "country_code", "phone_number"), "+57 ••• 67", "300", []views.Country{{"CO", "Colombia", 57, true, "57"}}}},
		{"history", "zero", views.History{}},
		{"history", "lines", views.History{Layout: member("history", 2), Lines: []views.Event{{Text: "Signed in", At: newYear}}, Older: 7}},
		{"error", "zero", views.Error{}},
		{"error", "dead end", views.Error{Layout: anonymous("error"), Status: 421, Heading: "Wrong <host>", Text: "Not here."}},
		{"error", "with a way on", views.Error{
			Layout: member("error", 1), Status: 500, Heading: "Wrong <here>", Text: "Try <again>.",
			Action: views.Link{Href: "/", Text: "Start <anew>"}, RequestID: "abc<1>",
		}},
	}
	qr := views.Authenticator{Layout: member("authenticator", 2), ID: "a1", QR: views.QR{Size: 33, Path: "M4 4h1v1h-1z"}, Secret: "ABCD-EFGH", URI: "otpauth://totp/Nod:ada?secret=ABCDEFGH"}
	list = append(list,
		state{"authenticator", "zero", views.Authenticator{}},
		state{"authenticator", "shown", qr},
		state{"authenticator", "wrong", views.Authenticator{Layout: refused("authenticator", "name", "token"), ID: "a1", Name: "<Blue>"}},
		state{"ownphone", "zero", views.OwnPhonePage{}},
		state{"phoneoffline", "zero", views.PhoneOffline{}},
		state{"phoneoffline", "kept", views.PhoneOffline{anonymous("phoneoffline")}},
		state{"ownphones", "zero", views.OwnPhones{}},
		state{"ownphones", "first code", views.OwnPhones{Layout: withoutNumbers("ownphones", 1), Path: "/signup/phone", First: true, Code: "ABCD-1234", QR: qr.QR, Address: "https://nod.example/phone"}},
		state{"ownphones", "first waiting", views.OwnPhones{Layout: withoutNumbers("ownphones", 1), Path: "/signup/phone", First: true, Waiting: []views.OwnPhone{{"p1", "<Pixel>", newYear, views.Time{}, false, ""}}}},
		state{"ownphones", "first none", views.OwnPhones{Layout: withoutNumbers("ownphones", 1), Path: "/signup/phone", First: true}},
		state{"signup", "without a number", views.Signup{Layout: withoutNumbers("signup", 0)}},
		state{"token", "without a phone", views.Token{Layout: withoutNumbers("token", 1), TriesLeft: 5, NoPhone: true}},
		state{"token", "without a number", views.Token{Layout: withoutNumbers("token", 1), TriesLeft: 5}},
		state{"ownphones", "code here", views.OwnPhones{Layout: member("ownphones", 2), Path: "/account/phones", Code: "ABCD-1234", QR: qr.QR, Address: "http://localhost:3000/phone", Here: true}},
		state{"ownphones", "code", views.OwnPhones{Layout: member("ownphones", 2), Path: "/account/phones", Code: "ABCD-1234", QR: qr.QR, Address: "https://nod.example/phone"}},
		state{"ownphones", "waiting", views.OwnPhones{Layout: refused("ownphones", "form"), Path: "/account/phones", Waiting: []views.OwnPhone{{"p1", "<Pixel>", newYear, views.Time{}, false, ""}}}},
		state{"phone", "zero", views.Phone{}},
		state{"phone", "refused", views.Phone{Layout: refused("phone", "form", "phone_number", "recovery"), MaskedPhone: "+57 ••• 67", PhoneNumber: "<300>", Countries: []views.Country{{"CO", "Colombia", 57, true, "57"}}}},
		state{"forgot", "zero", views.Forgot{}},
		state{"forgot", "refused", views.Forgot{refused("forgot", "form", "email", "recovery"), "<ada>@example.com"}},
		state{"newpassword", "zero", views.NewPassword{}},
		state{"newpassword", "refused", views.NewPassword{refused("newpassword", "password")}},
		state{"recovery", "zero", views.Recovery{}},
		state{"recovery", "shown", views.Recovery{member("recovery", 2), []string{"k3d9-xq2m-7vbt-0rjw"}, newYear, "phone"}},
		state{"token", "wrong recovery code", views.Token{Layout: refused("token", "recovery"), MaskedPhone: "+57 ••• 67"}},
		state{"token", "for a new password", views.Token{Layout: refused("token", "token"), MaskedPhone: "+57 ••• 67", PhoneOnly: true}})
	for _, step := range []string{"old pending", "old approved", "old denied", "old expired", "old cancelled", "new", "ask", "ready"} {
		name, status, _ := strings.Cut(step, " ")
		list = append(list, state{"phone", step, views.Phone{Layout: member("phone", 2), Step: name, OldStatus: status, Mine: true, MaskedPhone: "+57 ••• 67", MaskedNew: "+57 ••• 99", Ready: newYear, Asked: asked}})
	}
	list = append(list, state{"phone", "old cancelled until", views.Phone{Layout: member("phone", 2), Step: "old", OldStatus: "cancelled", OldReason: "unavailable", RetryAt: newYear}})
	list = append(list, ownPhoneStates()...)
	list = append(list, approvals()...)
	list = append(list, tokens()...)
	list = append(list, changes()...)
	return append(append(list, notMes()...), protecteds()...)
}

func anonymous(page string) views.Layout {
	return views.Layout{Page: page, Title: "A title & more", CSRF: "token+/="}
}

func member(page string, level int) views.Layout {
	l := anonymous(page)
	l.Level, l.UserEmail, l.PhonesURL = level, "ada@example.com", "http://127.0.0.1:3001/?a=1&b=2"
	return l
}

// withoutNumbers is for a site whose people have phones of their own alone.
func withoutNumbers(page string, level int) views.Layout {
	l := member(page, level)
	l.PhonesURL, l.OwnOnly = "", true
	return l
}

func refused(page string, fields ...string) views.Layout {
	l := anonymous(page)
	l.PhonesURL, l.Errors = "http://127.0.0.1:3001", problems(fields...)
	return l
}

func noticed(l views.Layout, kind string) views.Layout {
	l.Notice = &views.Notice{Kind: kind, Text: "Something to <note>."}
	return l
}

func problems(fields ...string) views.FieldErrors {
	errors := views.FieldErrors{}
	for _, field := range fields {
		errors[field] = "Please correct '" + field + "'."
	}
	return errors
}

func signup(l views.Layout) views.Signup {
	return views.Signup{
		Layout: l, Name: `Ada "Countess" <Lovelace>`, Email: "ada@example.com", PhoneNumber: "300 123 4567",
		Countries: []views.Country{{"CO", "Colombia", 57, true, "57"}, {"CI", "Côte d’Ivoire", 225, false, "225"}},
	}
}

func approvals() []state {
	list := []state{{"approval", "zero", views.Approval{}}}
	for _, end := range append([]string{"pending", "cancelled-unheard_of"}, views.Ends()...) {
		status, reason, _ := strings.Cut(end, "-")
		for _, codes := range []bool{true, false} {
			list = append(list, state{"approval", fmt.Sprint(strings.TrimSpace(status+" "+reason), " codes ", codes), views.Approval{
				Layout: member("approval", 1), Asked: asked, Status: status, Reason: reason, MaskedPhone: "+57 ••• 67",
				EventsURL: "/login/events", StreamURL: "/login/stream", StatusURL: "/authy/status", CodesOffered: codes, Sends: views.Sends{SMS: true, Call: true},
			}})
		}
	}
	list = append(list, state{"approval", "cancelled rate_limited until", views.Approval{Layout: member("approval", 1), Asked: asked, Status: "cancelled", Reason: "rate_limited", RetryAt: newYear}})
	typed := asked
	typed.Typed, typed.Number = true, "470811"
	list = append(list, state{"approval", "pending, to type", views.Approval{Layout: member("approval", 1), Asked: typed, Status: "pending", CodesOffered: true}})
	list = append(list, state{"approval", "pending in a sign-up", views.Approval{Layout: withoutNumbers("approval", 1), Asked: typed, Status: "pending", AddsPhone: true}})
	for _, kind := range []string{"info", "success", "warning", "error"} {
		list = append(list, state{"approval", kind, views.Approval{Layout: noticed(member("approval", 1), kind), Asked: asked, MaskedPhone: "+57 ••• 67", Status: "pending"}})
	}
	return list
}

func tokens() []state {
	list := []state{
		{"token", "zero", views.Token{}},
		{"token", "not sent", views.Token{Layout: member("token", 1), MaskedPhone: "+57 ••• 67", TriesLeft: 5, NextSendSeconds: 30, Sends: views.Sends{SMS: true, Call: true}, NotSent: views.NotSent{By: "sms", Text: "No more codes."}}},
		{"token", "wrong", views.Token{Layout: refused("token", "token"), MaskedPhone: "+57 ••• 67", TriesLeft: 1, NextSendSeconds: 30, Sends: views.Sends{SMS: true}}},
	}
	for _, by := range []string{"", "sms", "call"} {
		for _, noApp := range []bool{true, false} {
			list = append(list, state{"token", fmt.Sprint("sent by ", by, " no app ", noApp), views.Token{
				Layout: member("token", 1), MaskedPhone: "+57 ••• 67", SentBy: by, NoApp: noApp, TriesLeft: 4, Sends: views.Sends{SMS: true, Call: true},
			}})
		}
	}
	return list
}

var asked = views.Asked{
	Number: "47", Email: "ada@example.com", Browser: "Firefox on <Linux>", IP: "127.0.0.1", Place: "Bogotá",
	ExpiresAt: "2026-01-01T00:02:00Z", ServerNow: "2026-01-01T00:00:00Z", TTLSeconds: 120, SecondsLeft: 75,
}

func changes() []state {
	list := []state{{"change", "zero", views.Change{}}}
	for _, status := range []string{"ask", "fresh", "code", "pending", "approved", "denied", "expired", "cancelled"} {
		for _, reason := range []string{"", "unconfirmed", "unavailable", "rate_limited", "no_device", "push_paused", "wrong_number", "phone_gone"} {
			list = append(list, state{"change", status + " " + reason, views.Change{
				Layout: member("change", 2), What: "Sign out <another>", Path: "/account/sessions/end", Fields: []views.HiddenField{{"session", "A<B"}},
				Status: status, Reason: reason, MaskedPhone: "+57 ••• 67", SentBy: "sms", TriesLeft: 2, SelfURL: "/account/confirm?a=1&b=2", CodeURL: "/x",
				Asked: asked,
			}})
		}
	}
	list = append(list, state{"change", "cancelled until", views.Change{Layout: member("change", 2), Status: "cancelled", Reason: "unavailable", RetryAt: newYear, What: "Resume <it>", MaskedPhone: "+57 ••• 67"}})
	list = append(list, state{"change", "by a code only", views.Change{Layout: member("change", 2), Status: "code", What: "Resume <it>", MaskedPhone: "+57 ••• 67", CodeOnly: true}})
	return append(list, state{"change", "wrong code", views.Change{Layout: refused("change", "token"), Status: "code", What: "Resume <it>", MaskedPhone: "+57 ••• 67"}})
}

var newYear = views.Time{Machine: "2026-01-01T00:00:00.000Z", Text: "1 Jan 2026, 00:00:00 UTC"}

func protecteds() []state {
	full := views.Protected{
		Layout:     noticed(member("protected", 2), "success"),
		Account:    views.Account{"Ada & Co", "ada@example.com", "+573001234567", "123456"},
		SignIn:     views.SignIn{"a tap on your phone", newYear, 321, "Firefox", "127.0.0.1", "Bogotá, Colombia"},
		Recent:     []views.Event{{Text: "Signed in", At: newYear, From: "127.0.0.1"}, {Text: "Denied", At: newYear, Refused: true, Times: 3}},
		Currencies: []string{"EUR", "USD"}, TransferForm: views.TransferForm{Payee: `Grace "<H>"`, Amount: "12.50", Currency: "USD"},
		Fresh:              true,
		Sessions:           []views.Session{{"a", true, "Firefox", "Oslo, Norway", "127.0.0.1", "a tap on your phone", newYear, newYear}, {"b", false, "Safari <x>", "", "::1", "a code from an app", newYear, newYear}},
		TransfersEventsURL: "/transfers/events", TransfersURL: "/transfers/status",
	}
	again := map[string]views.Time{"cancelled": newYear} // of whom the provider would not ask
	for _, status := range []string{"awaiting", "approved", "executed", "denied", "expired", "refused", "cancelled", "withdrawn"} {
		full.Transfers = append(full.Transfers, views.Transfer{status + "-id", status != "denied", status, "unconfirmed", "123456", "Grace & <Co>", "12.50", "EUR", "12.50 EUR", newYear, again[status]})
	}
	byCode, apps, lost, wrong, busy, closing, stale := full, full, full, full, full, full, full
	full.Own.Possible = true
	apps.Own = views.Own{
		Possible: true, Phones: []views.OwnPhone{{"p1", "<Pixel>", newYear, newYear, true, "refused"}, {"p2", "iPhone", newYear, views.Time{}, false, "closed"}},
		Receipts: []views.Receipt{{"r1", "<Pixel>", "login", newYear}}, Number: "+57 300 1234567", Beside: true,
	}
	byCode.SignIn.LatencyMS, byCode.Account.Name = -1, ""
	apps.Apps = []views.App{{"a1", "Blue <phone>", newYear, newYear}, {"a2", "Authenticator app", newYear, views.Time{}}}
	apps.AppsProblem, apps.Recovery = "Too many.", views.RecoveryCodes{Left: 9, Of: 10, Made: newYear, Used: newYear}
	lost.AppsLost, lost.Recovery = true, views.RecoveryCodes{Offer: true}
	lost.Own.Possible, lost.Own.Nowhere = false, true
	apps.Phone = views.PhoneFactor{Number: "+573001234567", Added: newYear, Proved: newYear}
	lost.Phone = views.PhoneFactor{Number: "+573001234567", Added: newYear, Changing: "ready", MaskedNew: "+57 ••• 99", Ready: newYear}
	wrong.TransferForm.Errors = problems("payee", "amount", "currency")
	busy.TransferForm.Errors = problems("form")
	stale.Fresh = false
	wrong.Password, wrong.Errors = views.PasswordForm{Stay: true}, problems("current", "password")
	closing.Errors = problems("close_password")
	told, paused := full, full
	told.Told = []views.Told{
		{ID: 2, Kind: "denied", Text: "Denied <there>.", At: newYear, Browser: "Firefox & <Co>", IP: "127.0.0.1", Place: "Bogotá", Asks: true, Disputes: true},
		{ID: 1, Kind: "paused", Text: "Paused.", At: newYear},
	}
	told.ToldMore, told.ToldUpTo, told.Pause = 3, 1, views.Pause{Until: newYear}
	paused.Pause = views.Pause{Until: newYear, CanEnd: true}
	return []state{
		{"protected", "zero", views.Protected{}}, {"protected", "notices", told}, {"protected", "paused", paused},
		{"protected", "full", full}, {"protected", "by a code", byCode}, {"protected", "apps", apps}, {"protected", "an app was lost", lost},
		{"protected", "wrong transfer", wrong}, {"protected", "busy transfer", busy}, {"protected", "closing", closing}, {"protected", "not fresh", stale},
	}
}

func notMes() []state {
	added := []views.Added{{"codes", "1", "", newYear, false}, {"app", "a1", "Blue <phone>", newYear, true}, {"own", "p1", "<Pixel>", newYear, false}, {"phone", "1", "+573001234567", newYear, false}}
	page := views.NotMe{Layout: member("notme", 2), Account: views.Account{Email: "ada@example.com"}, Fresh: true, Disputed: "7", Added: added}
	page.Pause = views.Pause{Until: newYear, ByCode: true}
	wrong, stale := page, page
	wrong.Layout, wrong.Password = refused("notme", "current", "password"), views.PasswordForm{Stay: true}
	stale.Fresh, stale.ConfirmURL = false, "/account/confirm?disputed=7&to=%2Faccount%2Fnot-me"
	return []state{{"notme", "zero", views.NotMe{}}, {"notme", "added lately", page}, {"notme", "wrong", wrong}, {"notme", "not fresh", stale}}
}

// words stands for a language: it shows the key and the arguments.
type words struct{ tag, direction string }

func (w words) Tag() string       { return w.tag }
func (w words) Direction() string { return w.direction }

func (words) Text(key string, args ...any) string {
	for i := 1; i < len(args); i += 2 {
		key += fmt.Sprintf(" %v", args[i])
	}
	return key
}

// Every page there is is among the states, and so on the sheet of pictures.
func TestNoPageIsForgotten(t *testing.T) {
	names, err := filepath.Glob("*.html")
	if err != nil || len(names) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	shown := map[string]bool{}
	for _, s := range gallery() {
		shown[s.name+".html"] = true
	}
	for _, name := range names {
		if !views.IsShared(name) && !shown[name] {
			t.Errorf("%s is on no picture: give it a state", name)
		}
	}
}

// A field that a page lacks is an error only when the template gets there.
func TestEveryPageRendersInEveryState(t *testing.T) {
	pages, err := views.Parse([]words{{"en", "ltr"}, {"he", "rtl"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range states() {
		t.Run(s.name+"/"+s.what, func(t *testing.T) {
			var out bytes.Buffer
			if err := pages.Render(&out, s.name, s.page); err != nil {
				t.Fatal(err)
			}
			for _, bad := range []string{"<no value>", "&lt;no value&gt;", "ZgotmplZ", "map["} {
				if strings.Contains(out.String(), bad) {
					t.Errorf("the page shows %q:\n%s", bad, out.String())
				}
			}
		})
	}
}

// A page is in the language that it names, and says so; an address keeps its
// direction among words from right to left.
func TestAPageIsInItsLanguage(t *testing.T) {
	pages, err := views.Parse([]words{{"en", "ltr"}, {"he", "rtl"}})
	if err != nil {
		t.Fatal(err)
	}
	for lang, want := range map[string][]string{
		"en": {`<html lang="en" dir="ltr">`, "ask.lead +57 ••• 67", `<span lang="en" aria-current="true">English</span>`, `value="he" lang="he">`},
		"he": {`<html lang="he" dir="rtl">`, "ask.lead \u2068+57 ••• 67\u2069", `value="en" lang="en">`},
	} {
		page := views.Ask{Layout: anonymous("ask"), MaskedPhone: "+57 ••• 67"}
		page.Lang, page.Dir, page.Here = lang, map[string]string{"en": "ltr", "he": "rtl"}[lang], "/login?a=1&b=2"
		page.Languages = []views.Choice{{"en", "English"}, {"he", "עברית"}}
		var out bytes.Buffer
		if err := pages.Render(&out, "ask", page); err != nil {
			t.Fatal(err)
		}
		for _, part := range append(want, `name="to" value="/login?a=1&b=2"`) {
			if !strings.Contains(html.UnescapeString(out.String()), part) {
				t.Errorf("%s: the page lacks %q:\n%s", lang, part, out.String())
			}
		}
	}
	strange := views.Home{Layout: views.Layout{Lang: "tlh"}}
	if err := pages.Render(&bytes.Buffer{}, "home", strange); err == nil {
		t.Error("a page in a language that there is not was rendered")
	}
}
