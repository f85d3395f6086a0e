package views_test

import (
	"bytes"
	"encoding/json"
	"html"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"nod/locales"
	"nod/static"
	"nod/views"
)

// TestGallery writes every page in every state, in every language, to the folder
// NOD_GALLERY, with an index in gallery.json. "make pictures" takes pictures of them.
func TestGallery(t *testing.T) {
	dir := os.Getenv("NOD_GALLERY")
	if dir == "" {
		dir = t.TempDir()
	}
	must(t, os.RemoveAll(filepath.Join(dir, "static")))
	must(t, os.CopyFS(filepath.Join(dir, "static"), static.FS))
	words, err := locales.New()
	must(t, err)
	index := struct{ Languages, States []string }{}
	for _, language := range words.Languages() {
		index.Languages = append(index.Languages, language.Tag())
	}
	pages, err := views.Parse(words.Languages())
	must(t, err)
	source, err := os.ReadFile(filepath.Join("testdata", "components.html"))
	must(t, err)
	must(t, pages.Add("components", string(source)))
	for _, s := range gallery() {
		index.States = append(index.States, s.file())
		for _, language := range words.Languages() {
			var page bytes.Buffer
			must(t, pages.Render(&page, s.name, inLanguage(s.page, language)))
			shown := inWords(words.Reader(language.Tag())).Replace(string(s.finish(page.Bytes())))
			must(t, os.WriteFile(filepath.Join(dir, s.file()+"-"+language.Tag()+".html"), []byte(shown), 0o644))
		}
	}
	text, err := json.Marshal(index)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "gallery.json"), text, 0o644))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// inLanguage is a page in another language; every page has a Layout.
func inLanguage(page any, language *locales.Language) any {
	copied := reflect.New(reflect.TypeOf(page)).Elem()
	copied.Set(reflect.ValueOf(page))
	layout := copied.FieldByName("Layout").Addr().Interface().(*views.Layout)
	layout.Lang, layout.Dir, layout.Here = language.Tag(), language.Direction(), "/"
	layout.Languages = []views.Choice{{Tag: "en", Name: "English"}, {Tag: "de", Name: "Deutsch"}}
	return copied.Interface()
}

// inWords puts what people read in the place of what the states of the pages say.
func inWords(r locales.Reader) *strings.Replacer {
	wait, newYear := r.Wait(4*time.Minute), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	browser := r.Browser("Firefox on Linux")
	said := []string{
		"Please correct 'form'.", r.Text("problem.signup.unavailable", "wait", wait),
		"Please correct 'name'.", r.Text("problem.name.missing"),
		"Please correct 'email'.", r.Text("problem.email.malformed"),
		"Please correct 'password'.", r.Text("problem.password.word_and_signs"),
		"Please correct 'token'.", r.Text("code_refused.unavailable", "wait", wait),
		"Please correct 'country_code'.", r.Text("problem.country.missing"),
		"Please correct 'phone_number'.", r.Text("problem.phone.malformed"),
		"Please correct 'recovery'.", r.Text("problem.recovery.malformed"),
		"Please correct 'current'.", r.Text("problem.password.wrong"),
		"Please correct 'close_password'.", r.Text("close.wrong_password"),
		"Please correct 'payee'.", r.Text("problem.payee.unreadable"),
		"Please correct 'amount'.", r.Text("problem.amount.named", "example", r.Amount(100000, 2)),
		"Please correct 'currency'.", r.Text("problem.currency.unknown"),
		"Something to <note>.", r.Text("notice.sent_again"),
		"No more codes.", r.Text("limit.code_sent_strangers", "wait", wait),
		"Too many.", r.Text("authenticator.too_many"),
		"Wrong <host>", r.Text("error.wrong_host.title"), "Not here.", r.Text("error.wrong_host.text"),
		"Wrong <here>", r.Text("error.internal.title"), "Try <again>.", r.Text("error.internal.text"), "Start <anew>", r.Text("action.to_start"),
		"Signed in", r.Text("event.signed_in"), "Denied <there>.", r.Text("told.denied"), "Denied", r.Text("event.password_refused"), "Paused.", r.Text("told.paused"),
		"a tap on your phone", r.Text("method.push"), "a code from an app", r.Text("method.app"),
		"Sign out <another>", r.Text("change.end_session"), "Resume <it>", r.Text("change.pause"),
		"Use another phone: +57 300 123 4567", r.Text("phone.change", "phone", "+57\u00a0300\u00a01234567"),
		"+57 ••• ", "+57\u00a0••••••••", "+573001234567", "+57\u00a0300\u00a01234567",
		"Authenticator app", r.Text("authenticator.unnamed"), "Firefox on <Linux>", browser, "Firefox on Linux", browser,
		"Colombia", r.Region("CO"), "Norway", r.Region("NO"), "Côte d’Ivoire", r.Region("CI"),
		"1,000,000.00", r.Amount(100000000, 2), "12.50", r.Amount(1250, 2), "1 Jan 2026, 00:00:00 UTC", r.Minute(newYear),
	}
	for i, text := range said {
		said[i] = html.EscapeString(text)
	}
	for i := 0; i < len(said); i += 2 { // a template escapes it in some places
		if plus := strings.ReplaceAll(said[i], "+", "&#43;"); plus != said[i] {
			said = append(said, plus, said[i+1])
		}
	}
	return strings.NewReplacer(said...)
}

