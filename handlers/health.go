package handlers

import (
	"context"
	"sync"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/sync/singleflight"
)

// healthz says that the process is running and which version it is, under any
// host name.
func (h *Handlers) healthz(c *fiber.Ctx) error { return c.SendString("ok\n" + h.Version + "\n") }

// readiness asks each file whether it can be written. Who asks at the same time
// gets the same answer.
type readiness struct {
	files map[string]func(context.Context) error
	once  singleflight.Group
}

// newReadiness has the files of c by the names that /readyz gives them.
func newReadiness(c Config) *readiness {
	files := map[string]func(context.Context) error{"database": c.Flow.Ready}
	if sessions, ok := c.SessionStorage.(interface{ Ready(context.Context) error }); ok {
		files["sessions"] = sessions.Ready
	}
	if c.PhonesReady != nil {
		files["phones"] = c.PhonesReady
	}
	return &readiness{files: files}
}

// ask returns what is wrong, by file.
func (r *readiness) ask(ctx context.Context) map[string]error {
	var (
		mu    sync.Mutex
		wrong = map[string]error{}
		asked sync.WaitGroup
	)
	for name, ready := range r.files {
		asked.Go(func() {
			_, err, _ := r.once.Do(name, func() (any, error) { return nil, ready(ctx) })
			mu.Lock()
			defer mu.Unlock()
			wrong[name] = err
		})
	}
	asked.Wait()
	return wrong
}

// readyz says of each file whether it can be written, and how the last call of
// the provider went. An unavailable provider does not make Nod unready: waiting
// pages still get their updates, and no other process would do better.
func (h *Handlers) readyz(c *fiber.Ctx) error {
	body := fiber.Map{"provider": h.providerHealth()}
	for name, err := range h.ready.ask(c.UserContext()) {
		body[name] = "ok"
		if err != nil {
			h.Logger.Error("not ready", "file", name, "error", err)
			body[name] = "cannot be written"
			c.Status(fiber.StatusServiceUnavailable)
		}
	}
	return c.JSON(body)
}

// requireSessionFile stands before every step that ends in a new cookie: where
// none can be kept, a password, a code or an approval must not be used up for
// it, nor an account made.
func (h *Handlers) requireSessionFile(c *fiber.Ctx) error {
	if err := h.sessionFileReady(c.UserContext()); err != nil {
		return err
	}
	return c.Next()
}

func (h *Handlers) sessionFileReady(ctx context.Context) error {
	if ready, ok := h.ready.files["sessions"]; ok {
		if err := ready(ctx); err != nil {
			return &unchanged{err}
		}
	}
	return nil
}

func (h *Handlers) providerHealth() fiber.Map {
	state, at := h.Provider.Health()
	body := fiber.Map{"state": state}
	if !at.IsZero() {
		body["last_call"] = wireTime(at)
	}
	return body
}
