package signin_test

import (
	"errors"
	"strings"
	"testing"
	"unicode"

	"nod/signin"
)

func TestDigitsOfEveryKeyboard(t *testing.T) {
	for name, typed := range map[string]string{
		"as it is":              "1234567",
		"Arabic":                "١٢٣٤٥٦٧",
		"Persian":               "۱۲۳۴۵۶۷",
		"Devanagari":            "१२३४५६७",
		"full width":            "１２３４５６７",
		"mathematical":          "𝟏𝟐𝟑𝟒𝟓𝟔𝟕",
		"no-break hyphen":       "123\u20114567",
		"Japanese long mark":    "１２３ー４５６７",
		"embedding marks":       "\u202a123 4567\u202c",
		"no-break blanks":       "\u00a0123\u202f4567\u00a0",
		"zero width characters": "\ufeff123\u200b4567\u2060",
		"dashes":                "123–45-67",
	} {
		if got, ok := signin.Digits(typed); !ok || got != "1234567" {
			t.Errorf("%s: got %q, %v", name, got, ok)
		}
	}
	for _, typed := range []string{"", "\u200b", "12345a7", "½34567", "Ⅷ34567", "³456789", "12.34567"} {
		if got, ok := signin.Digits(typed); ok {
			t.Errorf("%q: taken as %q", typed, got)
		}
	}
}

func TestTheCodeOfAMessageThatWasPasted(t *testing.T) {
	for typed, want := range map[string]string{
		"Your code: 1234567": "1234567", "1234567 is your Nod code. It is valid for 10 minutes.": "1234567",
		"Your code is 123456.\n\n@nod.example #123456": "123456", "Ihr Code lautet １２３４５６７": "1234567", "رمزك: ١٢٣٤٥٦٧": "1234567",
		"123 4567": "1234567", "Ihr Code: 510 5512": "5105512", "510-5512 ist Ihr Code, 10 Minuten lang": "5105512",
	} {
		if got, ok := signin.CodeIn(typed); !ok || got != want {
			t.Errorf("%q: got %q, %v, want %s", typed, got, ok, want)
		}
	}
	for _, typed := range []string{"", "no code", "1234567 or 7654321", "call +12015550123", "call 201 555 0123", "510 5512 or 510 5513", "a1234567", "1234567b", "12.34567"} {
		if got, ok := signin.CodeIn(typed); ok {
			t.Errorf("%q: taken as %q", typed, got)
		}
	}
}

func TestTheRecoveryCodeOfALineThatWasPasted(t *testing.T) {
	const want = "k3d9xq2m7vbt0rjw"
	for _, typed := range []string{"k3d9-xq2m-7vbt-0rjw", "3. K3D9-XQ2M-7VBT-0RJW", "For ada@example.com at Nod: k3d9-xq2m-7vbt-orjw", "k3d9 xq2m 7vbt 0rjw"} {
		if got, ok := signin.RecoveryCode(typed); !ok || got != want {
			t.Errorf("%q: got %q, %v", typed, got, ok)
		}
	}
	for _, typed := range []string{"", "k3d9-xq2m-7vbt", "1. k3d9-xq2m-7vbt-0rjw 2. a3d9-xq2m-7vbt-0rjw", "1234567"} {
		if got, ok := signin.RecoveryCode(typed); ok {
			t.Errorf("%q: taken as %q", typed, got)
		}
	}
}

// Unicode keeps the digits of a script together: what Digits rests on.
func TestEveryRangeOfDigitsBeginsWithAZero(t *testing.T) {
	for _, digits := range unicode.Nd.R16 {
		if digits.Stride != 1 || (digits.Hi-digits.Lo+1)%10 != 0 {
			t.Errorf("%U to %U are not tens", digits.Lo, digits.Hi)
		}
	}
	for _, digits := range unicode.Nd.R32 {
		if digits.Stride != 1 || (digits.Hi-digits.Lo+1)%10 != 0 {
			t.Errorf("%U to %U are not tens", digits.Lo, digits.Hi)
		}
	}
}

