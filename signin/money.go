package signin

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/currency"
)

// Currencies are those that a transfer may be in, by ISO 4217.
var Currencies = []string{"EUR", "USD", "GBP", "CHF", "JPY"}

const (
	maxPayee  = 80
	maxAmount = 1_000_000 // in major units
)

// Money is what a transfer is about.
type Money struct {
	Payee    string
	Minor    int64  // in the smallest unit of the currency
	Currency string // ISO 4217
}

// Amount is how an amount reads everywhere, on the page and on the phone:
// "12.50".
func (m Money) Amount() string {
	scale := decimals(m.Currency)
	digits := strconv.FormatInt(m.Minor, 10)
	if scale > 0 {
		for len(digits) <= scale {
			digits = "0" + digits
		}
		digits = digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
	}
	return digits
}

// String is the amount with its currency: "12.50 EUR".
func (m Money) String() string { return m.Amount() + " " + m.Currency }

// What can be wrong with a transfer.
const (
	PayeeMalformed  Problem = "payee.malformed"
	PayeeUnreadable Problem = "payee.unreadable"
	AmountMalformed Problem = "amount.malformed"
	CurrencyUnknown Problem = "currency.unknown"
	TransferPending Problem = "transfer.pending"
)

// ParseMoney reads a transfer as typed. What the phone shows and what the page
// shows is the payee that it returns, not what was typed. Problems.
func ParseMoney(payee, amount, currency string) (Money, error) {
	m, p := Money{Currency: currency}, Problems{}
	name, readable := readable(payee)
	m.Payee = name
	p.note(FieldPayee, payeeProblem(name, readable))
	if !slices.Contains(Currencies, currency) {
		p[FieldCurrency] = CurrencyUnknown
		return m, p
	}
	var ok bool
	if m.Minor, ok = parseAmount(amount, decimals(currency)); !ok {
		p[FieldAmount] = AmountMalformed
	}
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

// amounts are digits, whole or in groups of three, and decimals. A point or
// comma is always that of the decimals.
var amounts = regexp.MustCompile(`^(\d{1,7}|\d{1,3}(?: \d{3})+)(?:[.,](\d*))?$`)

// marks are the points, commas and blanks of other keyboards.
var marks = strings.NewReplacer("\u066b", ".", "\uff0e", ".", "\u3002", ".", "\uff61", ".", "\uff0c", ",", "\u3001", ",", "\u00a0", " ", "\u202f", " ", "\u2009", " ", "\u3000", " ", "\u066c", " ")

// parseAmount reads "12", "12.5", "12,50" or "1 200" as minor units. More
// decimals than the currency has are refused, not rounded.
func parseAmount(text string, scale int) (minor int64, ok bool) {
	found := amounts.FindStringSubmatch(strings.TrimSpace(marks.Replace(plainDigits(text))))
	if found == nil || len(found[2]) > scale {
		return 0, false
	}
	whole := strings.ReplaceAll(found[1], " ", "")
	minor, err := strconv.ParseInt(whole+found[2]+strings.Repeat("0", scale-len(found[2])), 10, 64)
	limit := int64(maxAmount)
	for range scale {
		limit *= 10
	}
	return minor, err == nil && minor > 0 && minor <= limit
}
