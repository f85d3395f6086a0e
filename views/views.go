// Package views holds the pages of the application as html/template files.
//
// Owns: every sentence a page shows, in every state. States that a script
// reveals are rendered here too, hidden, so that a visitor without script and
// one with it read the same words.
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
	"slices"
	"strings"
)

//go:embed *.html
var files embed.FS

// shared are the files that every page is put together with: layout.html,
// which holds the page, and the pieces.
var shared = []string{"layout.html", "partials.html", "transfers.html"}

// Pages renders the pages by the names of their files, without .html. It is
// Fiber's Views. gofiber/template/html would do the same, but takes one lock
// for all pages and has a data race before it.
type Pages struct {
	byName map[string]*template.Template
}

// Parse reads every page.
func Parse() (*Pages, error) {
	base, err := template.ParseFS(files, shared...)
	if err != nil {
		return nil, fmt.Errorf("views: %w", err)
	}
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil, fmt.Errorf("views: %w", err)
	}
	pages := &Pages{map[string]*template.Template{}}
	for _, entry := range entries {
		name := entry.Name()
		if slices.Contains(shared, name) {
			continue
		}
		if pages.byName[strings.TrimSuffix(name, ".html")], err = page(base, name); err != nil {
			return nil, fmt.Errorf("views: %w", err)
		}
	}
	return pages, nil
}

func page(base *template.Template, file string) (*template.Template, error) {
	text, err := files.ReadFile(file)
	if err != nil {
		return nil, err
	}
	t, err := base.Clone()
	if err != nil {
		return nil, err
	}
	if _, err := t.New("page").Parse(string(text)); err != nil {
		return nil, err
	}
	return t.Lookup("layout.html"), nil
}

// Load is there for Fiber: Parse has read everything.
func (p *Pages) Load() error { return nil }

// Render writes a page.
func (p *Pages) Render(w io.Writer, name string, data any, _ ...string) error {
	t, ok := p.byName[name]
	if !ok {
		return fmt.Errorf("views: there is no page %q", name)
	}
	return t.Execute(w, data)
}
