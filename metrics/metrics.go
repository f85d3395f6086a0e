// Package metrics counts what an operator of Nod wants to see.
//
// Owns: the names, labels and units of all Prometheus metrics.
// Promises: labels take a fixed, small set of values; nothing in them names a
// person, a session, an address or a key.
// Never: decides anything. A counter that fails to count changes no sign-in.
package metrics

import (
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// pollLife is how long after its last question a polling page counts as
// waiting: two missed questions.
const pollLife = 5 * time.Second

// Metrics holds the collectors. Make one with New; a nil *Metrics counts
// nothing, so that tests and embedders need none.
type Metrics struct {
	registry  *prometheus.Registry
	signIns   *prometheus.CounterVec
	tap       prometheus.Histogram
	callbacks *prometheus.CounterVec
	provider  *prometheus.HistogramVec

	mu     sync.Mutex
	polls  map[string]time.Time
	pruned time.Time
	now    func() time.Time
}

// New makes the collectors. waiting says how many browsers wait by WebSocket
// and by event stream; now is the clock, nil for time.Now.
func New(waiting func() (websockets, streams int), now func() time.Time) *Metrics {
	if now == nil {
		now = time.Now
	}
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		signIns: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "nod_sign_ins_total", Help: "Sign-in attempts by how they ended and by method.",
		}, []string{"outcome", "method"}),
		tap: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "nod_tap_to_browser_seconds", Help: "From the decision stored to the browser at the door.",
			Buckets: []float64{.005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 15, 60},
		}),
		callbacks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "nod_callbacks_total", Help: "Callbacks of the provider by verdict.",
		}, []string{"verdict"}),
		provider: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "nod_provider_call_seconds", Help: "Calls to the provider by call and outcome.",
			Buckets: []float64{.01, .05, .1, .25, .5, 1, 2, 5},
		}, []string{"call", "outcome"}),
		polls: map[string]time.Time{},
		now:   now,
	}
	m.registry.MustRegister(m.signIns, m.tap, m.callbacks, m.provider,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.gauge("websocket", func() int { n, _ := waiting(); return n })
	m.gauge("stream", func() int { _, n := waiting(); return n })
	m.gauge("polling", m.polling)
	return m
}

func (m *Metrics) gauge(way string, read func() int) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "nod_waiting_browsers", Help: "Browsers that wait for an answer, by the way they hear.",
		ConstLabels: prometheus.Labels{"way": way},
	}, func() float64 { return float64(read()) }))
}

// Handler serves the metrics in the Prometheus text format.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// SignIn counts an attempt that ended: signed_in, denied, expired, cancelled.
func (m *Metrics) SignIn(outcome, method string) {
	if m != nil {
		m.signIns.WithLabelValues(outcome, method).Inc()
	}
}

// Tap records how long a decision took to reach its browser.
func (m *Metrics) Tap(d time.Duration) {
	if m != nil {
		m.tap.Observe(d.Seconds())
	}
}

// Callback counts a callback: applied, repeated, unknown, ping, unusable,
// refused.
func (m *Metrics) Callback(verdict string) {
	if m != nil {
		m.callbacks.WithLabelValues(verdict).Inc()
	}
}

// ProviderCall records a call to the provider; outcome is ok, refused or
// unavailable.
func (m *Metrics) ProviderCall(call, outcome string, d time.Duration) {
	if m != nil {
		m.provider.WithLabelValues(call, outcome).Observe(d.Seconds())
	}
}

// Poll notes that the page of a session asked for its state.
func (m *Metrics) Poll(session string) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	m.polls[session] = now
	// The metrics may never be read, so that reading them cannot be what
	// forgets.
	if now.Sub(m.pruned) > pollLife {
		m.prune(now)
	}
}

func (m *Metrics) polling() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.prune(m.now())
	return len(m.polls)
}

// prune forgets who has stopped asking.
func (m *Metrics) prune(now time.Time) {
	m.pruned = now
	for session, at := range m.polls {
		if now.Sub(at) > pollLife {
			delete(m.polls, session)
		}
	}
}
