// Package sentence gives tests the English sentences of the pages by their keys, so that
// no test holds a sentence.
package sentence

import (
	"slices"
	"strings"
	"sync"

	"nod/locales"
)

var catalogue = sync.OnceValues(locales.New)

// Of is a sentence with its arguments filled in. It panics where there is none.
func Of(key string, args ...any) string {
	all, err := catalogue()
	if err != nil {
		panic(err)
	}
	text := all.English().Text(key, args...)
	if text == key {
		panic("there is no sentence " + key)
	}
	return text
}

// Piece is a sentence, or of one that takes arguments the longest piece between them.
func Piece(key string) string {
	pieces := strings.Split(Of(key), "<no value>")
	return strings.TrimSpace(slices.MaxFunc(pieces, func(a, b string) int { return len(a) - len(b) }))
}
