package e2e

import (
	"fmt"

	"nod/tools/sentence"
)

var words = sentence.Piece

// says is the condition that a text of the page holds a sentence.
func says(text, key string) string { return fmt.Sprintf("%s.includes(%q)", text, words(key)) }
