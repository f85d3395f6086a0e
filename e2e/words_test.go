package e2e

import (
	"fmt"
	"slices"
	"strings"

	"nod/locales"
)

// words are those of an English sentence, by its key, so that tests hold no sentence: of
// one that takes arguments the longest piece between them.
func words(key string) string {
	catalogue, err := locales.New()
	if err != nil {
		panic(err)
	}
	sentence := catalogue.English().Text(key)
	if sentence == key {
		panic("there is no sentence " + key)
	}
	pieces := strings.Split(sentence, "<no value>")
	return strings.TrimSpace(slices.MaxFunc(pieces, func(a, b string) int { return len(a) - len(b) }))
}

// says is the condition that a text of the page holds a sentence.
func says(text, key string) string { return fmt.Sprintf("%s.includes(%q)", text, words(key)) }
