package hub_test

import (
	"net"
	"strings"
	"testing"

	fastws "github.com/fasthttp/websocket"
	"github.com/gofiber/contrib/websocket"
	"github.com/gofiber/fiber/v2"

	"nod/hub"
)

const streamHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" +
	"Cache-Control: no-store\r\nConnection: close\r\n\r\nretry: 1000\n\n"

// greeting is what a server does after the upgrade.
type greeting func(slot *hub.Waiter, conn net.Conn, kind hub.Kind, head, key string)

// greet joins first, then reads and sends the stored state.
func greet(read func(key string) (state string, last bool)) greeting {
	return func(slot *hub.Waiter, conn net.Conn, kind hub.Kind, head, key string) {
		if slot.Join(conn, kind, []byte(head)) != nil {
			return
		}
		state, last := read(key)
		_ = slot.Send([]byte(state), last)
	}
}

var greetPending = greet(func(string) (string, bool) { return pending, false })

const (
	pending  = `{"status":"pending"}`
	approved = `{"status":"approved"}`
)

// serve runs a Fiber application in front of the hub, set up as in the product,
// and returns its address.
func serve(t testing.TB, h *hub.Hub, greet greeting, before ...fiber.Handler) (addr string) {
	t.Helper()
	app := fiber.New(fiber.Config{DisableStartupMessage: true, ReduceMemoryUsage: true})
	app.Server().KeepHijackedConns = true
	for _, handler := range before {
		app.Use(handler)
	}
	app.Get("/events", events(h, greet))
	app.Get("/stream", stream(h, greet))
	listener := listen(t)
	go func() { _ = app.Listener(listener) }()
	t.Cleanup(func() { must(t, app.Shutdown()) })
	return listener.Addr().String()
}

func events(h *hub.Hub, greet greeting) fiber.Handler {
	upgrade := websocket.New(func(c *websocket.Conn) {
		greet(c.Locals("slot").(*hub.Waiter), c.NetConn(), hub.WebSocket, "", c.Query("key"))
	})
	return func(c *fiber.Ctx) error {
		slot, err := h.Reserve(c.Query("key"), c.IP())
		if err != nil {
			return c.SendStatus(status(err))
		}
		c.Locals("slot", slot)
		err = upgrade(c)
		if err != nil {
			slot.Release()
		}
		return err
	}
}

func stream(h *hub.Hub, greet greeting) fiber.Handler {
	return func(c *fiber.Ctx) error {
		key := strings.Clone(c.Query("key"))
		slot, err := h.Reserve(key, c.IP())
		if err != nil {
			return c.SendStatus(status(err))
		}
		c.Context().HijackSetNoResponse(true)
		c.Context().Hijack(func(conn net.Conn) { greet(slot, conn, hub.Stream, streamHead, key) })
		return nil
	}
}

func status(err error) int {
	switch err {
	case hub.ErrTooManyForKey, hub.ErrTooManyForAddr:
		return fiber.StatusTooManyRequests
	}
	return fiber.StatusServiceUnavailable
}

func listen(t testing.TB) *net.TCPListener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	return l.(*net.TCPListener)
}

// dial opens a WebSocket to the application as a browser does.
func dial(t testing.TB, addr, key string) *fastws.Conn {
	t.Helper()
	conn, response, err := fastws.DefaultDialer.Dial("ws://"+addr+"/events?key="+key, nil)
	must(t, err)
	must(t, response.Body.Close())
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// next reads one event.
func next(t testing.TB, conn *fastws.Conn) string {
	t.Helper()
	_, data, err := conn.ReadMessage()
	must(t, err)
	return string(data)
}

// closedWith reads the close frame and returns its code.
func closedWith(t testing.TB, conn *fastws.Conn) int {
	t.Helper()
	_, data, err := conn.ReadMessage()
	if err == nil {
		t.Fatalf("got event %q, want the end", data)
	}
	closed, ok := err.(*fastws.CloseError)
	if !ok {
		t.Fatalf("got %v, want a close frame", err)
	}
	return closed.Code
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
