package handlers

import (
	"context"
	"errors"
	"net"
	"strings"

	"github.com/gofiber/contrib/websocket"
	"github.com/gofiber/fiber/v2"

	"nod/hub"
	"nod/signin"
	"nod/store"
)

// closeRestart, "Service Restart" in the registry of RFC 6455, makes the page
// connect again.
const closeRestart = 1012

// closeNormal ends what has served its purpose.
const closeNormal = 1000

// reservationKey is the key of a request's reservation.
const reservationKey = "reservation"

// reservation is a slot of the hub that a request holds until it joins.
type reservation struct {
	slot      *hub.Waiter
	sessionID string  // the session it waits on
	first     message // the stored state, if it was read after the slot was reserved
}

// message is what a page receives: a state as JSON, and whether it is the last.
type message struct {
	data  []byte
	last  bool
	state signin.State // of the waiting page
}

// reserveSlot takes a slot of the hub before the upgrade, so that a flood of
// sockets is answered by 429 or 503 and not by open connections.
func (h *Handlers) reserveSlot(c *fiber.Ctx) error {
	id := visitorOf(c).Session.ID
	return h.withSlot(c, id, &reservation{sessionID: id}, c.Next)
}

// withSlot reserves a slot for next, and releases it if next fails. who is whose
// reconnects it counts as. HEAD waits for nothing and takes none.
func (h *Handlers) withSlot(c *fiber.Ctx, who string, r *reservation, next func() error) error {
	if c.Method() == fiber.MethodHead {
		return next()
	}
	if wait := h.reconnects.wait(h.Now(), who); wait > 0 {
		return tooOften(wait)
	}
	var err error
	if r.slot, err = h.Hub.Reserve(r.sessionID, store.Network(h.visitorIP(c))); err != nil {
		return err
	}
	c.Locals(reservationKey, r)
	if err := next(); err != nil {
		r.slot.Release()
		return err
	}
	return nil
}

// reserveWaitingSlot does for the waiting page what loadSession,
// requireWaitingJSON and reserveSlot do, with a single read of the database: ten
// thousand pages may connect at once.
func (h *Handlers) reserveWaitingSlot(c *fiber.Ctx) error {
	id, err := h.sessionID(c)
	if err != nil {
		return err
	}
	if id == "" {
		return errNobodyWaits
	}
	r := &reservation{sessionID: id}
	return h.withSlot(c, id, r, func() error {
		state, counts, err := h.Flow.State(c.UserContext(), id)
		if errors.Is(err, signin.ErrNobodyWaits) || (err == nil && !counts) {
			return errNobodyWaits
		}
		if err != nil {
			return err
		}
		about(c, state.RequestID())
		r.first = h.stateMessage(state)
		return c.Next()
	})
}

// events upgrades to a WebSocket and hands the bare connection to the hub.
// contrib's wrapper goes back to its pool when the function returns, so
// nothing of it is kept.
func (h *Handlers) events(read initialState) fiber.Handler {
	upgrade := websocket.New(func(c *websocket.Conn) {
		if r, ok := c.Locals(reservationKey).(*reservation); ok {
			h.join(r, c.NetConn(), hub.WebSocket, "", read)
		}
	}, websocket.Config{
		Origins:         []string{h.origin()},
		ReadBufferSize:  128,
		WriteBufferSize: 128,
	})
	return func(c *fiber.Ctx) error {
		if c.Method() != fiber.MethodGet || !websocket.IsWebSocketUpgrade(c) {
			return fiber.ErrUpgradeRequired
		}
		dropHeaders(c)
		return upgrade(c)
	}
}

// dropHeaders removes headers that nobody reads, since contrib would copy them.
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
// fasthttp's body stream. Proxies that honour X-Accel-Buffering need no padding
// to pass events on at once.
func (h *Handlers) streamHead() string {
	var head strings.Builder
	head.WriteString("HTTP/1.1 200 OK\r\n" +
		"Content-Type: text/event-stream\r\n" +
		"Cache-Control: no-store\r\n" +
		"X-Accel-Buffering: no\r\n" +
		"Connection: close\r\n")
	for _, header := range h.fixed {
		head.WriteString(header[0] + ": " + header[1] + "\r\n")
	}
	head.WriteString("\r\nretry: 2000\n\n")
	return head.String()
}

// stream sends the same as server-sent events, for browsers behind a proxy that
// does not pass WebSockets on.
func (h *Handlers) stream(read initialState) fiber.Handler {
	head := h.streamHead()
	return func(c *fiber.Ctx) error {
		if c.Method() == fiber.MethodHead {
			c.Set(fiber.HeaderContentType, "text/event-stream")
			c.Set("X-Accel-Buffering", "no")
			return nil
		}
		r, ok := c.Locals(reservationKey).(*reservation)
		if !ok {
			return errors.New("a stream was opened without a slot of the hub")
		}
		c.Context().HijackSetNoResponse(true)
		c.Context().Hijack(func(conn net.Conn) {
			h.join(r, conn, hub.Stream, head, read)
		})
		return nil
	}
}

// initialState reads the stored state that a page receives on joining.
type initialState func(ctx context.Context, sessionID string) (message, error)

// join registers the connection and then sends the stored state. It reads that
// state itself, unless the reservation has it and nothing was published to the
// slot in the meantime.
func (h *Handlers) join(r *reservation, conn net.Conn, kind hub.Kind, head string, read initialState) {
	if err := r.slot.Join(conn, kind, []byte(head)); err != nil {
		return // the browser hung up, or the hub is closing; the page connects again
	}
	m := r.first
	if m.data == nil || r.slot.Early() {
		ctx, cancel := context.WithTimeout(context.Background(), h.RequestTimeout)
		defer cancel()
		var err error
		if m, err = read(ctx, r.sessionID); err != nil {
			h.Logger.Error("the initial state could not be sent to a waiting browser", "error", err)
			h.Hub.CloseKey(r.sessionID, closeRestart, "try again")
			return
		}
	}
	// If the write fails, the connection is closed and the page connects again.
	_ = r.slot.Send(m.data, m.last)
	h.Flow.Joined(m.state)
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
	return message{h.browsers.encodeState(s), s.Last, s}
}

// transfersState is the initial state of the signed-in page.
func (h *Handlers) transfersState(ctx context.Context, sessionID string) (message, error) {
	t, err := h.Flow.Transfers(ctx, sessionID)
	if err != nil {
		return message{}, err
	}
	return message{data: h.browsers.encodeTransfers(t), last: t.Last}, nil
}
