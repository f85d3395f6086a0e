package signin

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/currency"
)

// Currencies are those that a transfer may be in, by ISO 4217.
var Currencies = []string{"EUR", "USD", "GBP", "CHF", "JPY"}

const maxPayee = 80

// MaxAmount is the most that a transfer may be about, in major units.
const MaxAmount = 1_000_000

// Money is what a transfer is about.
type Money struct {
	Payee    string
	Minor    int64  // in the smallest unit of the currency
	Currency string // ISO 4217
}

// Amount is an amount as forms send it again: "1012.50".
func (m Money) Amount() string {
	scale := m.Decimals()
	digits := strconv.FormatInt(m.Minor, 10)
	if scale > 0 {
		for len(digits) <= scale {
			digits = "0" + digits
		}
		digits = digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
	}
	return digits
}

// Decimals is how many digits the currency has after the point.
func (m Money) Decimals() int { return decimals(m.Currency) }

// What can be wrong with a transfer.
const (
	PayeeMalformed  Problem = "payee.malformed"
	PayeeUnreadable Problem = "payee.unreadable"
	AmountMalformed Problem = "amount.malformed"
	AmountAmbiguous Problem = "amount.ambiguous"
	AmountDecimals  Problem = "amount.decimals" // more than the currency has
	AmountNamed     Problem = "amount.named"    // with its currency
	CurrencyUnknown Problem = "currency.unknown"
	TransferPending Problem = "transfer.pending"
)

// ParseMoney reads a transfer as typed by somebody who writes a million like this:
// "1,000,000", "10,00,000". What the phone shows and what the page shows is the payee
// that it returns, not what was typed. Problems.
func ParseMoney(payee, amount, currency, million string) (Money, error) {
	m, p := Money{Currency: currency}, Problems{}
	name, readable := readable(payee)
	m.Payee = name
	p.note(FieldPayee, payeeProblem(name, readable))
	if !slices.Contains(Currencies, currency) {
		p[FieldCurrency] = CurrencyUnknown
		return m, p
	}
	minor, problem := parseAmount(amount, m.Decimals(), million)
	m.Minor = minor
	p.note(FieldAmount, problem)
	if len(p) > 0 {
		return m, p
	}
	return m, nil
}

func payeeProblem(payee string, ok bool) Problem {
	switch {
	case !ok:
		return PayeeUnreadable
	case !visible(payee) || length(payee) > maxPayee || utf8.RuneCountInString(payee) > 2*maxPayee:
		return PayeeMalformed
	}
	return ""
}

// decimals is how many digits a currency has after the point.
func decimals(code string) int {
	unit, err := currency.ParseISO(code)
	if err != nil {
		return 2
	}
	scale, _ := currency.Standard.Rounding(unit)
	return scale
}

// spellings are the points, commas, blanks and apostrophes of other keyboards.
var spellings = strings.NewReplacer("\u066b", ".", "\uff0e", ".", "\u3002", ".", "\uff61", ".", "\uff0c", ",", "\u3001", ",",
	"\u00a0", " ", "\u202f", " ", "\u2009", " ", "\u3000", " ", "\u066c", " ", "\u2019", "'", "\u02bc", "'")

// parseAmount reads "12", "12.5", "12,50", "1 200" or "1,200.00" as minor units. More
// decimals than the currency has are refused, not rounded.
func parseAmount(typed string, scale int, million string) (minor int64, problem Problem) {
	text := plainAmount(typed)
	if named(text) {
		return 0, AmountNamed
	}
	whole, decimals, ambiguous := splitAmount(text, plainAmount(million))
	if ambiguous {
		return 0, AmountAmbiguous
	}
	digits, ok := ungrouped(whole, plainAmount(million))
	if !ok || strings.Trim(decimals, "0123456789") != "" {
		return 0, AmountMalformed
	}
	if len(decimals) > scale {
		return 0, AmountDecimals
	}
	minor, err := strconv.ParseInt(digits+decimals+strings.Repeat("0", scale-len(decimals)), 10, 64)
	limit := int64(MaxAmount)
	for range scale {
		limit *= 10
	}
	if err != nil || minor <= 0 || minor > limit {
		return 0, AmountMalformed
	}
	return minor, ""
}

func plainAmount(typed string) string {
	return strings.TrimSpace(spellings.Replace(plainDigits(typed)))
}

// named says whether an amount has its currency with it.
func named(text string) bool {
	text = strings.ToUpper(text)
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Sc, r) }) ||
		slices.ContainsFunc(Currencies, func(code string) bool { return strings.Contains(text, code) })
}

// splitAmount finds the decimals: they follow the last point or comma, unless that
// comes twice. Before three digits it may as well group them. Then it does for who
// groups by it, and for anybody else nobody knows.
func splitAmount(text, million string) (whole, decimals string, ambiguous bool) {
	at := strings.LastIndexAny(text, ".,")
	if at < 0 || strings.Count(text, text[at:at+1]) > 1 {
		return text, "", false
	}
	_, groups := ungrouped(text, million)
	switch {
	case groups && strings.Contains(million, text[at:at+1]):
		return text, "", false
	case groups:
		return "", "", true
	}
	return text[:at], text[at+1:], false
}

// ungrouped are the digits of a whole number, which may be in groups of three, or as
// its reader writes a million: of two before the last three, in India. No number in
// groups begins with 0.
func ungrouped(whole, million string) (digits string, ok bool) {
	mark := strings.IndexFunc(whole, func(r rune) bool { return r < '0' || r > '9' })
	if mark < 0 {
		return whole, whole != ""
	}
	groups, inner := strings.Split(whole, whole[mark:mark+1]), 3
	if strings.HasPrefix(million, "10") && len(groups[1]) == 2 && strings.Contains(million, whole[mark:mark+1]) {
		inner = 2
	}
	for i, group := range groups {
		want := inner
		if i == len(groups)-1 {
			want = 3
		}
		if i == 0 && (group == "" || group[0] == '0' || len(group) > inner) || i > 0 && len(group) != want || strings.Trim(group, "0123456789") != "" {
			return "", false
		}
	}
	return strings.Join(groups, ""), strings.Contains(" .,'", whole[mark:mark+1])
}
