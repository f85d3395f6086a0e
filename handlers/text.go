package handlers

import (
	"math"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/nyaruka/phonenumbers"

	"nod/signin"
	"nod/views"
)

// sentences are the problems of a form as its page shows them, by field.
func (h *Handlers) sentences(c *fiber.Ctx, problems signin.Problems) map[string]string {
	return h.sentencesOf(c, problems, 2)
}

// sentencesOf are those about a form whose amounts have so many decimals.
func (h *Handlers) sentencesOf(c *fiber.Ctx, problems signin.Problems, decimals int) map[string]string {
	texts := map[string]string{}
	r := h.reader(c)
	for field, problem := range problems {
		texts[string(field)] = r.Text("problem."+string(problem), "example", r.Amount(int64(12.5*math.Pow10(decimals)), decimals), "most", r.Amount(signin.MaxAmount, 0))
	}
	return texts
}

// setProblemStatus sets the status of a form that comes back with its problems, and
// when to send it again. 422 says that it has to be changed first.
func setProblemStatus(c *fiber.Ctx, problems signin.Problems) {
	switch problems[signin.FieldForm] {
	case signin.SignUpUnavailable:
		c.Status(fiber.StatusServiceUnavailable)
		setRetryAfter(c, time.Minute)
	case signin.SignUpRateLimited:
		c.Status(fiber.StatusTooManyRequests)
		setRetryAfter(c, time.Minute)
	default:
		c.Status(fiber.StatusUnprocessableEntity)
	}
}

// maskPhone shows enough of a number to recognise it, in one piece.
func (h *Handlers) maskPhone(c *fiber.Ctx, e164 string) string {
	const shown = 2
	var national string
	if n, err := phonenumbers.Parse(e164, ""); err == nil {
		national = phonenumbers.GetNationalSignificantNumber(n)
	}
	if len(national) <= shown {
		return h.text(c, "token.your_phone")
	}
	return "+" + strings.TrimPrefix(e164[:len(e164)-len(national)], "+") +
		"\u00a0" + strings.Repeat("•", len(national)-shown) + national[len(national)-shown:]
}

// wholePhone is a number in groups, as people read it, in one piece.
func wholePhone(e164 string) string {
	n, err := phonenumbers.Parse(e164, "")
	if err != nil {
		return e164
	}
	return strings.ReplaceAll(phonenumbers.Format(n, phonenumbers.INTERNATIONAL), " ", "\u00a0")
}

// ceilSeconds rounds up, so that nobody is told to come back too early.
func ceilSeconds(d time.Duration) int { return max(1, int(math.Ceil(d.Seconds()))) }

// timeOf is a time as a page shows it, to the minute.
func (h *Handlers) timeOf(c *fiber.Ctx, t time.Time) views.Time {
	return views.Time{Machine: wireTime(t), Text: h.reader(c).Minute(t)}
}

// browser is what a person would call the browser of a User-Agent header.
func (h *Handlers) browser(c *fiber.Ctx, agent string) string {
	return h.reader(c).Browser(signin.BrowserName(agent))
}
