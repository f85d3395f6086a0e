package handlers

import (
	"context"
	"errors"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/utils"

	"nod/signin"
	"nod/store"
)

// sessionRef is the only thing Fiber's session holds: the id of the row in the
// store that says who, which level and until when. A session written back by a
// request in flight therefore refers to a row that has ended.
const sessionRef = "session"

type localKey int

const visitorKey localKey = iota

// loadSession finds the visitor, once per request. A stale cookie means an
// anonymous visitor, not an error.
func (h *Handlers) loadSession(c *fiber.Ctx) error { return h.loadVisitor(c, h.Flow.Visitor) }

// loadListener does it for the scripts of a page that is only open.
func (h *Handlers) loadListener(c *fiber.Ctx) error { return h.loadVisitor(c, h.Flow.Listener) }

func (h *Handlers) loadVisitor(c *fiber.Ctx, find func(context.Context, string) (signin.Visitor, error)) error {
	id, err := h.sessionID(c)
	if err != nil {
		return err
	}
	var v signin.Visitor
	if id != "" {
		if v, err = find(c.UserContext(), id); err != nil {
			return err
		}
		c.Locals(visitorKey, v)
	}
	client := h.clientOf(c)
	c.SetUserContext(store.Actor{Session: v.Session.ID, IP: client.IP}.In(c.UserContext()))
	return c.Next()
}

func visitorOf(c *fiber.Ctx) signin.Visitor {
	v, _ := c.Locals(visitorKey).(signin.Visitor)
	return v
}

// sessionID reads what the cookie refers to, "" without one. It never
// writes: an anonymous visit leaves no row.
func (h *Handlers) sessionID(c *fiber.Ctx) (string, error) {
	cookie := c.Cookies(h.cookieName("session"))
	if cookie == "" {
		return "", nil
	}
	if id := h.refs.get(cookie); id != "" {
		return id, nil
	}
	sess, err := h.sessions.Get(c)
	if err != nil {
		return "", err
	}
	id, _ := sess.Get(sessionRef).(string)
	if id != "" {
		h.refs.put(cookie, id)
	}
	return id, nil
}

// setSession gives the browser a new session id that refers to s. Every rise of
// level comes through here, so no id from before it is worth anything after:
// it still refers to its row, which has ended, so that a browser that loses
// this reply can be told what became of it.
func (h *Handlers) setSession(c *fiber.Ctx, s store.Session) error {
	err := h.storeRef(c, s)
	if err == nil {
		return nil
	}
	// The browser keeps the id that it has: the new one refers to nothing.
	c.Response().Header.DelCookie(h.cookieName("session"))
	if s.Level == store.SignedIn {
		return err // its last step can be repeated, so that no approval is lost
	}
	// No browser can use this session.
	return errors.Join(err, h.Flow.End(c.UserContext(), s.ID, store.ReasonNotKept))
}

func (h *Handlers) storeRef(c *fiber.Ctx, s store.Session) error {
	name := h.cookieName("session")
	before := utils.CopyString(c.Cookies(name))
	// Without its cookie Fiber makes a session of a new id. To regenerate one
	// would remove what the id before refers to.
	c.Request().Header.DelCookie(name)
	sess, err := h.sessions.Get(c)
	c.Request().Header.SetCookie(name, before)
	if err != nil {
		return err
	}
	sess.Set(sessionRef, s.ID)
	sess.SetExpiry(s.ExpiresAt.Sub(h.Now()))
	// After a failed Save the session must not be touched again: Fiber
	// leaves its mutex locked.
	return sess.Save()
}

// dropCookie forgets the browser's session id. The session has to be ended in
// the store first: only that makes the id worthless for good, also if the file of
// the ids cannot be written.
func (h *Handlers) dropCookie(c *fiber.Ctx) error {
	sess, err := h.sessions.Get(c)
	if err == nil {
		err = sess.Destroy()
	}
	if errors.Is(err, store.ErrUnavailable) {
		h.Logger.Warn("a session that has ended could not be removed from its file", "error", err)
		return nil
	}
	return err
}
