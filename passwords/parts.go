package passwords

import (
	"math"
	"slices"
	"strings"
	"unicode"
)

// kind is what a part of a password is.
type kind int

const (
	anyPart      kind = iota // a character that follows from nothing
	wordPart                 // a word, or a password that was stolen
	personalPart             // what is known of its owner
	yearPart                 // 1900 to 2059, or a date
	rowPart                  // neighbours on the keyboard or in the alphabet, or the same again
)

// part is a stretch of a password that attackers guess as one.
type part struct {
	kind kind
	from int // where it begins
	bits float64
}

// path is a password as a row of parts.
type path []part

func (p path) count(k kind) (n int) {
	for _, part := range p {
		if part.kind == k {
			n++
		}
	}
	return n
}

func (p path) has(k kind) bool { return p.count(k) > 0 }

// The bits of a part, beside those of what is typed in capitals or in digits.
const (
	wordBits     = 14 // one of some ten thousand
	shortBits    = 2  // more for a word of four letters: nearly any four are one in some list
	personalBits = 3
	yearBits     = 7
	dateBits     = 12
	rowBits      = 6
	shortRowBits = 10 // of three letters, as come up by chance
	capitalBits  = 1  // the first letter, or all of them
	againBits    = 3  // the same once more; the same many times is less
	mixedBits    = 4
	leetBits     = 2
)

const (
	minWord  = 4
	maxWord  = 20
	minRow   = 3
	minToken = 3
)

// cheapest takes a password apart so that it is the easiest to guess, and says
// how easy that is.
func cheapest(typed []rune, personal []string) (path, float64) {
	s := newSpelling(typed, personal)
	best := make([]part, len(typed)+1) // ends there; bits are those from the beginning
	for end := 1; end <= len(typed); end++ {
		best[end].bits = math.Inf(1)
		for from := max(0, end-maxWord); from < end; from++ {
			kind, bits := s.guess(from, end)
			if total := best[from].bits + bits; total < best[end].bits {
				best[end] = part{kind, from, total}
			}
		}
	}
	var found path
	for end := len(typed); end > 0; end = best[end].from {
		found = append(found, best[end])
	}
	return found, best[len(typed)].bits
}

// guess says what a stretch is at its easiest.
func (s *spelling) guess(from, end int) (kind, float64) {
	if end-from == 1 {
		return anyPart, s.single(from)
	}
	bits, found := math.Inf(1), anyPart
	note := func(k kind, b float64) {
		if b < bits {
			bits, found = b, k
		}
	}
	if s.sameAgain(from, end) {
		note(rowPart, s.single(from)+againBits/float64(end-from-1))
	}
	if end-from >= minRow && (s.sequence(from, end) || s.keys(from, end)) {
		note(rowPart, s.row(from, end)+s.capitals(from, end))
	}
	switch text := s.folded[from:end]; {
	case year(text):
		note(yearPart, yearBits)
	case date(text):
		note(yearPart, dateBits)
	}
	if end-from >= minToken && slices.Contains(s.personal, string(s.folded[from:end])) {
		note(personalPart, personalBits+s.capitals(from, end))
	}
	if end-from >= minWord {
		note(wordPart, s.word(from, end))
	}
	return found, bits
}

// single is how hard one character is to guess.
func (s *spelling) single(i int) float64 {
	switch r := s.typed[i]; {
	case unicode.IsDigit(r):
		if s.digitsAlone {
			return digitsAlone
		}
		return 4.5
	case r < unicode.MaxASCII && unicode.IsLower(r):
		return 5
	case r < unicode.MaxASCII:
		return 6
	case unicode.In(r, unicode.Han, unicode.Hangul), unicode.IsSymbol(r):
		return 10
	case unicode.IsMark(r), !unicode.IsGraphic(r):
		return 0 // it belongs to the one before
	}
	return 6
}

func (s *spelling) sameAgain(from, end int) bool {
	for _, r := range s.typed[from+1 : end] {
		if r != s.typed[from] {
			return false
		}
	}
	return true
}

// sequence is true for neighbours in an alphabet, each or every second, upwards or
// downwards, and for two of these in turn: abc, 2468, 987, a1b2c3.
func (s *spelling) sequence(from, end int) bool {
	return s.steps(from, end, 1) || end-from > minRow+1 && s.steps(from, end, 2)
}

// steps is true if each character follows from the one so many before it, all in the
// same way.
func (s *spelling) steps(from, end, apart int) bool {
	step := s.folded[from+apart] - s.folded[from]
	if step == 0 || step > 2 || step < -2 {
		return false
	}
	for i := from + apart; i < end; i++ {
		if s.folded[i]-s.folded[i-apart] != step {
			return false
		}
	}
	return true
}

// row is how hard a row of keys or a sequence is to guess.
func (s *spelling) row(from, end int) float64 {
	if end-from == minRow && unicode.IsLetter(s.typed[from]) {
		return shortRowBits
	}
	return rowBits
}

// keyRows are neighbours on keyboards, along the rows and down the columns.
var keyRows = func() (all []string) {
	for _, row := range []string{
		"1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn",
		"!@#$%^&*()", "!\"§$%&/()=", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p", "qazwsxedcrfvtgbyhnujmikolp", "1q2w3e4r5t6y7u8i9o0p",
		"йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю", "741852963", "147258369", "159357",
	} {
		backwards := []rune(row)
		slices.Reverse(backwards)
		all = append(all, row, string(backwards))
	}
	return all
}()

func (s *spelling) keys(from, end int) bool {
	text := string(s.folded[from:end])
	return slices.ContainsFunc(keyRows, func(row string) bool { return strings.Contains(row, text) })
}

// year is true for four digits that are one.
func year(text []rune) bool {
	return len(text) == 4 && allDigits(text) && (string(text[:2]) == "19" || string(text[:2]) == "20" && text[2] < '6')
}

// date is true for a day of a year, in any order: 241285, 19851224.
func date(text []rune) bool {
	if !allDigits(text) || len(text) != 6 && len(text) != 8 {
		return false
	}
	value := func(from, n int) (v int) {
		for _, r := range text[from : from+n] {
			v = 10*v + int(r-'0')
		}
		return v
	}
	day := func(a, b int) bool { return a >= 1 && b >= 1 && a <= 31 && b <= 31 && min(a, b) <= 12 }
	last := len(text) - 2
	return day(value(0, 2), value(2, 2)) && (last == 4 || year(text[4:])) ||
		day(value(last-2, 2), value(last, 2)) && (last == 4 || year(text[:4]))
}

func allDigits(text []rune) bool {
	return !slices.ContainsFunc(text, func(r rune) bool { return r < '0' || r > '9' })
}
