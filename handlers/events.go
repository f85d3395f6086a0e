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

// closeRestart of RFC 6455's registry: the page comes back.
const closeRestart = 1012

const (
	placeKey   = "place"   // *hub.Waiter: the place reserved for this request
	waitingKey = "waiting" // string: the session it waits on
	newsKey    = "news"    // news: what it is told first, if that is known already
)

// news is what a page is told on joining: a state as JSON, and whether there
// will be more.
type news struct {
	data []byte
	last bool
}

// seat reserves a place before the upgrade, so that a flood of sockets is
// answered by 429 or 503 and not by open connections.
func (h *Handlers) seat(c *fiber.Ctx) error {
	id := visitorOf(c).Session.ID
	if id == "" {
		id = randomText() // a check: a place of its own
	}
	return h.seated(c, id, c.Next)
}

func (h *Handlers) seated(c *fiber.Ctx, id string, next func() error) error {
	place, err := h.Hub.Reserve(id, c.IP())
	if err != nil {
		return err
	}
	c.Locals(placeKey, place)
	c.Locals(waitingKey, id)
	if err := next(); err != nil {
		place.Release()
		return err
	}
	return nil
}

// waitingSeat is loadSession, requireWaitingJSON and seat for the waiting page,
// of which ten thousand may come at once: one read says whether the session
// counts and what the page is told first.
func (h *Handlers) waitingSeat(c *fiber.Ctx) error {
	id, err := h.sessionID(c)
	if err != nil {
		return err
	}
	if id == "" {
		return errNobodyWaits
	}
	return h.seated(c, id, func() error {
		w, err := h.Store.Wait(c.UserContext(), id)
		if errors.Is(err, store.ErrNotFound) || (err == nil && !w.Counts) {
			return errNobodyWaits
		}
		if err != nil {
			return err
		}
		c.Locals(newsKey, h.newsOf(w))
		return c.Next()
	})
}

// events upgrades to a WebSocket and hands the bare connection to the hub.
// contrib's wrapper goes back to its pool when the function returns, so
// nothing of it is kept.
func (h *Handlers) events(snapshot snapshot) fiber.Handler {
	upgrade := websocket.New(func(c *websocket.Conn) {
		place, _ := c.Locals(placeKey).(*hub.Waiter)
		id, _ := c.Locals(waitingKey).(string)
		first, _ := c.Locals(newsKey).(news)
		h.join(place, id, c.NetConn(), hub.WebSocket, "", first, snapshot)
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
		first, _ := c.Locals(newsKey).(news)
		c.Context().HijackSetNoResponse(true)
		c.Context().Hijack(func(conn net.Conn) {
			h.join(place, id, conn, hub.Stream, streamHead, first, snapshot)
		})
		return nil
	}
}

// snapshot reads the stored state that a page is told on joining.
type snapshot func(ctx context.Context, sessionID string) (news, error)

// join registers first and reads the stored state then, unless it was read
// since the place was taken and nothing has happened since: what happens is
// published to places, joined or not.
func (h *Handlers) join(place *hub.Waiter, sessionID string, conn net.Conn, kind hub.Kind, head string, n news, read snapshot) {
	if err := place.Join(conn, kind, []byte(head)); err != nil {
		return // the browser hung up, or the hub is closing; it comes back
	}
	if n.data == nil || place.Early() {
		ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
		defer cancel()
		var err error
		if n, err = read(ctx, sessionID); err != nil {
			h.Logger.Error("a waiting browser could not be told its state", "error", err)
			h.Hub.CloseKey(sessionID, closeRestart, "try again")
			return
		}
	}
	// A write that fails has closed the connection; the page comes back.
	_ = place.Send(n.data, n.last)
}

// signInNews is the snapshot of the waiting page.
func (h *Handlers) signInNews(ctx context.Context, sessionID string) (news, error) {
	w, err := h.Store.Wait(ctx, sessionID)
	if err != nil {
		return news{}, err
	}
	return h.newsOf(w), nil
}

// newsOf is what a waiting page is told of how its sign-in stands.
func (h *Handlers) newsOf(w store.Wait) news {
	switch {
	case !w.EndedAt.IsZero() || w.Level == store.SignedIn:
		return news{encode(h.endedState(w.Level, w.EndReason)), true}
	case w.Request.Status == "":
		return news{encode(state{Status: "pending", ServerTime: wireTime(h.Now())}), false}
	}
	return news{encode(h.stateOf(w.Request)), w.Request.Status != store.Pending}
}

// endedState says how the wait of a session ended.
func (h *Handlers) endedState(level store.Level, reason string) state {
	status := "signed_out"
	if level == store.SignedIn || reason == "signed_in" {
		status = "signed_in"
	}
	return state{Status: status, Reason: reason, ServerTime: wireTime(h.Now())}
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

// tellEnded tells the browsers of a session that it is over, and why.
func (h *Handlers) tellEnded(sessionID, reason string) {
	h.publish(sessionID, state{Status: "signed_out", Reason: reason, ServerTime: wireTime(h.Now())}, true)
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
