// Package metrics holds Nod's Prometheus metrics.
//
// Owns: the names, labels and units of all metrics that start with nod_.
// Promises: no label contains a person, a session, an address or a key; durations
// are in seconds.
// Never: changes the outcome of a request.
package metrics

import (
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// pollTimeout is how long a page counts as waiting after its last poll. Pages poll
// every 2 s, so it has then missed two polls.
const pollTimeout = 5 * time.Second

// Metrics holds the collectors. Create it with New. A nil *Metrics counts nothing,
// so that tests need none.
type Metrics struct {
	registry  *prometheus.Registry
	signIns   *prometheus.CounterVec
	requests  *prometheus.CounterVec
	passwords *prometheus.CounterVec
	codesSent *prometheus.CounterVec
	codes     *prometheus.CounterVec
	limits    *prometheus.CounterVec
	pushes    *prometheus.CounterVec
	waits     *prometheus.CounterVec
	tap       prometheus.Histogram
	callbacks *prometheus.CounterVec
	provider  *prometheus.HistogramVec

	mu     sync.Mutex
	polls  map[string]time.Time // the last poll of each session
	pruned time.Time            // when prune last ran
	now    func() time.Time
}

// New creates the collectors. waiting returns how many browsers are waiting on a
// WebSocket and on an event stream; now is the clock, time.Now if nil.
func New(waiting func() (websockets, streams int), now func() time.Time) *Metrics {
	if now == nil {
		now = time.Now
	}
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		signIns:  counter("nod_sign_ins_total", "Sign-in attempts that are over, each once, by outcome and method.", "outcome", "method"),
		requests: counter("nod_requests_total", "Requests to phones that are over, by kind (login, transfer) and outcome.",
			"kind", "outcome"),
		passwords: counter("nod_passwords_total", "Passwords given, by outcome.", "outcome"),
		codesSent: counter("nod_codes_sent_total", "Codes asked for, by method (sms, call) and outcome.", "method", "outcome"),
		codes:     counter("nod_codes_total", "Codes given, by outcome.", "outcome"),
		limits:    counter("nod_limited_total", "What a limit has refused, by limit; docs/security.md lists them.", "limit"),
		pushes:    counter("nod_pushes_total", "Pushes to phones of one's own, by what became of them.", "outcome"),
		waits: counter("nod_waits_ended_total", "Connections of waiting browsers that have ended, by transport and reason.",
			"transport", "reason"),
		tap: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "nod_tap_to_browser_seconds", Help: "Time from storing the decision on the phone to signing in a browser that moved on by itself.",
			Buckets: []float64{.005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 15, 60},
		}),
		callbacks: counter("nod_callbacks_total", "Callbacks from the provider by verdict.", "verdict"),
		provider: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "nod_provider_call_seconds", Help: "Duration of calls to the provider by call and outcome.",
			Buckets: []float64{.01, .05, .1, .25, .5, 1, 2, 5},
		}, []string{"call", "outcome"}),
		polls: map[string]time.Time{},
		now:   now,
	}
	m.registry.MustRegister(m.signIns, m.requests, m.passwords, m.codesSent, m.codes, m.limits, m.pushes, m.waits, m.tap, m.callbacks, m.provider,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.gauge("websocket", func() int { n, _ := waiting(); return n })
	m.gauge("stream", func() int { _, n := waiting(); return n })
	m.gauge("polling", m.polling)
	return m
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func (m *Metrics) gauge(transport string, read func() int) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "nod_waiting_browsers", Help: "Browsers waiting for an answer, by transport.",
		ConstLabels: prometheus.Labels{"transport": transport},
	}, func() float64 { return float64(read()) }))
}

// Handler serves the metrics in the format that the client asks for, by default
// Prometheus's text format.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// SignIn counts an attempt that is over. outcome is signed_in, denied,
// superseded, or the reason its session ended for, such as cancelled or expired.
func (m *Metrics) SignIn(outcome, method string) {
	if m != nil {
		m.signIns.WithLabelValues(outcome, method).Inc()
	}
}

// Request counts a request to a phone that is over. outcome is its status, or
// why it was cancelled.
func (m *Metrics) Request(kind, outcome string) {
	if m != nil {
		m.requests.WithLabelValues(kind, outcome).Inc()
	}
}

// Password counts a password given. outcome is right, wrong, throttled or busy.
func (m *Metrics) Password(outcome string) {
	if m != nil {
		m.passwords.WithLabelValues(outcome).Inc()
	}
}

// CodeSent counts a code asked for. outcome is sent, unconfirmed, or why
// none was.
func (m *Metrics) CodeSent(method, outcome string) {
	if m != nil {
		m.codesSent.WithLabelValues(method, outcome).Inc()
	}
}

// CodeChecked counts a code given. outcome is right, wrong, used, throttled,
// rate_limited, unavailable, unconfirmed or too_late.
func (m *Metrics) CodeChecked(outcome string) {
	if m != nil {
		m.codes.WithLabelValues(outcome).Inc()
	}
}

// Limited counts what a limit has refused.
func (m *Metrics) Limited(limit string) {
	if m != nil {
		m.limits.WithLabelValues(limit).Inc()
	}
}

// Pushed counts a push to a phone of one's own. outcome is accepted, gone, key_refused,
// refused or late.
func (m *Metrics) Pushed(outcome string) {
	if m != nil {
		m.pushes.WithLabelValues(outcome).Inc()
	}
}

// WaitEnded counts a connection of a waiting browser that has ended.
func (m *Metrics) WaitEnded(transport, reason string) {
	if m != nil {
		m.waits.WithLabelValues(transport, reason).Inc()
	}
}

// Tap records the time from a decision on the phone to the browser's sign-in.
func (m *Metrics) Tap(d time.Duration) {
	if m != nil {
		m.tap.Observe(d.Seconds())
	}
}

// Callback counts a callback. verdict is applied, repeated, late, unknown, ping, unusable
// or refused.
func (m *Metrics) Callback(verdict string) {
	if m != nil {
		m.callbacks.WithLabelValues(verdict).Inc()
	}
}

// ProviderCall records a call to the provider and its duration. outcome is ok,
// refused or unavailable.
func (m *Metrics) ProviderCall(call, outcome string, d time.Duration) {
	if m != nil {
		m.provider.WithLabelValues(call, outcome).Observe(d.Seconds())
	}
}

// Poll records that the page of a session polled its state.
func (m *Metrics) Poll(session string) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	m.polls[session] = now
	// Pruned here too, because the metrics may never be read.
	if now.Sub(m.pruned) > pollTimeout {
		m.prune(now)
	}
}

func (m *Metrics) polling() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.prune(m.now())
	return len(m.polls)
}

// prune removes the sessions that have stopped polling.
func (m *Metrics) prune(now time.Time) {
	m.pruned = now
	for session, at := range m.polls {
		if now.Sub(at) > pollTimeout {
			delete(m.polls, session)
		}
	}
}
