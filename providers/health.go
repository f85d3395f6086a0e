package providers

import (
	"errors"
	"sync"
	"time"

	"nod/authy"
)

// CallCounter counts calls to a provider. *metrics.Metrics is one.
type CallCounter interface {
	ProviderCall(call, outcome string, d time.Duration)
}

// health is what the last call to the provider said about it.
type health struct {
	mu    sync.Mutex
	at    time.Time
	state string
}

// Observe counts a call and remembers whether it was answered; it fits
// authy.Client.Observe.
func (a *Authy) Observe(call string, d time.Duration, err error) {
	outcome, state := "ok", "ok"
	switch {
	case errors.Is(err, authy.ErrUnavailable):
		outcome, state = "unavailable", "unavailable"
	case errors.Is(err, authy.ErrInvalidAPIKey):
		outcome, state = "refused", "refuses the key"
	case err != nil:
		outcome = "refused"
	}
	if a.Counter != nil {
		a.Counter.ProviderCall(call, outcome, d)
	}
	a.health.mu.Lock()
	defer a.health.mu.Unlock()
	a.health.at, a.health.state = a.now(), state
}

// Health is a word for how the last call went, and when that was.
func (a *Authy) Health() (state string, lastCall time.Time) {
	a.health.mu.Lock()
	defer a.health.mu.Unlock()
	if a.health.at.IsZero() {
		return "not asked yet", time.Time{}
	}
	return a.health.state, a.health.at
}

func (a *Authy) now() time.Time {
	if a.Now != nil {
		return a.Now()
	}
	return time.Now()
}
