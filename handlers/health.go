package handlers

import (
	"context"
	_ "embed"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
)

// healthz says that the process is running and which version it is, under any
// host name.
func (h *Handlers) healthz(c *fiber.Ctx) error { return c.SendString("ok\n" + h.Version + "\n") }

// description is the OpenAPI file of what this package answers in JSON.
//
//go:embed openapi.json
var description []byte

func (h *Handlers) openapi(c *fiber.Ctx) error { return c.Type("json").Send(description) }

// readiness asks each file whether it can be written. /readyz is open to all, and
// to be sure a file must be written to: so it is written at most once a second,
// whoever asks, and who asks in between gets the answer that was found.
type readiness struct {
	files  map[string]func(context.Context) error
	probes map[string]*probe
	now    func() time.Time
}

// probe is what was found of a file last.
type probe struct {
	mu    sync.Mutex
	ended time.Time // the zero time: never asked
	err   error
}

const probeInterval = time.Second

// newReadiness has the files of c by the names that /readyz gives them.
func newReadiness(c Config) *readiness {
	r := &readiness{files: map[string]func(context.Context) error{"database": c.Flow.Ready}, probes: map[string]*probe{}, now: c.Now}
	if sessions, ok := c.SessionStorage.(interface{ Ready(context.Context) error }); ok {
		r.files["sessions"] = sessions.Ready
	}
	if c.PhonesReady != nil {
		r.files["phones"] = c.PhonesReady
	}
	for name := range r.files {
		r.probes[name] = &probe{}
	}
	return r
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
			err := r.probes[name].ask(ctx, r.now, ready)
			mu.Lock()
			defer mu.Unlock()
			wrong[name] = err
		})
	}
	asked.Wait()
	return wrong
}

// ask writes to the file unless that was done less than probeInterval ago. Who
// asks meanwhile waits for the answer.
func (p *probe) ask(ctx context.Context, now func() time.Time, ready func(context.Context) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if age := now().Sub(p.ended); p.ended.IsZero() || age < 0 || age >= probeInterval {
		p.err = ready(ctx)
		p.ended = now()
	}
	return p.err
}

// readyz says of each file whether it can be written, and how the last call of
// the provider and the last push went. An unavailable provider does not make Nod unready: waiting
// pages still get their updates, and no other process would do better.
func (h *Handlers) readyz(c *fiber.Ctx) error {
	body := fiber.Map{"provider": h.providerHealth()}
	if h.Phone != nil {
		if state, at, ok := h.Phone.PushHealth(); ok {
			body["push"] = lastCall(state, at)
		}
	}
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
	return lastCall(h.Provider.Health())
}

// lastCall says how a call went, and when, if there was one.
func lastCall(state string, at time.Time) fiber.Map {
	body := fiber.Map{"state": state}
	if !at.IsZero() {
		body["last_call"] = wireTime(at)
	}
	return body
}
