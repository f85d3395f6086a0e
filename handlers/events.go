package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"

	"github.com/gofiber/contrib/websocket"
	"github.com/gofiber/fiber/v2"

	"nod/hub"
	"nod/store"
)

// Close codes of RFC 6455 that the waiting page tells apart: it comes back
// after restart, and re-reads its state after notAllowed.
const (
	closeNotAllowed = 1008
	closeRestart    = 1012
)

const (
	placeKey   = "place"   // *hub.Waiter: the place reserved for this request
	waitingKey = "waiting" // string: the session it waits on
)

// seat reserves a place before the upgrade, so that a flood of sockets is
// answered by 429 or 503 and not by open connections.
func (h *Handlers) seat(c *fiber.Ctx) error {
	id := visitorOf(c).Session.ID
	if id == "" {
		id = randomText() // a check: a place of its own
	}
	place, err := h.Hub.Reserve(id, c.IP())
	if err != nil {
		return err
	}
	c.Locals(placeKey, place)
	c.Locals(waitingKey, id)
	if err := c.Next(); err != nil {
		place.Release()
		return err
	}
	return nil
}

// events upgrades to a WebSocket and hands the bare connection to the hub.
// contrib's wrapper goes back to its pool when the function returns, so
// nothing of it is kept.
func (h *Handlers) events(snapshot snapshot) fiber.Handler {
	upgrade := websocket.New(func(c *websocket.Conn) {
		place, _ := c.Locals(placeKey).(*hub.Waiter)
		id, _ := c.Locals(waitingKey).(string)
		h.join(place, id, c.NetConn(), hub.WebSocket, "", snapshot)
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

// stream is the same news for browsers behind a proxy that eats upgrades.
func (h *Handlers) stream(snapshot snapshot) fiber.Handler {
	return func(c *fiber.Ctx) error {
		place, _ := c.Locals(placeKey).(*hub.Waiter)
		id, _ := c.Locals(waitingKey).(string)
		c.Context().HijackSetNoResponse(true)
		c.Context().Hijack(func(conn net.Conn) {
			h.join(place, id, conn, hub.Stream, streamHead, snapshot)
		})
		return nil
	}
}

// snapshot is what a page is told on joining: the stored state as JSON, and
// whether there will be more.
type snapshot func(ctx context.Context, sessionID string) (news []byte, last bool, err error)

// join registers first and reads the stored state then: what happens in
// between is published to a place that is already taken.
func (h *Handlers) join(place *hub.Waiter, sessionID string, conn net.Conn, kind hub.Kind, head string, read snapshot) {
	if err := place.Join(conn, kind, []byte(head)); err != nil {
		return // the browser hung up, or the hub is closing; it comes back
	}
	ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
	defer cancel()
	news, last, err := read(ctx, sessionID)
	if err != nil {
		h.Logger.Error("a waiting browser could not be told its state", "error", err)
		h.Hub.CloseKey(sessionID, closeRestart, "try again")
		return
	}
	// A write that fails has closed the connection; the page comes back.
	_ = place.Send(news, last)
}

// signInNews is the snapshot of the waiting page.
func (h *Handlers) signInNews(ctx context.Context, sessionID string) ([]byte, bool, error) {
	s, last, err := h.stored(ctx, sessionID)
	return encode(s), last, err
}

// stored is the state of a session now, and whether it is the last one.
func (h *Handlers) stored(ctx context.Context, sessionID string) (s state, last bool, err error) {
	sess, err := h.Store.AnySession(ctx, sessionID)
	if err != nil {
		return state{}, false, err
	}
	if !sess.EndedAt.IsZero() || sess.Level == store.SignedIn {
		return h.endedState(sess), true, nil
	}
	a, err := h.Store.LatestApproval(ctx, sessionID, store.KindLogin)
	if errors.Is(err, store.ErrNotFound) {
		return state{Status: "pending", ServerTime: wireTime(h.Now())}, false, nil
	}
	if err != nil {
		return state{}, false, err
	}
	return h.stateOf(a), a.Status != store.Pending, nil
}

// endedState says how the wait of a session ended.
func (h *Handlers) endedState(sess store.Session) state {
	status := "signed_out"
	if sess.Level == store.SignedIn || sess.EndReason == "signed_in" {
		status = "signed_in"
	}
	return state{Status: status, Reason: sess.EndReason, ServerTime: wireTime(h.Now())}
}

// tell passes on a decision after it is committed. Losing it costs the
// browser a moment: every way to hear begins with the stored state.
func (h *Handlers) tell(ctx context.Context, a store.Approval) {
	if a.Kind == store.KindTransfer {
		h.tellTransfers(ctx, a.SessionID, a.UserID)
		return
	}
	switch a.Status {
	case store.Denied, store.Expired, store.Cancelled:
		h.Metrics.SignIn(string(a.Status), "push")
	}
	h.publish(a.SessionID, h.stateOf(a), a.Status != store.Pending)
}

func (h *Handlers) tellReplaced(sessionID string) {
	h.publish(sessionID, state{Status: "signed_out", Reason: "replaced", ServerTime: wireTime(h.Now())}, true)
}

func (h *Handlers) publish(sessionID string, s state, last bool) {
	h.Hub.Publish(sessionID, encode(s), last)
}

func encode(s any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		panic("news of strings cannot fail to encode: " + err.Error())
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
