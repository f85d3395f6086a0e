// Package views holds the pages of the application as html/template files,
// and a struct for each that says what the page shows.
//
// Owns: the markup of every page, in every state. States that a script
// reveals are rendered here too, hidden, so that a visitor without script and
// one with it read the same words. The words come in by key, from the languages
// given to Parse.
// Promises: no inline script, no inline style and no style attribute, so the
// Content-Security-Policy needs no exception; one h1 a page; every field has
// a label and its error stands beside it.
// Never: decides anything. A template reads what a handler gives it.
package views

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"strings"
)

//go:embed *.html
var files embed.FS

// isShared says whether every page is built with a file: layout.html, which holds
// the page, and the pieces, of which each account_*.html is a section of the
// account page.
func isShared(file string) bool {
	return file == "layout.html" || file == "partials.html" || file == "transfers.html" || strings.HasPrefix(file, "account_")
}

// Pages renders the pages by the names of their files, without .html. It is
// Fiber's Views. gofiber/template/html would do the same, but takes one lock
// for all pages and has a data race before it.
type Pages struct {
	byLanguage map[string]byName // by tag
}

// byName are the pages in one language.
type byName map[string]*template.Template

// Language is one that pages are written in.
type Language interface {
	Tag() string       // BCP 47
	Direction() string // ltr or rtl
	Text(key string, args ...any) string
}

// Parse reads every page in every language. The first is that of a page that names
// none.
func Parse[L Language](languages []L) (*Pages, error) {
	pages := &Pages{map[string]byName{}}
	for i, l := range languages {
		in, err := Text(l.Text).parseAll(l.Direction())
		if err != nil {
			return nil, fmt.Errorf("views: %s: %w", l.Tag(), err)
		}
		pages.byLanguage[l.Tag()] = in
		if i == 0 {
			pages.byLanguage[""] = in
		}
	}
	return pages, nil
}

// parseAll reads every page in one language.
func (text Text) parseAll(direction string) (byName, error) {
	names, err := fs.Glob(files, "*.html")
	if err != nil {
		return nil, err
	}
	base := template.New("").Funcs(text.funcs(direction))
	for _, file := range names {
		if !isShared(file) {
			continue
		}
		if err := text.parse(base, file, file); err != nil {
			return nil, err
		}
	}
	pages := byName{}
	for _, file := range names {
		if isShared(file) {
			continue
		}
		t, err := base.Clone()
		if err == nil {
			err = text.parse(t, "page", file)
		}
		if err != nil {
			return nil, err
		}
		pages[strings.TrimSuffix(file, ".html")] = t.Lookup("layout.html")
	}
	return pages, nil
}

// Load is there for Fiber: Parse has read everything.
func (p *Pages) Load() error { return nil }

// Render writes a page, in the language that its Layout names.
func (p *Pages) Render(w io.Writer, name string, data any, _ ...string) error {
	page, ok := data.(interface{ language() string })
	if !ok {
		return fmt.Errorf("views: %q is given no page, but %T", name, data)
	}
	t, ok := p.byLanguage[page.language()][name]
	if !ok {
		return fmt.Errorf("views: there is no page %q in %q", name, page.language())
	}
	return t.Execute(w, data)
}
