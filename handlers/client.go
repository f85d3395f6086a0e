package handlers

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"
)

// maskPhone shows enough of a number to know it by.
func maskPhone(e164 string) string {
	n, err := phonenumbers.Parse(e164, "")
	if err != nil {
		return "your phone"
	}
	national := phonenumbers.GetNationalSignificantNumber(n)
	const shown = 2
	if len(national) <= shown {
		return "your phone"
	}
	return "+" + strings.TrimPrefix(e164[:len(e164)-len(national)], "+") +
		" " + strings.Repeat("•", len(national)-shown) + national[len(national)-shown:]
}

// inWords says a wait so that a person can plan with it.
func inWords(d time.Duration) string {
	if s := seconds(d); s < 90 {
		return plural(s, "second")
	}
	return plural(int(math.Ceil(d.Minutes())), "minute")
}

func plural(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return strconv.Itoa(n) + " " + unit + "s"
}
