package handlers

import (
	"cmp"
	"math"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/nyaruka/phonenumbers"

	"nod/signin"
	"nod/views"
)

// sentences are the problems of a form as its page shows them, by field.
func (h *Handlers) sentences(c *fiber.Ctx, problems signin.Problems, args ...any) map[string]string {
	texts := map[string]string{}
	for field, problem := range problems {
		texts[string(field)] = h.text(c, "problem."+string(problem), args...)
	}
	return texts
}

// amountSentences are those about a form whose amounts have so many decimals.
func (h *Handlers) amountSentences(c *fiber.Ctx, problems signin.Problems, decimals int) map[string]string {
	r := h.reader(c)
	return h.sentences(c, problems, "example", r.Amount(int64(12.5*math.Pow10(decimals)), decimals), "most", r.Amount(signin.MaxAmount, 0))
}

// phoneSentences are those about a form with a phone that a provider is told of. err, of
// which they are a part, may say when it can be sent again, which becomes the status, too:
// 422 says that it has to be changed first.
func (h *Handlers) phoneSentences(c *fiber.Ctx, problems signin.Problems, err error) map[string]string {
	status, again := fiber.StatusUnprocessableEntity, cmp.Or(signin.RetryIn(err), time.Minute)
	switch problems[signin.FieldForm] {
	case signin.SignUpUnavailable, signin.PhoneNotAsked:
		status = fiber.StatusServiceUnavailable
	case signin.SignUpRateLimited:
		status = fiber.StatusTooManyRequests
	}
	if c.Status(status); status != fiber.StatusUnprocessableEntity {
		setRetryAfter(c, again)
	}
	return h.sentences(c, problems, "wait", h.reader(c).Wait(again))
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

// retryOf is askableAt as a page shows it.
func (h *Handlers) retryOf(c *fiber.Ctx, t time.Time) views.Time {
	t = askableAt(t, h.Now())
	if t.IsZero() {
		return views.Time{}
	}
	return h.timeOf(c, t)
}

// askableAt is when a provider may be asked again, to the minute and never too early; zero
// if that is past or it has not said.
func askableAt(t, now time.Time) time.Time {
	if !t.After(now) {
		return time.Time{}
	}
	return t.Add(time.Minute - 1).Truncate(time.Minute)
}

// browser is what a person would call the browser of a User-Agent header.
func (h *Handlers) browser(c *fiber.Ctx, agent string) string {
	return h.reader(c).Browser(signin.BrowserName(agent))
}
