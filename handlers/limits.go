package handlers

import (
	"errors"
	"time"

	"github.com/gofiber/fiber/v2"

	"nod/store"
)

// sayLimit is the sentence of a limit that refuses, and sets when it is worth trying
// again; "" if an error is none of that.
func (h *Handlers) sayLimit(c *fiber.Ctx, err error) string {
	return h.sayPaused(c, err, "limit."+store.LimitPaused)
}

// sayPaused is sayLimit with a sentence of its own, by its key, for a phone that is left
// in peace: where codes do not take the place of its answer.
func (h *Handlers) sayPaused(c *fiber.Ctx, err error, paused string) string {
	var limit *store.RateError
	if !errors.As(err, &limit) {
		return ""
	}
	key := "limit." + limit.Limit
	if limit.Limit == store.LimitPaused {
		key = paused
	}
	wait := h.untilRetry(limit)
	setRetryAfter(c, wait)
	return h.text(c, key, "wait", h.reader(c).Wait(wait))
}

// describeLimit is for what a limit refuses; nil for other errors.
func (h *Handlers) describeLimit(err error) *pageError {
	var limit *store.RateError
	if !errors.As(err, &limit) {
		return nil
	}
	p := &pageError{Status: fiber.StatusTooManyRequests, Heading: "error.too_many_tries.title",
		Text: "limit." + limit.Limit, RetryAfter: h.untilRetry(limit), cause: err}
	home := link{"/protected", "action.to_your_page"}
	switch limit.Limit {
	case store.LimitPaused:
		p.Heading, p.Action = "error.paused.title", home
	case store.LimitPhoneCode:
		p.Action = home
	}
	return p
}

// untilRetry is how long a limit refuses, at least a moment.
func (h *Handlers) untilRetry(e *store.RateError) time.Duration {
	return max(e.RetryAt.Sub(h.Now()), time.Second)
}
