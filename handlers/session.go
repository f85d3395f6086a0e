package handlers

import (
	"context"
	"errors"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/utils"

	"nod/store"
)

// pointer is the only thing Fiber's session holds: the id of the row in the
// store that says who, which level and until when. A session written back by
// a request in flight therefore points to a row that has ended.
const pointer = "session"

// visitor is who a request comes from. The zero value is a stranger.
type visitor struct {
	Session store.Session
	User    store.User
}

func (v visitor) level() store.Level { return v.Session.Level }

type localKey int

const visitorKey localKey = iota

// loadSession finds out who asks, once per request. A stale cookie is a
// stranger, not a failure.
func (h *Handlers) loadSession(c *fiber.Ctx) error {
	id, err := h.sessionID(c)
	if err != nil {
		return err
	}
	if id == "" {
		return c.Next()
	}
	sess, user, err := h.Store.Session(c.UserContext(), id)
	switch {
	case err == nil:
		c.Locals(visitorKey, visitor{sess, user})
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	return c.Next()
}

func visitorOf(c *fiber.Ctx) visitor {
	v, _ := c.Locals(visitorKey).(visitor)
	return v
}

// sessionID reads the pointer behind the cookie, "" without one. It never
// writes: an anonymous visit leaves no row.
func (h *Handlers) sessionID(c *fiber.Ctx) (string, error) {
	cookie := c.Cookies(h.cookieName("session"))
	if cookie == "" {
		return "", nil
	}
	if id := h.pointers.get(cookie); id != "" {
		return id, nil
	}
	sess, err := h.sessions.Get(c)
	if err != nil {
		return "", err
	}
	id, _ := sess.Get(pointer).(string)
	if id != "" {
		h.pointers.put(cookie, id)
	}
	return id, nil
}

// pointTo gives the browser a new session id that points to s. Every rise of
// level comes through here, so no id from before it is worth anything after.
func (h *Handlers) pointTo(c *fiber.Ctx, s store.Session) error {
	err := h.repoint(c, s.ID)
	if err != nil {
		// Nobody holds the key to this row: end it rather than leave it.
		return errors.Join(err, h.Store.EndSession(c.UserContext(), s.ID, "not_kept"))
	}
	return nil
}

func (h *Handlers) repoint(c *fiber.Ctx, id string) error {
	sess, err := h.sessions.Get(c)
	if err != nil {
		return err
	}
	if err := sess.Regenerate(); err != nil {
		return err
	}
	sess.Set(pointer, id)
	// After a failed Save the session must not be touched again: Fiber
	// leaves its mutex locked.
	return sess.Save()
}

// forget ends the visitor's session, in the store first: only that makes the
// cookie worthless for good.
func (h *Handlers) forget(c *fiber.Ctx, reason string) error {
	v := visitorOf(c)
	if err := h.endSession(c.UserContext(), v.Session.ID, reason); err != nil {
		return err
	}
	return h.dropCookie(c)
}

func (h *Handlers) dropCookie(c *fiber.Ctx) error {
	sess, err := h.sessions.Get(c)
	if err != nil {
		return err
	}
	return sess.Destroy()
}

// endSession ends a session and tells the browsers that wait on it.
func (h *Handlers) endSession(ctx context.Context, id, reason string) error {
	if err := h.Store.EndSession(ctx, id, reason); err != nil {
		return err
	}
	h.tellEnded(id, reason)
	return nil
}

// clientOf says from where a request comes, in strings of our own: Fiber's
// share a buffer with the next request.
func clientOf(c *fiber.Ctx) store.Client {
	const longest = 400
	agent := c.Get(fiber.HeaderUserAgent)
	if len(agent) > longest {
		agent = agent[:longest]
	}
	return store.Client{IP: utils.CopyString(c.IP()), UserAgent: utils.CopyString(agent)}
}
