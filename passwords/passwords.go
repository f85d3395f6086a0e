// Package passwords says whether a password is one that attackers try early, and
// why.
//
// Owns: the list of stolen passwords and of words, kept as two Bloom filters, and
// what counts as a pattern.
// Promises: an answer in less than two milliseconds, whatever was typed; nothing is
// asked of anybody.
// Never: keeps, logs or returns a password. One in a million good passwords is
// taken for a stolen one.
package passwords

import (
	"math"
	"strings"
	"unicode"
)

// Weakness is why a password is refused; "" for one that is not.
type Weakness string

// The reasons.
const (
	Stolen       Weakness = "stolen"         // it is in lists of stolen passwords
	Personal     Weakness = "personal"       // it is made of what is known of its owner, or of the site
	Digits       Weakness = "digits"         // there is nothing else in it
	Keys         Weakness = "keys"           // a row of keys, a sequence, a repetition
	WordAndYear  Weakness = "word_and_year"  // Summer2024!
	WordAndSigns Weakness = "word_and_signs" // P@ssword12!
	Guessable    Weakness = "guessable"      // two common words, and more of that kind
)

const (
	// enough is how hard a password is to guess, in bits: two common words and
	// two signs, or any eight letters.
	enough = 35

	// maxLooked is how much of a password is looked at, in characters. Whoever
	// types more than that has passed, or repeats.
	maxLooked = 48

	// digitsAlone is how hard a digit is to guess where all are digits: birthdays
	// and telephone numbers.
	digitsAlone = 2.5
)

// Check says what is wrong with a password. personal is what is known of its
// owner: name, e-mail, telephone number; and of the site.
func Check(password string, personal ...string) Weakness {
	folded := strings.ToLower(password)
	if lists().stolen.TestString(folded) {
		return Stolen
	}
	typed := []rune(password)
	typed = typed[:min(len(typed), maxLooked)]
	block, times := repeated(typed)
	path, bits := cheapest(block, tokens(personal))
	if bits+math.Log2(float64(times)) >= enough {
		return ""
	}
	return path.weakness(block, times)
}

// weakness names the pattern of a password that is too easy.
func (p path) weakness(typed []rune, times int) Weakness {
	switch {
	case p.has(personalPart):
		return Personal
	case !strings.ContainsFunc(string(typed), func(r rune) bool { return !unicode.IsDigit(r) }):
		return Digits
	case p.count(wordPart) == 0 && (times > 1 || p.has(rowPart)):
		return Keys
	case p.count(wordPart) == 1 && p.has(yearPart):
		return WordAndYear
	case p.count(wordPart) == 1 && times == 1:
		return WordAndSigns
	}
	return Guessable
}

// repeated finds the shortest block that a password repeats, and how often.
func repeated(typed []rune) (block []rune, times int) {
	for size := 1; size <= len(typed)/2; size++ {
		if strings.HasPrefix(string(typed[size:]), string(typed[:len(typed)-size])) {
			return typed[:size], len(typed) / size
		}
	}
	return typed, 1
}

// tokens are the parts of what is known of somebody that may come up in a
// password.
func tokens(personal []string) []string {
	found := []string{"nod"}
	for _, known := range personal {
		known = strings.ToLower(known)
		parts := strings.FieldsFunc(known, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) })
		for _, part := range append(parts, strings.Join(parts, "")) {
			if n := len([]rune(part)); n >= 5 || n >= minToken && !allDigits([]rune(part)) {
				found = append(found, part)
			}
		}
	}
	return found
}
