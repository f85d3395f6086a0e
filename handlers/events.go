package handlers

import (
	"context"
	"errors"
	"net"

	"github.com/gofiber/contrib/websocket"
	"github.com/gofiber/fiber/v2"

	"nod/hub"
	"nod/signin"
)

// closeRestart of RFC 6455's registry: the page comes back.
const closeRestart = 1012

const (
	slotKey    = "slot"    // *hub.Waiter: the slot reserved for this request
	waitingKey = "waiting" // string: the session it waits on
	firstKey   = "first"   // message: what it is told first, if that is known already
)

// message is what a page is told: a state as JSON, and whether there will be
// more.
type message struct {
	data []byte
	last bool
}

// reserveSlot takes a slot of the hub before the upgrade, so that a flood of
// sockets is answered by 429 or 503 and not by open connections.
func (h *Handlers) reserveSlot(c *fiber.Ctx) error {
	id := visitorOf(c).Session.ID
	if id == "" {
		id = randomText() // a check: a key of its own
	}
	return h.withSlot(c, id, c.Next)
}

func (h *Handlers) withSlot(c *fiber.Ctx, id string, next func() error) error {
	slot, err := h.Hub.Reserve(id, c.IP())
	if err != nil {
		return err
	}
	c.Locals(slotKey, slot)
	c.Locals(waitingKey, id)
	if err := next(); err != nil {
		slot.Release()
		return err
	}
	return nil
}

// reserveWaitingSlot is loadSession, requireWaitingJSON and reserveSlot for the
// waiting page, of which ten thousand may come at once: one read says whether
// the session counts and what the page is told first.
func (h *Handlers) reserveWaitingSlot(c *fiber.Ctx) error {
	id, err := h.sessionID(c)
	if err != nil {
		return err
	}
	if id == "" {
		return errNobodyWaits
	}
	return h.withSlot(c, id, func() error {
		state, counts, err := h.Flow.State(c.UserContext(), id)
		if errors.Is(err, signin.ErrNobodyWaits) || (err == nil && !counts) {
			return errNobodyWaits
		}
		if err != nil {
			return err
		}
		c.Locals(firstKey, h.stateMessage(state))
		return c.Next()
	})
}

// events upgrades to a WebSocket and hands the bare connection to the hub.
// contrib's wrapper goes back to its pool when the function returns, so
// nothing of it is kept.
func (h *Handlers) events(read initialState) fiber.Handler {
	upgrade := websocket.New(func(c *websocket.Conn) {
		slot, _ := c.Locals(slotKey).(*hub.Waiter)
		id, _ := c.Locals(waitingKey).(string)
		first, _ := c.Locals(firstKey).(message)
		h.join(slot, id, c.NetConn(), hub.WebSocket, "", first, read)
	}, websocket.Config{
		Origins:         []string{h.origin()},
		ReadBufferSize:  128,
		WriteBufferSize: 128,
	})
	return func(c *fiber.Ctx) error {
		if !websocket.IsWebSocketUpgrade(c) {
			return fiber.ErrUpgradeRequired
		}
		dropHeaders(c)
		return upgrade(c)
	}
}

// dropHeaders spares contrib the copies it would make of what nobody reads.
func dropHeaders(c *fiber.Ctx) {
	for _, name := range []string{
		fiber.HeaderUserAgent, fiber.HeaderAccept, fiber.HeaderAcceptEncoding, fiber.HeaderAcceptLanguage,
		fiber.HeaderCookie, fiber.HeaderCacheControl, fiber.HeaderPragma, fiber.HeaderSecWebSocketExtensions,
		"Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest",
	} {
		c.Request().Header.Del(name)
	}
}

// streamHead is written by hand: a hijacked connection costs a tenth of
// fasthttp's body stream. The padding of a proxy's buffer is not needed where
// X-Accel-Buffering is honoured.
const streamHead = "HTTP/1.1 200 OK\r\n" +
	"Content-Type: text/event-stream\r\n" +
	"Cache-Control: no-store\r\n" +
	"X-Accel-Buffering: no\r\n" +
	"X-Content-Type-Options: nosniff\r\n" +
	"Connection: close\r\n\r\n" +
	"retry: 2000\n\n"

// stream tells the same to browsers behind a proxy that eats upgrades.
func (h *Handlers) stream(read initialState) fiber.Handler {
	return func(c *fiber.Ctx) error {
		slot, _ := c.Locals(slotKey).(*hub.Waiter)
		id, _ := c.Locals(waitingKey).(string)
		first, _ := c.Locals(firstKey).(message)
		c.Context().HijackSetNoResponse(true)
		c.Context().Hijack(func(conn net.Conn) {
			h.join(slot, id, conn, hub.Stream, streamHead, first, read)
		})
		return nil
	}
}

// initialState reads the stored state that a page is told on joining.
type initialState func(ctx context.Context, sessionID string) (message, error)

// join registers first and reads the stored state then, unless it was read
// since the slot was taken and nothing has happened since: what happens is
// published to slots, joined or not.
func (h *Handlers) join(slot *hub.Waiter, sessionID string, conn net.Conn, kind hub.Kind, head string, m message, read initialState) {
	if err := slot.Join(conn, kind, []byte(head)); err != nil {
		return // the browser hung up, or the hub is closing; it comes back
	}
	if m.data == nil || slot.Early() {
		ctx, cancel := context.WithTimeout(context.Background(), h.RequestTimeout)
		defer cancel()
		var err error
		if m, err = read(ctx, sessionID); err != nil {
			h.Logger.Error("a waiting browser could not be told its state", "error", err)
			h.Hub.CloseKey(sessionID, closeRestart, "try again")
			return
		}
	}
	// A write that fails has closed the connection; the page comes back.
	_ = slot.Send(m.data, m.last)
}

// signInState is the initial state of the waiting page.
func (h *Handlers) signInState(ctx context.Context, sessionID string) (message, error) {
	s, _, err := h.Flow.State(ctx, sessionID)
	if err != nil {
		return message{}, err
	}
	return h.stateMessage(s), nil
}

func (h *Handlers) stateMessage(s signin.State) message {
	return message{h.browsers.encodeState(s), s.Last}
}

// transfersState is the initial state of the signed-in page.
func (h *Handlers) transfersState(ctx context.Context, sessionID string) (message, error) {
	t, err := h.Flow.Transfers(ctx, sessionID)
	if err != nil {
		return message{}, err
	}
	return message{encodeTransfers(t), t.Last}, nil
}
