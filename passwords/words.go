package passwords

import (
	"math"
	"slices"
	"strings"
	"unicode"
)

// spelling is a password in the ways that words are looked for in it.
type spelling struct {
	typed    []rune
	folded   []rune
	leet     [][]rune // with letters in the place of the digits and signs that look like them
	personal []string

	digitsAlone bool
}

// looksLike are the signs that are typed for letters. "1" and "!" may be an i or
// an l.
var looksLike = map[rune]string{
	'4': "a", '@': "a", '8': "b", '3': "e", '€': "e", '6': "g", '9': "g", '1': "il", '!': "il", '|': "il", '0': "o",
	'5': "s", '$': "s", '7': "t", '+': "t", '2': "z",
}

func newSpelling(typed []rune, personal []string) *spelling {
	folded := make([]rune, len(typed))
	for i, r := range typed {
		folded[i] = unicode.ToLower(r)
	}
	s := &spelling{typed: typed, folded: folded, personal: personal, digitsAlone: allDigits(typed)}
	for choice := range 2 {
		plain := slices.Clone(folded)
		for i, r := range plain {
			if letters := looksLike[r]; letters != "" {
				plain[i] = rune(letters[min(choice, len(letters)-1)])
			}
		}
		s.leet = append(s.leet, plain)
	}
	return s
}

// word is how hard a stretch is to guess as a word of the list; infinite if it is
// none.
func (s *spelling) word(from, end int) float64 {
	text := s.folded[from:end]
	letters := 0
	for _, r := range text {
		if unicode.IsLetter(r) || unicode.IsMark(r) {
			letters++
		} else if looksLike[r] == "" {
			return math.Inf(1)
		}
	}
	bits := wordBits + s.capitals(from, end)
	if end-from == minWord {
		bits += shortBits
	}
	switch {
	case letters == len(text):
		if known(text) {
			return bits
		}
	case 2*letters >= len(text):
		for _, plain := range s.leet {
			if known(plain[from:end]) {
				return bits + leetBits
			}
		}
	}
	return math.Inf(1)
}

func known(word []rune) bool { return lists().words.TestString(string(word)) }

// capitals is what capitals add.
func (s *spelling) capitals(from, end int) float64 {
	upper := func(text []rune) int { return len(strings.Map(onlyUpper, string(text))) }
	switch all, first := upper(s.typed[from:end]), upper(s.typed[from:from+1]); {
	case all == 0:
		return 0
	case all == first, all == upper(uppercase(s.typed[from:end])):
		return capitalBits
	}
	return mixedBits
}

func onlyUpper(r rune) rune {
	if unicode.IsUpper(r) {
		return r
	}
	return -1
}

func uppercase(text []rune) []rune { return []rune(strings.ToUpper(string(text))) }
