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
	"fmt"
	"html/template"
	"io"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
	"golang.org/x/text/message"
	"golang.org/x/text/number"
)

// FS holds what the pages load, under static/.
//
//go:embed static
var FS embed.FS

//go:embed *.html words
var files embed.FS

// Pages are the pages in every language.
type Pages struct {
	languages []*Language // the first one is for whoever reads none of them
	matcher   language.Matcher
}

// Language is one language of the pages.
type Language struct {
	Tag       string            // as in lang="de"
	Name      string            // in the language itself
	Sentences map[string]string // by key, with {{.name}} where a script fills something in
	localizer *i18n.Localizer
	printer   *message.Printer
	templates *template.Template
}

// New reads the templates and the sentences.
func New() (*Pages, error) {
	bundle := i18n.NewBundle(language.English)
	all := &Pages{}
	tags := []language.Tag{language.English, language.German}
	for _, tag := range tags {
		read, err := bundle.LoadMessageFileFS(files, "words/"+tag.String()+".json")
		if err != nil {
			return nil, fmt.Errorf("pages: %w", err)
		}
		l := &Language{
			Tag: tag.String(), Name: display.Self.Name(tag), Sentences: map[string]string{},
			localizer: i18n.NewLocalizer(bundle, tag.String()), printer: message.NewPrinter(tag),
		}
		for _, m := range read.Messages {
			l.Sentences[m.ID] = m.Other
		}
		all.languages = append(all.languages, l)
	}
	all.matcher = language.NewMatcher(tags)
	for _, l := range all.languages {
		var err error
		functions := template.FuncMap{
			"t": l.Say, "owners": l.Owners, "lang": func() string { return l.Tag },
			"sentences": func() map[string]string { return l.Sentences }, "languages": func() []*Language { return all.languages },
		}
		if l.templates, err = template.New("pages").Funcs(functions).ParseFS(files, "*.html"); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// In is the language of a reader: the one that they have chosen, else the best for an
// Accept-Language header.
func (p *Pages) In(chosen, accept string) *Language {
	_, i := language.MatchStrings(p.matcher, chosen, accept)
	return p.languages[i]
}

// Say is the sentence with a key. The arguments are names and values in turn.
func (l *Language) Say(key string, args ...any) (string, error) {
	named := map[string]any{}
	for i := 0; i+1 < len(args); i += 2 {
		named[fmt.Sprint(args[i])] = args[i+1]
	}
	return l.localizer.Localize(&i18n.LocalizeConfig{MessageID: key, TemplateData: named})
}

// Owners names everybody who has a phone.
func (l *Language) Owners(emails []string) (names string, err error) {
	for i, email := range emails {
		switch {
		case i == 0:
			names = email
		case i < len(emails)-1:
			names += ", " + email
		default:
			if names, err = l.Say("and", "first", names, "second", email); err != nil {
				return "", err
			}
		}
	}
	return names, nil
}

// Seconds is a time as people read it, such as 3.5 s.
func (l *Language) Seconds(seconds float64) string {
	return l.printer.Sprintf("%v s", number.Decimal(seconds))
}

// Execute writes a page.
func (l *Language) Execute(w io.Writer, name string, data any) error {
	return l.templates.ExecuteTemplate(w, name, data)
}
