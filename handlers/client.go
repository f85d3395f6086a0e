package handlers

import (
	"math"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"
)

// maskPhone shows enough of a number to know it by.
func (h *Handlers) maskPhone(e164 string) string {
	const shown = 2
	var national string
	if n, err := phonenumbers.Parse(e164, ""); err == nil {
		national = phonenumbers.GetNationalSignificantNumber(n)
	}
	if len(national) <= shown {
		return h.Pages.Text("token.your_phone")
	}
	return "+" + strings.TrimPrefix(e164[:len(e164)-len(national)], "+") +
		" " + strings.Repeat("•", len(national)-shown) + national[len(national)-shown:]
}

// inWords says a wait so that a person can plan with it.
func (h *Handlers) inWords(d time.Duration) string {
	if s := seconds(d); s < 90 {
		return h.Pages.Text("duration.seconds", "count", s)
	}
	return h.Pages.Text("duration.minutes", "count", int(math.Ceil(d.Minutes())))
}
