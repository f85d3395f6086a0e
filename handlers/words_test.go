package handlers_test

import "nod/tools/sentence"

var words = sentence.Piece

// triesLeft is what the page says of the tries at a code; nothing once there is none.
func triesLeft(n int) string {
	if n == 0 {
		return ""
	}
	return sentence.Of("token.tries_left", "count", n)
}
