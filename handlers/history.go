package handlers

import (
	"github.com/gofiber/fiber/v2"

	"nod/store"
	"nod/views"
)

// How many lines of the audit trail the account page and the page of them show.
const (
	recentLines  = 8
	historyLines = 50
)

func (h *Handlers) historySection(c *fiber.Ctx, page *views.Protected) error {
	recent, _, err := h.historyBefore(c, 0, recentLines)
	page.Recent = recent
	return err
}

// history shows the whole of it, a page at a time.
func (h *Handlers) history(c *fiber.Ctx) error {
	before := int64(c.QueryInt("before"))
	lines, older, err := h.historyBefore(c, before, historyLines)
	if err != nil {
		return err
	}
	return c.Render("history", views.History{
		Layout: h.layout(c, "history", "history.title"), Lines: lines, Older: older, Newest: before <= 0,
	})
}

func (h *Handlers) historyBefore(c *fiber.Ctx, before int64, n int) (lines []views.Event, older int64, err error) {
	history, err := h.Flow.HistoryBefore(c.UserContext(), visitorOf(c).User.ID, before, n)
	for _, e := range history.Lines {
		if key := eventKey(e); key != "" {
			lines = append(lines, views.Event{
				Text: h.text(c, key), At: h.timeOf(c, e.At), From: e.IP, Refused: e.Kind.Outcome() == store.Refused, Times: e.Times,
			})
		}
	}
	return lines, history.Older, err
}

// eventKey is the key of a line of the audit trail, "" for one that the page
// leaves out: the end of a session that ran out or goes on in the next step,
// and the end of the account, after which nobody sees the page.
func eventKey(e store.Event) string {
	switch e.Kind {
	case store.EventAccountClosed, store.EventSignUpEnded,
		store.EventEmailUnknown, store.EventForeignForm, store.EventStaleForm, store.EventForged, store.EventMalformed: // about nobody
		return ""
	case store.EventLimited:
		if e.Detail == store.LimitPaused {
			return "event.limited.paused"
		}
	case store.EventApprovalCancelled:
		switch store.Reason(e.Detail) {
		case store.ReasonPushPaused, store.ReasonUnderWay, store.ReasonUnavailable, store.ReasonRateLimited, store.ReasonNoDevice, store.ReasonWrongNumber, store.ReasonPhoneGone:
			return "event.approval_cancelled." + e.Detail
		}
	case store.EventSessionEnded:
		switch store.Reason(e.Detail) {
		case store.ReasonSignedOut, store.ReasonCancelled, store.ReasonTooManyCodes, store.ReasonEndedByOwner, store.ReasonEndedByOperator:
			return "event.session_ended." + e.Detail
		}
		return ""
	}
	return "event." + string(e.Kind)
}
