// Package pages holds the simulator's web pages: the list of phones, and a phone.
//
// Owns: the templates, styles and scripts of these pages, with their form for
// faults, and their sentences in every language.
// Promises: no inline script or style; text from an application is never
// treated as HTML; a phone's page shows the state of the last frame.
// Never: decides anything: a tap is a POST, and the next frame has its result.
package pages

import (
	"embed"
	"encoding/json"
	"html/template"
	"io"
	"io/fs"
	"slices"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"

	"nod/locales"
	"nod/static/tokens"
)

//go:embed *.html words static
var files embed.FS

// Static is what the pages load, by its name: the sheet of names is the application's.
func Static(name string) ([]byte, error) {
	if name == "tokens.css" {
		return tokens.CSS, nil
	}
	return files.ReadFile("static/" + name)
}

// Pages are the pages in every language.
type Pages struct {
	catalogue *locales.Catalogue
	languages []*Language
}

// Language is one language of the pages.
type Language struct {
	*locales.Language
	sentences map[string]string // by key, with {{.name}} where a script fills something in
	printer   *message.Printer
	templates *template.Template
}

// New reads the templates and the sentences.
func New() (*Pages, error) {
	words, err := fs.Sub(files, "words")
	if err != nil {
		return nil, err
	}
	p := &Pages{}
	if p.catalogue, err = locales.Read(words); err != nil {
		return nil, err
	}
	for _, known := range p.catalogue.Languages() {
		one, err := p.read(words, known)
		if err != nil {
			return nil, err
		}
		p.languages = append(p.languages, one)
	}
	return p, nil
}

func (p *Pages) read(words fs.FS, known *locales.Language) (*Language, error) {
	l := &Language{Language: known, printer: message.NewPrinter(language.Make(known.Tag()))}
	text, err := fs.ReadFile(words, l.Tag()+".json")
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &l.sentences); err != nil {
		return nil, err
	}
	l.templates, err = template.New("pages").Funcs(template.FuncMap{
		"t": l.Text, "owners": l.Owners, "lang": l.Tag, "languages": p.catalogue.Languages,
		"sentences": func() map[string]string { return l.sentences },
	}).ParseFS(files, "*.html")
	return l, err
}

// In is the language of a reader: the one that they have chosen, else the best for an
// Accept-Language header.
func (p *Pages) In(chosen, accept string) *Language {
	tag := p.catalogue.Reader(chosen, accept).Tag()
	return p.languages[slices.IndexFunc(p.languages, func(l *Language) bool { return l.Tag() == tag })]
}

// Owners names everybody who has a phone.
func (l *Language) Owners(emails []string) (names string) {
	for i, email := range emails {
		switch {
		case i == 0:
			names = email
		case i < len(emails)-1:
			names += ", " + email
		default:
			names = l.Text("and", "first", names, "second", email)
		}
	}
	return names
}

// Seconds is a time as people read it, such as 3.5 s.
func (l *Language) Seconds(seconds float64) string {
	return l.printer.Sprintf("%v s", number.Decimal(seconds))
}

// Execute writes a page.
func (l *Language) Execute(w io.Writer, name string, data any) error {
	return l.templates.ExecuteTemplate(w, name, data)
}
