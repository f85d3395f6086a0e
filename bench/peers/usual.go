package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/gofiber/contrib/websocket"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/utils"
)

const (
	pingEvery = 30 * time.Second
	pongWait  = 2 * pingEvery
	writeWait = 5 * time.Second
	queue     = 256
)

// clients holds the queue of each waiting browser, by session.
type clients struct {
	mu    sync.RWMutex
	byKey map[string]chan []byte
}

func (s *clients) join(key string) chan []byte {
	events := make(chan []byte, queue)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byKey[key] = events
	return events
}

func (s *clients) leave(key string, events chan []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byKey[key] == events {
		delete(s.byKey, key)
	}
}

// publish drops events that do not fit into the queue, as such hubs do.
func (s *clients) publish(key string, data []byte) (found bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	events, found := s.byKey[key]
	if !found {
		return false
	}
	select {
	case events <- data:
	default:
	}
	return true
}

func serveUsual(s settings) error {
	hub := &clients{byKey: map[string]chan []byte{}}
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Get("/metrics", func(c *fiber.Ctx) error { return c.SendString(memory()) })
	app.Post("/publish/:key", func(c *fiber.Ctx) error {
		if !hub.publish(utils.CopyString(c.Params("key")), utils.CopyBytes(c.Body())) {
			return fiber.ErrNotFound
		}
		return nil
	})
	guard := requireSession(s.sessions)
	app.Get("/login", guard, page)
	app.Get("/login/events", guard, websocket.New(hub.socket, websocket.Config{Origins: []string{s.origin}}))
	app.Get("/login/stream", guard, hub.stream)
	return app.Listener(s.listener)
}

// socket reads until the browser hangs up; a second goroutine writes.
func (s *clients) socket(c *websocket.Conn) {
	key, _ := c.Locals(sessionRef).(string)
	events := s.join(key)
	done := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() { write(c, events, done) })
	defer writer.Wait()
	defer close(done)
	defer s.leave(key, events)

	_ = c.SetReadDeadline(time.Now().Add(pongWait))
	c.SetPongHandler(func(string) error { return c.SetReadDeadline(time.Now().Add(pongWait)) })
	for {
		if _, _, err := c.ReadMessage(); err != nil {
			return
		}
	}
}

// newTicker ticks first at a random moment, as if the browsers had connected one
// by one; pinging all of them at once would be unrealistically cheap.
func newTicker() *time.Ticker { return time.NewTicker(time.Millisecond + rand.N(pingEvery)) }

func write(c *websocket.Conn, events <-chan []byte, done <-chan struct{}) {
	ticker := newTicker()
	defer ticker.Stop()
	for {
		kind, data := websocket.TextMessage, []byte(nil)
		select {
		case <-done:
			return
		case data = <-events:
		case <-ticker.C:
			ticker.Reset(pingEvery)
			kind = websocket.PingMessage
		}
		_ = c.SetWriteDeadline(time.Now().Add(writeWait))
		if err := c.WriteMessage(kind, data); err != nil {
			return
		}
	}
}

// stream is an event stream with fasthttp's stream writer.
func (s *clients) stream(c *fiber.Ctx) error {
	key, _ := c.Locals(sessionRef).(string)
	c.Set(fiber.HeaderContentType, "text/event-stream")
	c.Set(fiber.HeaderCacheControl, "no-cache")
	c.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
		events := s.join(key)
		defer s.leave(key, events)
		ticker := newTicker()
		defer ticker.Stop()
		for text := ": welcome\n\n"; ; {
			if _, err := w.WriteString(text); err != nil {
				return
			}
			if err := w.Flush(); err != nil {
				return
			}
			select {
			case data := <-events:
				text = fmt.Sprintf("data: %s\n\n", data)
			case <-ticker.C:
				ticker.Reset(pingEvery)
				text = ": ping\n\n"
			}
		}
	})
	return nil
}