// components is the page of every piece.
type components struct {
	views.Layout
	views.Asked
	Kinds     []string
	Sends     views.Sends
	PhoneOnly bool
	NoApp     bool
}

// gallery is every state that a person may see, and what a script makes of the waiting
// page.
func gallery() []state {
	list := []state{{"components", "", components{
		Layout: refused("components", "name", "email", "token"), Asked: asked, Kinds: []string{"info", "success", "warning", "error"},
		Sends: views.Sends{SMS: true, Call: true},
	}}}
	for _, s := range states() {
		status, reason, _ := strings.Cut(s.what, " ")
		if s.what == "zero" || s.name == "change" && reason != "" && status != "cancelled" && s.what != "pending unconfirmed" && s.what != "wrong code" && s.what != "by a code only" {
			continue // nobody sees it
		}
		list = append(list, s)
		if s.name == "approval" && s.what == "pending codes true" {
			list = append(list, state{s.name, "pending live", s.page}, state{s.name, "pending help", s.page}, state{s.name, "pending lost", s.page}, state{s.name, "pending unfolded", s.page})
		}
		if s.name == "protected" && (s.what == "apps" || s.what == "full") {
			list = append(list, state{s.name, s.what + " unfolded", s.page})
		}
	}
	return list
}

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

func (s state) file() string {
	return strings.Trim(notInNames.ReplaceAllString(strings.ToLower(s.name+" "+s.what), "-"), "-")
}

// finish does to a page what its script would.
func (s state) finish(page []byte) []byte {
	way := func(name string) *strings.Replacer {
		return strings.NewReplacer(`data-way="connecting"`, `data-way="`+name+`"`, `data-way="`+name+`" hidden`, `data-way="`+name+`"`, `<span class="way needs-script"`, `<span hidden`)
	}
	switch s.what {
	case "passkeys":
		return bytes.Replace(page, []byte(`id="passkey-form" hidden`), []byte(`id="passkey-form"`), 1)
	case "pending live":
		return []byte(way("socket").Replace(string(page)))
	case "pending lost":
		return []byte(way("lost").Replace(string(page)))
	case "pending help":
		text := way("socket").Replace(string(page))
		return []byte(strings.NewReplacer(`data-help hidden`, `data-help`, `id="approval"`, `id="approval" data-helped`).Replace(text))
	}
	if s.name == "ownphone" && s.what != "zero" {
		return shownOwnPhone(page, s.what)
	}
	if strings.HasSuffix(s.what, " unfolded") {
		return bytes.ReplaceAll(page, []byte("<details"), []byte("<details open"))
	}
	return page
}