func TestAmountsAsPeopleTypeThem(t *testing.T) {
	for typed, want := range map[string]string{
		"12.5": "12.50", "12,50": "12.50", "12.": "12.00", "1 000 000": "1000000.00", "1\u202f200,50": "1200.50",
		"１２．５": "12.50", "１２。５０": "12.50", "١٢٫٥٠": "12.50", "۱۲٫۵": "12.50", "١٬٢٠٠٫٥": "1200.50",
		"\u202a12.50\u202c": "12.50", "\u00a012.50\u00a0": "12.50", "12\u200b.50": "12.50",
		"1,000.50": "1000.50", "1.000,50": "1000.50", "1.000.000": "1000000.00", "1,000,000.00": "1000000.00",
		"1'200.50": "1200.50", "1’200": "1200.00", "000012": "12.00",
	} {
		got, err := signin.ParseMoney("Grace", typed, "EUR", "1,000,000")
		if err != nil || got.Amount() != want {
			t.Errorf("%q: got %s, %v, want %s", typed, got.Amount(), err, want)
		}
	}
	for _, typed := range []string{
		"", "0", ".5", "-1", "+1", "12.505", "1 00", "12 5000", "1 0000", "1000000.01", "12\n50", "1e3", "12 .5",
		"1,000,50", "1.000 50", "1 000.000,5", "1,0000.00", ",000", "1,,000", "10.00.00",
	} {
		if got, err := signin.ParseMoney("Grace", typed, "EUR", "1,000,000"); err == nil {
			t.Errorf("%q: taken as %s", typed, got.Amount())
		}
	}
}

// "1,000" is a thousand for who groups by commas, and may be one for who does not.
func TestAnAmountThatReadsTwoWaysIsRefused(t *testing.T) {
	for _, test := range []struct {
		typed   string
		million string
		want    string // "" for one that is refused as ambiguous
	}{
		{"1,000", "1,000,000", "1000.00"}, {"1.000", "1.000.000", "1000.00"}, {"1'000", "1'000'000", "1000.00"}, {"1 000", "1,000,000", "1000.00"},
		{"1.000", "1,000,000", ""}, {"1,000", "1.000.000", ""}, {"1,000", "1 000 000", ""}, {"12.345", "1 000 000", ""},
	} {
		got, err := signin.ParseMoney("Grace", test.typed, "EUR", test.million)
		if test.want == "" {
			var problems signin.Problems
			if !errors.As(err, &problems) || problems[signin.FieldAmount] != signin.AmountAmbiguous {
				t.Errorf("%q of who writes %q: got %s, %v, want that it is ambiguous", test.typed, test.million, got.Amount(), err)
			}
		} else if err != nil || got.Amount() != test.want {
			t.Errorf("%q of who writes %q: got %s, %v, want %s", test.typed, test.million, got.Amount(), err, test.want)
		}
	}
	// Yen have no decimals, so a point is none of them either.
	if got, err := signin.ParseMoney("Grace", "1.000", "JPY", "1.000.000"); err != nil || got.Amount() != "1000" {
		t.Errorf("got %s, %v", got.Amount(), err)
	}
}

// What cannot be read is told what is wrong with it: no number in groups begins with 0,
// and groups are of three, or as their reader makes them.
func TestWhatIsWrongWithAnAmount(t *testing.T) {
	const english, german, indian = "1,000,000", "1.000.000", "10,00,000"
	for _, test := range []struct {
		typed, currency, million string
		want                     signin.Problem // "" for none
	}{
		{"0.500", "EUR", german, signin.AmountDecimals}, {"0,500", "EUR", english, signin.AmountDecimals},
		{"0.050", "EUR", german, signin.AmountDecimals}, {"00.125", "EUR", german, signin.AmountDecimals},
		{"0,001", "EUR", german, signin.AmountDecimals}, {"0.001", "JPY", german, signin.AmountDecimals},
		{"12.505", "EUR", english, signin.AmountAmbiguous}, {"1012.505", "EUR", english, signin.AmountDecimals},
		{"10,5", "JPY", german, signin.AmountDecimals}, {"0.5", "EUR", german, ""},
		{"000.500.000", "EUR", german, signin.AmountMalformed}, {"012,000.50", "EUR", english, signin.AmountMalformed},
		{"1.00.000", "EUR", english, signin.AmountMalformed}, {"1,00,000", "EUR", german, signin.AmountMalformed},
		{"1,00,000", "EUR", english, signin.AmountMalformed}, {"1,00,000", "EUR", indian, ""}, {"10,00,000.00", "EUR", indian, ""},
		{"100,000", "EUR", indian, ""}, {"1,000,000", "EUR", indian, ""}, {"100,00,000", "EUR", indian, signin.AmountMalformed}, {"1,00,0000", "EUR", indian, signin.AmountMalformed},
		{"12 €", "EUR", german, signin.AmountNamed}, {"£5", "GBP", english, signin.AmountNamed}, {"chf 12.50", "CHF", english, signin.AmountNamed},
		{"twelve", "EUR", english, signin.AmountMalformed},
	} {
		got, err := signin.ParseMoney("Grace", test.typed, test.currency, test.million)
		var problems signin.Problems
		errors.As(err, &problems)
		if problems[signin.FieldAmount] != test.want {
			t.Errorf("%q %s of who writes %s: got %q (%s), want %q", test.typed, test.currency, test.million, problems[signin.FieldAmount], got.Amount(), test.want)
		}
	}
}

