package handlers

import (
	"github.com/gofiber/fiber/v2"

	"nod/store"
	"nod/views"
)

// recentLines is how much of the audit trail the page shows.
const recentLines = 8

func (h *Handlers) historySection(c *fiber.Ctx, page *views.Protected) error {
	events, err := h.Flow.Activity(c.UserContext(), visitorOf(c).User.ID, recentLines)
	for _, e := range events {
		if key := eventKey(e); key != "" {
			page.Recent = append(page.Recent, views.Event{Text: h.Pages.Text(key), At: timeOf(e.At)})
		}
	}
	return err
}

// eventKey is the key of a line of the audit trail, "" for one that the page
// leaves out: the end of a session that ran out or goes on in the next step,
// and the end of the account, after which nobody sees the page.
func eventKey(e store.Event) string {
	switch e.Kind {
	case store.EventAccountClosed, store.EventSignUpEnded:
		return ""
	case store.EventSessionEnded:
		switch store.Reason(e.Detail) {
		case store.ReasonSignedOut, store.ReasonCancelled, store.ReasonTooManyCodes:
			return "event.session_ended." + e.Detail
		}
		return ""
	}
	return "event." + string(e.Kind)
}
