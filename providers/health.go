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
	mu   sync.Mutex
	at   time.Time
	down bool
}

// Observe counts a call and remembers whether it was answered; it fits
// authy.Client.Observe.
func (a *Authy) Observe(call string, d time.Duration, err error) {
	down := errors.Is(err, authy.ErrUnavailable)
	if a.Counter != nil {
		a.Counter.ProviderCall(call, outcome(err, down), d)
	}
	a.health.mu.Lock()
	defer a.health.mu.Unlock()
	a.health.at, a.health.down = a.now(), down
}

func outcome(err error, down bool) string {
	switch {
	case down:
		return "unavailable"
	case err != nil:
		return "refused"
	default:
		return "ok"
	}
}

// Health is a word for how the last call went, and when that was.
func (a *Authy) Health() (state string, lastCall time.Time) {
	a.health.mu.Lock()
	defer a.health.mu.Unlock()
	switch {
	case a.health.at.IsZero():
		return "not asked yet", time.Time{}
	case a.health.down:
		return "unavailable", a.health.at
	default:
		return "ok", a.health.at
	}
}

func (a *Authy) now() time.Time {
	if a.Now != nil {
		return a.Now()
	}
	return time.Now()
}
