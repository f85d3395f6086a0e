package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"nod/locales"
	"nod/static"
	"nod/views"
)

// A language that nobody speaks shows what a translation may do to the pages: it is
// written from right to left, and each sentence is half as long again.
func pseudo(t *testing.T) *locales.Catalogue {
	t.Helper()
	english, err := os.ReadFile("../locales/en.json")
	must(t, err)
	var sentences map[string]any
	must(t, json.Unmarshal(english, &sentences))
	for key, sentence := range sentences {
		if !strings.HasPrefix(key, "time.") {
			sentences[key] = lengthened(sentence)
		}
	}
	text, err := json.Marshal(sentences)
	must(t, err)
	words, err := locales.Read(fstest.MapFS{"en.json": {Data: english}, "ar-XB.json": {Data: text}})
	must(t, err)
	return words
}

func lengthened(sentence any) any {
	switch s := sentence.(type) {
	case string:
		return strings.Repeat("سلام ", 1+utf8.RuneCountInString(s)/10) + s
	case map[string]any: // its plural forms
		for form, text := range s {
			s[form] = lengthened(text)
		}
	}
	return sentence
}

// pseudoPages are pages of every kind, with what people have typed.
func pseudoPages() map[string]any {
	const email, phone = "ada.with.a.long.name@example.com", "+57 ••••••••67"
	layout := func(page string, level int) views.Layout {
		l := views.Layout{Page: page, Title: page, Level: level, Lang: "ar-XB", Dir: "rtl", Here: "/", PhonesURL: "http://localhost:3001",
			Languages: []views.Choice{{Tag: "en", Name: "English"}, {Tag: "ar-XB", Name: "العربية"}}}
		if level > 0 {
			l.UserEmail = email
		}
		return l
	}
	at := views.Time{Machine: "2026-01-01T00:00:00.000Z", Text: "1 Jan 2026, 00:00 UTC"}
	asked := views.Asked{Number: "47", Email: email, Browser: "Firefox on Linux", IP: "2001:db8::1", Place: "Bogotá, Colombia",
		ExpiresAt: "2026-01-01T00:02:00.000Z", ServerNow: at.Machine, TTLSeconds: 120, SecondsLeft: 75}
	signup := views.Signup{Layout: layout("signup", 0), Name: "Ada", Email: email, Countries: []views.Country{{Region: "CO", Name: "Colombia", Code: 57, Value: "57"}}}
	signup.Errors = views.FieldErrors{"name": "Enter your name.", "phone_number": "Check the digits."}
	return map[string]any{
		"home": views.Home{Layout: layout("home", 0)}, "login": views.Login{Layout: layout("login", 0), Email: email}, "signup": signup,
		"approval": views.Approval{Layout: layout("approval", 1), Asked: asked, Status: "pending", MaskedPhone: phone, CodesOffered: true, Sends: views.Sends{SMS: true, Call: true}},
		"token":    views.Token{Layout: layout("token", 1), MaskedPhone: phone, TriesLeft: 3, Sends: views.Sends{SMS: true, Call: true}},
		"change":   views.Change{Layout: layout("change", 2), Asked: asked, What: "Change your password", Status: "pending", MaskedPhone: phone},
		"protected": views.Protected{
			Layout: layout("protected", 2), Fresh: true, Account: views.Account{Name: "Ada", Email: email, PhoneNumber: "+573001234567", AuthyID: "100001"},
			SignIn: views.SignIn{MethodText: "a tap", At: at, LatencyMS: 32, Browser: "Firefox on Linux", IP: "127.0.0.1"}, Currencies: []string{"EUR"},
			Transfers: []views.Transfer{{ID: "a", Status: "executed", Payee: "Grace Hopper", Amount: "1000000.00", Currency: "EUR", AmountText: "1,000,000.00 EUR", At: at}},
			Recent:    []views.Event{{Text: "Signed in", At: at, From: "127.0.0.1", Times: 3}},
			Sessions:  []views.Session{{ID: "a", This: true, Browser: "Firefox on Linux", IP: "127.0.0.1", MethodText: "a tap", Begun: at, Used: at}},
		},
		"error": views.Error{Layout: layout("error", 0), Status: 404, Heading: "Nothing here", Text: "It may have moved.", RequestID: "L7DFWTYEQ7VLEOA6IMDA"},
	}
}

// No page is wider than its window, and an amount or a number reads as it is.
func TestPagesFromRightToLeft(t *testing.T) {
	story(t)
	pages, err := views.Parse(pseudo(t).Languages())
	must(t, err)
	mux := http.NewServeMux()
	mux.Handle("/static/", http.StripPrefix("/static/", http.FileServerFS(static.FS)))
	for name, page := range pseudoPages() {
		var out bytes.Buffer
		must(t, pages.Render(&out, name, page))
		mux.HandleFunc("/"+name, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Content-Security-Policy", "script-src 'none'")
			w.Write(out.Bytes())
		})
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	tb := (&nod{t: t}).person().tab()
	tb.expect("violates the following Content Security Policy", "404")
	for name := range pseudoPages() {
		tb.open(server.URL + "/" + name)
		for _, width := range widths {
			tb.look(width, "light")
			if got := eval[string](tb, wider); got != "" {
				t.Errorf("%s at %d px: wider than the window: %s", name, width, got)
			}
			if dir := os.Getenv("NOD_SCREENSHOTS"); dir != "" {
				tb.picture(filepath.Join(dir, fmt.Sprintf("pseudo-%s-%d.png", name, width)))
			}
		}
	}
	tb.open(server.URL + "/token")
	tb.is(`getComputedStyle(document.body).direction === "rtl" && document.querySelector(".lead").textContent.includes("\u2068+57 ••••••••67\u2069")`)
	tb.open(server.URL + "/protected")
	tb.is(`getComputedStyle(document.querySelector("time")).unicodeBidi === "plaintext"`)
	tb.is(`document.querySelector(".entry-what bdi")?.textContent === "1,000,000.00 EUR"`)
}

// wider names what sticks out of the window of a page that can be scrolled sideways.
const wider = `(() => {
	const page = document.documentElement;
	if (page.scrollWidth <= page.clientWidth) return "";
	const out = [...document.querySelectorAll("body *")].filter((e) => {
		const { left, right, width } = e.getBoundingClientRect();
		return width > 1 && (left < -1 || right > page.clientWidth + 1);
	});
	return page.scrollWidth + ": " + out.slice(0, 3).map((e) => e.tagName + "." + e.className).join(", ");
})()`
