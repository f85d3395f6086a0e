package handlers

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"nod/store"
	"nod/views"
)

// sessionsSection shows where the visitor is signed in, this browser first.
func (h *Handlers) sessionsSection(c *fiber.Ctx, page *views.Protected) error {
	v := visitorOf(c)
	sessions, err := h.Flow.Sessions(c.UserContext(), v)
	var this, others []views.Session
	for _, s := range sessions {
		line := views.Session{
			ID: s.ID, This: s.ID == v.Session.ID, MethodText: h.text(c, "method."+string(s.Method)),
			Browser: h.browser(c, s.UserAgent), Place: s.Place, IP: s.IP, Begun: h.timeOf(c, s.CreatedAt), Used: h.timeOf(c, s.LastSeenAt),
		}
		if line.This {
			this = append(this, line)
		} else {
			others = append(others, line)
		}
	}
	page.Sessions = append(this, others...)
	return err
}

// endSession signs out another browser of the visitor. One that is out already is
// no error.
func (h *Handlers) endSession(c *fiber.Ctx) error {
	err := h.Flow.EndOther(c.UserContext(), visitorOf(c), c.FormValue("session"), h.clientOf(c))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return h.seeNotice(c, "/protected", "session-ended")
}

// endOthers signs out all other browsers of the visitor.
func (h *Handlers) endOthers(c *fiber.Ctx) error {
	if err := h.Flow.EndOthers(c.UserContext(), visitorOf(c), h.clientOf(c)); err != nil {
		return err
	}
	return h.seeNotice(c, "/protected", "sessions-ended")
}
