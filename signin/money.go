package signin

import (
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
	AmountMalformed Problem = "amount.malformed"
	CurrencyUnknown Problem = "currency.unknown"
	TransferPending Problem = "transfer.pending"
)

// ParseMoney reads a transfer as typed. Problems.
func ParseMoney(payee, amount, currency string) (Money, error) {
	m, p := Money{Payee: payee, Currency: currency}, Problems{}
	if n := utf8.RuneCountInString(payee); n == 0 || n > maxPayee || !utf8.ValidString(payee) {
		p[FieldPayee] = PayeeMalformed
	}
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

// decimals is how many digits a currency has after the point.
func decimals(code string) int {
	unit, err := currency.ParseISO(code)
	if err != nil {
		return 2
	}
	scale, _ := currency.Standard.Rounding(unit)
	return scale
}

// parseAmount reads "12", "12.5" or "12,50" as minor units. More decimals than
// the currency has are refused, not rounded.
func parseAmount(text string, scale int) (minor int64, ok bool) {
	whole, part, _ := strings.Cut(strings.ReplaceAll(text, ",", "."), ".")
	if whole == "" || len(whole) > 7 || len(part) > scale {
		return 0, false
	}
	minor, err := strconv.ParseInt(whole+part+strings.Repeat("0", scale-len(part)), 10, 64)
	limit := int64(maxAmount)
	for range scale {
		limit *= 10
	}
	return minor, err == nil && minor > 0 && minor <= limit && !strings.ContainsAny(text, "+-")
}
