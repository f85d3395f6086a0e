package passwords_test

import (
	"slices"
	"strings"
	"testing"

	"nod/passwords"
)

// Whatever is typed, there is one answer.
func FuzzCheck(f *testing.F) {
	for _, seed := range []string{"", "Summer2024!", "\u202e\ufffd", "🦊🌲🌧️🚲", "e\u0301e\u0301", strings.Repeat("p@ssw0rd", 40), "\xff\xfe", "İstanbul1", "ẞẞẞẞẞẞẞẞ"} {
		f.Add(seed, "Grace Hopper")
	}
	answers := []passwords.Weakness{"", passwords.Stolen, passwords.Personal, passwords.Digits, passwords.Keys, passwords.WordAndYear, passwords.WordAndSigns, passwords.Guessable}
	f.Fuzz(func(t *testing.T, password, personal string) {
		weak := passwords.Check(password, personal)
		if !slices.Contains(answers, weak) {
			t.Errorf("got %q", weak)
		}
		if again := passwords.Check(password, personal); again != weak {
			t.Errorf("got %q, then %q", weak, again)
		}
	})
}
