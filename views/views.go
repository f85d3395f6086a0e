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

// layout.html has what stands before and after a page.
const before, after = `{{template "head" .}}`, `{{template "foot" .}}`

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
	byLanguage map[string]*template.Template // by tag
}

// Language is one that pages are written in.
type Language interface {
	Tag() string       // BCP 47
	Direction() string // ltr or rtl
	Text(key string, args ...any) string
}

// Parse reads every page in every language. The first is that of a page that names
// none.
func Parse[L Language](languages []L) (*Pages, error) {
	pages := &Pages{map[string]*template.Template{}}
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

// parseAll reads every page in one language, into one set: a copy of the shared
// pieces for each page would be megabytes that the collector reads through at each
// sign-in, whose hash leaves garbage.
func (text Text) parseAll(direction string) (*template.Template, error) {
	names, err := fs.Glob(files, "*.html")
	if err != nil {
		return nil, err
	}
	pages := template.New("").Funcs(text.funcs(direction))
	for _, file := range names {
		source, err := files.ReadFile(file)
		if err != nil {
			return nil, err
		}
		written := text.write(string(source))
		if !isShared(file) {
			written = before + written + after
		}
		if _, err := pages.New(file).Parse(written); err != nil {
			return nil, err
		}
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
	pages, ok := p.byLanguage[page.language()]
	if !ok || pages.Lookup(name+".html") == nil {
		return fmt.Errorf("views: there is no page %q in %q", name, page.language())
	}
	return pages.ExecuteTemplate(w, name+".html", data)
}
