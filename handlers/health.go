package handlers

import (
	"errors"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"nod/authy"
)

// providerHealth is what the last call to the provider said about it.
type providerHealth struct {
	mu   sync.Mutex
	at   time.Time
	down bool
}

func (p *providerHealth) note(at time.Time, down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at, p.down = at, down
}

// say tells the state as a word, and since which call.
func (p *providerHealth) say() fiber.Map {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.at.IsZero():
		return fiber.Map{"state": "not asked yet"}
	case p.down:
		return fiber.Map{"state": "unavailable", "last_call": wireTime(p.at)}
	default:
		return fiber.Map{"state": "ok", "last_call": wireTime(p.at)}
	}
}

// ObserveProvider counts a call to the provider and remembers whether it was
// answered; it fits authy.Client.Observe.
func (h *Handlers) ObserveProvider(call string, d time.Duration, err error) {
	down := errors.Is(err, authy.ErrUnavailable)
	outcome := "ok"
	switch {
	case down:
		outcome = "unavailable"
	case err != nil:
		outcome = "refused"
	}
	h.provider.note(h.Now(), down)
	h.Metrics.ProviderCall(call, outcome, d)
}

// healthz says that the process lives, to whoever asks under any host name.
func (h *Handlers) healthz(c *fiber.Ctx) error { return c.SendString("ok\n") }

// readyz says that the database answers and can be written, and how the
// provider did at its last call. An unavailable provider does not make Nod
// unready: who waits is still told, and no other process would do better.
func (h *Handlers) readyz(c *fiber.Ctx) error {
	if err := h.Store.Ready(c.UserContext()); err != nil {
		h.Logger.Error("not ready", "error", err)
		return c.Status(fiber.StatusServiceUnavailable).JSON(fiber.Map{"database": "cannot be written", "provider": h.provider.say()})
	}
	return c.JSON(fiber.Map{"database": "ok", "provider": h.provider.say()})
}
