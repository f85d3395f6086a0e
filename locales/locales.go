// Package locales is how the pages speak to people: the sentences by key, a file
// for each language, and how a reader of it writes numbers, times and places.
//
// Owns: the words that a person reads on a page or is rung with.
// Promises: a sentence contains no markup. A page puts a link or an element
// in by a named argument, so a translator moves it with the words. What a
// language lacks is said in English.
// Never: decides which sentence is shown, or escapes one.
package locales

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

//go:embed *.json
var files embed.FS

// Catalogue has the sentences of every language.
type Catalogue struct {
	languages []*Language // English first
	matcher   language.Matcher
}

// Language is one of the catalogue.
type Language struct {
	tag       language.Tag
	localizer *i18n.Localizer
}

// New reads the languages of this package.
func New() (*Catalogue, error) { return Read(files) }

// Read reads the languages of a folder: NAME.json for each, where NAME is its
// BCP 47 tag. English must be one of them.
func Read(folder fs.FS) (*Catalogue, error) {
	names, err := fs.Glob(folder, "*.json")
	if err != nil {
		return nil, fmt.Errorf("locales: %w", err)
	}
	bundle := i18n.NewBundle(language.English)
	tags := []language.Tag{language.English}
	for _, name := range names {
		file, err := bundle.LoadMessageFileFS(folder, name)
		if err != nil {
			return nil, fmt.Errorf("locales: %w", err)
		}
		if file.Tag != language.English {
			tags = append(tags, file.Tag)
		}
	}
	c := &Catalogue{matcher: language.NewMatcher(tags)}
	for _, tag := range tags {
		c.languages = append(c.languages, &Language{tag, i18n.NewLocalizer(bundle, tag.String())})
	}
	return c, nil
}

// Languages are all of them, English first.
func (c *Catalogue) Languages() []*Language { return slices.Clone(c.languages) }

// English is the language of all that is for no person in particular.
func (c *Catalogue) English() Reader { return Reader{c.languages[0], c.languages[0].tag} }

// Find is the language of a tag, such as "de"; nil if the catalogue lacks it.
func (c *Catalogue) Find(tag string) *Language {
	for _, l := range c.languages {
		if l.Tag() == tag {
			return l
		}
	}
	return nil
}

// Tag is the name of the language in BCP 47, such as "de".
func (l *Language) Tag() string { return l.tag.String() }

// Name is what the language calls itself, such as "Deutsch".
func (l *Language) Name() string { return display.Self.Name(l.tag) }

// fromRight are the scripts that are written from right to left.
var fromRight = []string{"Adlm", "Arab", "Hebr", "Nkoo", "Rohg", "Syrc", "Thaa"}

// Direction is "ltr" or "rtl".
func (l *Language) Direction() string {
	if script, _ := l.tag.Script(); slices.Contains(fromRight, script.String()) {
		return "rtl"
	}
	return "ltr"
}

// Text finds a sentence. Its arguments are names and values in turn; one named
// "count" also chooses between singular and plural. An unknown key is returned as
// it is: a page with an odd word is better than none.
func (l *Language) Text(key string, args ...any) string {
	named := namedArgs(args)
	text, err := l.localizer.Localize(&i18n.LocalizeConfig{
		MessageID: key, TemplateData: named, PluralCount: named["count"],
	})
	if err != nil && text == "" {
		return key
	}
	return text
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

// maxHeader is as much of a preference as is read: no browser sends more.
const maxHeader = 400

// Accepted are the languages of an Accept-Language header in their order, or the
// one of a tag; what cannot be read is left out.
func Accepted(header string) []language.Tag {
	header = header[:min(len(header), maxHeader)]
	tags, _, err := language.ParseAcceptLanguage(header)
	if err == nil {
		return tags
	}
	for piece := range strings.SplitSeq(header, ",") {
		if one, _, err := language.ParseAcceptLanguage(piece); err == nil {
			tags = append(tags, one...)
		}
	}
	return tags
}
