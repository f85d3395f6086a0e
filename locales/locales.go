// Package locales holds the sentences of the pages, a file for each language.
//
// Owns: the words that a person reads on a page, by key.
// Promises: a sentence contains no markup. A page puts a link or an element
// in by a named argument, so a translator moves it with the words.
// Never: decides which sentence is shown, or escapes one.
package locales

import (
	"embed"
	"fmt"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed *.json
var files embed.FS

// Catalogue finds sentences by their keys.
type Catalogue struct {
	bundle *i18n.Bundle
}

// New reads the sentences of every language.
func New() (*Catalogue, error) {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil, fmt.Errorf("locales: %w", err)
	}
	bundle := i18n.NewBundle(language.English)
	for _, entry := range entries {
		if _, err := bundle.LoadMessageFileFS(files, entry.Name()); err != nil {
			return nil, fmt.Errorf("locales: %w", err)
		}
	}
	return &Catalogue{bundle}, nil
}

// In returns the function that finds sentences in one language. Its arguments
// are names and values in turn; one named "count" also chooses between
// singular and plural. An unknown key is returned as it is: a page with an odd
// word is better than none.
func (c *Catalogue) In(lang string) func(key string, args ...any) string {
	localizer := i18n.NewLocalizer(c.bundle, lang)
	return func(key string, args ...any) string {
		named := namedArgs(args)
		text, err := localizer.Localize(&i18n.LocalizeConfig{
			MessageID: key, TemplateData: named, PluralCount: named["count"],
		})
		if err != nil && text == "" {
			return key
		}
		return text
	}
}

func namedArgs(args []any) map[string]any {
	named := make(map[string]any, len(args)/2)
	for i := 0; i+1 < len(args); i += 2 {
		if name, ok := args[i].(string); ok {
			named[name] = args[i+1]
		}
	}
	return named
}
