package passwords_test

import (
	"strings"
	"testing"

	"nod/passwords"
)

func TestPasswordsThatAreTriedEarly(t *testing.T) {
	for want, list := range map[passwords.Weakness][]string{
		passwords.Stolen: {
			"password1", "Password1", "12345678", "qwertyuiop", "iloveyou", "Sunshine", "football1", "1q2w3e4r5t", "qazwsxedc", "password123", "ILoveYou2", "letmein1",
			"trustno1", "starwars", "passw0rd",
		},
		passwords.WordAndYear: {
			"Summer2024!", "michael1985!", "Winter2023", "London2012!", "Liverpool2005", "Password2024", "Autumn2022!!", "2019Orange!", "P@ssword2023", "Spring.2025",
			"charlie24121985", "Monday@2024",
		},
		passwords.WordAndSigns: {
			"Company123!", "Welcome123!", "P@ssw0rd!", "Passw0rd!1", "Dragon#12", "monkey!!!", "$ecret123", "Jessica99!", "Admin123!@#", "changeme!1", "Football!7",
			"Iloveyou!!", "Trustno1!", "!!Batman!!", "charlie4711", "Pa$$word1!", "Manchester1!", "secret...1",
		},
		passwords.Digits:    {"73014625", "19851227", "2017331846", "4711081512345"},
		passwords.Keys:      {"Qwerty2024!", "abcdefghi!", "qwertzuiop1!", "asdfghjkl;", "1qaz2wsx3edc!", "aaaaaaaaaaaaaaaaaaaaa", "abcabcabcabc", "zyxwvuts", "!@#$%^&*", "asdf1234!!", "q1w2q1w2q1w2", "24681012a", "a1b2c3d4!"},
		passwords.Guessable: {"sunshinemonkey", "PurpleOrange1", "greenmonkeys1"},
		passwords.Personal: {
			"grace.hopper1!", "GraceHopper99", "hopper1906", "grace@navy.example", "navy2024!!", "Nod12345!", "nodnodnod", "3001230199", "Grace!!!", "hopper+grace",
		},
	} {
		for _, password := range list {
			got := passwords.Check(password, "Grace Hopper", "grace.hopper@navy.example", "300 123-0199")
			if got != want {
				t.Errorf("%s: got %q, want %q", password, got, want)
			}
		}
	}
}

func TestPasswordsThatAreHardToGuess(t *testing.T) {
	for _, password := range []string{
		"correct horse battery staple", "correct horse battery", "xkqjzvwp", "k3f9x2ab", "xK9#mQ2$", "tap-happy-otter", "Ada likes correct horses",
		"пароль-который-никто-не-знает", "今日は天気がとても良いですね", "🦊🌲🌧️🚲🥖🎻🪁🧭", "Zauberflöte über Köln", "long pass long pass long pass ",
		"a horse of another colour", "jNMTC1qk5D", "h7Gt-pL2w-9QxZ", "vier graue Elefanten", "three blind mice 2024", "not the password",
		"Sphinx of black quartz, judge my vow", "uLm4tX9vR", "3.1415 is not all of it", "purple-otter7",
	} {
		if got := passwords.Check(password, "Grace Hopper", "grace.hopper@navy.example", "300 123-0199"); got != "" {
			t.Errorf("%s: got %q, want it to be taken", password, got)
		}
	}
}

// What is known of one person makes no password of another.
func TestAPersonalPasswordIsAnothersGoodOne(t *testing.T) {
	const password = "Wolkenbruchhausen"
	if got := passwords.Check(password, "Zoë", "z@example.com"); got != "" {
		t.Errorf("got %q, want it to be taken", got)
	}
	if got := passwords.Check(password, "Zoë Wolkenbruchhausen", "z@example.com"); got != passwords.Personal {
		t.Errorf("got %q, want %q", got, passwords.Personal)
	}
}

// The longest form that is read does not keep the processor busy.
func BenchmarkCheck(b *testing.B) {
	for name, password := range map[string]string{
		"usual": "Summer2024!", "long": strings.Repeat("p@ssw0rd-l1k3 ", 20), "huge": strings.Repeat("leet$0!1 ", 7000),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				passwords.Check(password, "Grace Hopper", "grace.hopper@navy.example", "300 123-0199")
			}
		})
	}
}
