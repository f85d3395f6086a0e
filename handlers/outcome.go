package handlers

import (
	"context"
	"errors"
	"time"

	"github.com/gofiber/fiber/v2"

	"nod/hub"
	"nod/store"
)

const changingKey localKey = visitorKey + 1

// changing marks a request that may change something from here on. What fails
// before was refused by a guard.
func changing(c *fiber.Ctx) error {
	if !opens(c) {
		c.Locals(changingKey, true)
	}
	return c.Next()
}

// unchanged is an error before which nothing was changed, although the request
// had come as far as its handler.
type unchanged struct{ error }

func (u *unchanged) Unwrap() error { return u.error }

// sayOutcome adds to the text of a failure what became of the request, as far
// as that is known: "nothing was changed" is said only where it is true.
func (h *Handlers) sayOutcome(c *fiber.Ctx, err error, text string) string {
	if opens(c) {
		return text
	}
	var known *unchanged
	began, _ := c.Locals(changingKey).(bool)
	if !began || errors.As(err, &known) || errors.Is(err, store.ErrBusy) {
		return h.text(c, "error.unchanged") + " " + text
	}
	return text + " " + h.text(c, "error.unknown")
}

// describeStorage is for what keeps a file from being read or written, and for
// all that takes too long; nil for other errors.
func describeStorage(err error) *pageError {
	p := &pageError{Status: fiber.StatusServiceUnavailable, cause: err}
	switch {
	case errors.Is(err, store.ErrBusy), errors.Is(err, store.ErrLocked), errors.Is(err, hub.ErrFull), errors.Is(err, hub.ErrClosed):
		p.Heading, p.Text, p.RetryAfter = "error.busy.title", "error.busy.text", 2*time.Second
	case errors.Is(err, store.ErrUnavailable):
		p.Heading, p.Text, p.RetryAfter = "error.storage.title", "error.storage.text", 30*time.Second
	case errors.Is(err, context.DeadlineExceeded):
		p.Heading, p.Text, p.RetryAfter = "error.slow.title", "error.later.text", 2*time.Second
	default:
		return nil
	}
	return p
}
