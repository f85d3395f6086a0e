package signin

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/norm"

	"nod/store"
)

// What people type and paste, read as they mean it: digits of any keyboard,
// without the characters that nobody sees.

// Digits is a code as typed, in ASCII. Blanks and dashes that people paste
// with it are removed. ok is false if anything else remains.
func Digits(typed string) (code string, ok bool) {
	code = strings.Map(func(r rune) rune {
		if joins(r) {
			return -1
		}
		return r
	}, plainDigits(typed))
	return code, code != "" && strings.Trim(code, "0123456789") == ""
}

// sentCode is a code within other text: six to eight digits that stand for
// themselves.
var sentCode = regexp.MustCompile(`\b[0-9]{6,8}\b`)

// groups are runs of digits with a blank or a dash between them, as phones show
// codes.
var groups = regexp.MustCompile(`\b[0-9]+(?:[ \x{a0}\x{202f}\p{Pd}][0-9]+)*\b`)

// CodeIn is the code in what was typed or pasted: Digits, or the only code of a
// message that was copied whole, such as "Your code: 1234567" or "Code 123 4567".
// ok is false where there is none, or more than one.
func CodeIn(typed string) (code string, ok bool) {
	if code, ok = Digits(typed); ok {
		return code, true
	}
	plain := plainDigits(typed)
	found := sentCode.FindAllString(plain, -1)
	if len(found) > 0 {
		return only(found)
	}
	for _, group := range groups.FindAllString(plain, -1) {
		if joined, _ := Digits(group); sentCode.MatchString(joined) {
			found = append(found, joined)
		}
	}
	return only(found)
}

// only is what all found are; ok is false for none.
func only(found []string) (one string, ok bool) {
	same := len(slices.Compact(found)) == 1
	if !same {
		return "", false
	}
	return found[0], true
}

// joins is true for what people put between the groups of a code: blanks, dashes, a
// minus, and what a Japanese keyboard makes of one.
func joins(r rune) bool {
	return unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || strings.ContainsRune("\u2212\u30fc\uff70", r)
}

// plainDigits turns the digits of every script into ASCII, and removes what
// nobody sees.
func plainDigits(s string) string {
	return strings.Map(func(r rune) rune {
		switch value, ok := digit(r); {
		case ok:
			return '0' + value
		case store.Unseen(r) && !unicode.IsSpace(r):
			return -1
		}
		return r
	}, s)
}

// digit is the value of a decimal digit. Unicode keeps the ten of a script
// together and in order, so a range of them begins with a zero.
func digit(r rune) (value rune, ok bool) {
	for _, digits := range unicode.Nd.R16 {
		if rune(digits.Lo) <= r && r <= rune(digits.Hi) {
			return (r - rune(digits.Lo)) % 10, true
		}
	}
	for _, digits := range unicode.Nd.R32 {
		if rune(digits.Lo) <= r && r <= rune(digits.Hi) {
			return (r - rune(digits.Lo)) % 10, true
		}
	}
	return 0, false
}

// readable is a name as a page and a phone may show it, beside other words:
// composed, in one line, without what nobody sees and without marks that turn
// the direction of what follows. ok is false for text with control characters
// in it, which were hardly typed.
func readable(typed string) (text string, ok bool) {
	typed = strings.TrimSpace(typed)
	if !utf8.ValidString(typed) || strings.ContainsFunc(typed, broken) {
		return "", false
	}
	blank := func(r rune) rune {
		if unicode.IsSpace(r) || r == '\u2800' { // the empty cell of Braille
			return ' '
		}
		return r
	}
	text = store.DropUnseen(strings.Map(blank, typed), belongs)
	return norm.NFC.String(strings.Join(strings.Fields(text), " ")), true
}

// broken is true for what breaks a line or controls a terminal.
func broken(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp) }

// belongs says whether an unseen character is part of what is seen: a joiner
// between two signs of a script or picture that has use for one, and the
// choice of a variant.
func belongs(before, r, after rune) bool {
	seen := before > unicode.MaxLatin1 && unicode.IsGraphic(before) && !unicode.IsSpace(before)
	switch {
	case r == '\u200c' || r == '\u200d':
		return (seen || unicode.Is(unicode.Variation_Selector, before)) && after > unicode.MaxLatin1 && unicode.IsGraphic(after) && !unicode.IsSpace(after)
	case unicode.Is(unicode.Variation_Selector, r):
		return seen && !store.Unseen(before)
	}
	return false
}

// visible says whether there is anything to see.
func visible(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return unicode.In(r, unicode.L, unicode.N, unicode.S, unicode.P) && !store.Unseen(r)
	})
}

// length is how many characters a person would count.
func length(s string) int { return uniseg.GraphemeClusterCount(s) }

// tooLong bounds a text by what people count, and also what a single character
// may be piled up of.
func tooLong(s string, most int) bool { return len(s) > 40*most || length(s) > most }
