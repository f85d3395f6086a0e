package handlers_test

import (
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

// triesLeft is what the page says of the tries at a code; nothing once there is none.
func triesLeft(n int) string {
	if n == 0 {
		return ""
	}
	catalogue, err := locales.New()
	if err != nil {
		panic(err)
	}
	return catalogue.English().Text("token.tries_left", "count", n)
}