func TestPayeesShowNothingElseThanTheirName(t *testing.T) {
	for name, test := range map[string]struct{ typed, want string }{
		"as it is":                 {"Grace Hopper", "Grace Hopper"},
		"right-to-left override":   {"Grace\u202e  RUE 00.1 dneS", "Grace RUE 00.1 dneS"},
		"isolate that stays open":  {"Grace\u2067", "Grace"},
		"marks of a contact card":  {"\u202aGrace\u202c", "Grace"},
		"Arabic letter mark":       {"\u061cGrace", "Grace"},
		"zero width space, filler": {"Gr\u200bace\u3164", "Grace"},
		"tags":                     {"Grace\U000e0041\U000e007f", "Grace"},
		"pushed off the line":      {"Grace\u00a0\u2003\u2800\u3000Amount: 1.00 EUR", "Grace Amount: 1.00 EUR"},
		"accent apart":             {"Zoe\u0308", "Zo\u00eb"},
		"joiner of Persian":        {"\u0646\u0627\u0645\u0647\u200c\u0627\u06cc", "\u0646\u0627\u0645\u0647\u200c\u0627\u06cc"},
		"joiner at the end":        {"\u0646\u0627\u0645\u0647\u200d", "\u0646\u0627\u0645\u0647"},
		"a picture of several":     {"👩\u200d👧 ❤\ufe0f", "👩\u200d👧 ❤\ufe0f"},
		"variant of a Japanese":    {"葛\U000e0100城", "葛\U000e0100城"},
		"Latin with joiners":       {"Gr\u200da\ufe0fce", "Grace"},
	} {
		got, err := signin.ParseMoney(test.typed, "1", "EUR", "1,000,000")
		if err != nil || got.Payee != test.want {
			t.Errorf("%s: got %+q, %v, want %+q", name, got.Payee, err, test.want)
		}
	}
	for name, test := range map[string]struct {
		typed string
		want  signin.Problem
	}{
		"nothing":          {"", signin.PayeeMalformed},
		"nothing to see":   {"\u200b", signin.PayeeMalformed},
		"blanks":           {"\u00a0\u3000\u2800", signin.PayeeMalformed},
		"a mark alone":     {"\u0301", signin.PayeeMalformed},
		"too long":         {strings.Repeat("a", 81), signin.PayeeMalformed},
		"piled up":         {"a" + strings.Repeat("\u0316", 200), signin.PayeeMalformed},
		"line feed":        {"Grace\nAmount: 1.00 EUR", signin.PayeeUnreadable},
		"line separator":   {"Grace\u2028Amount", signin.PayeeUnreadable},
		"NUL":              {"Gr\x00ace", signin.PayeeUnreadable},
		"escape":           {"Grace\x1b[2K", signin.PayeeUnreadable},
		"bytes of no text": {"Gr\xffce", signin.PayeeUnreadable},
	} {
		_, err := signin.ParseMoney(test.typed, "1", "EUR", "1,000,000")
		var problems signin.Problems
		if !errors.As(err, &problems) || problems[signin.FieldPayee] != test.want {
			t.Errorf("%s: got %v (%v), want %s", name, err, problems, test.want)
		}
	}
}

// What the header of a browser says stands on the phone beside the number.
func TestBrowserNamesShowNothingElse(t *testing.T) {
	for _, agent := range []string{"Fire\u202efox/1.0", "Firefox/\u202e1.0 (\u2067)", "\u200b/1.0", "Fire\x00fox/1.0 (X11; Linux)"} {
		got := signin.BrowserName(agent)
		if got == "" || strings.ContainsFunc(got, func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf) }) {
			t.Errorf("%+q: got %+q", agent, got)
		}
	}
}
