package metrics

import (
	"database/sql"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
)

// Build tells which build runs.
func (m *Metrics) Build(version, commit string) {
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "nod_build_info", Help: "1, with the version, the commit and the Go of this build as labels.",
		ConstLabels: prometheus.Labels{"version": version, "commit": commit, "goversion": runtime.Version()},
	})
	build.Set(1)
	m.registry.MustRegister(build)
}

// Hashes tells how many passwords wait to be hashed and how many are being hashed, as
// read says.
func (m *Metrics) Hashes(read func() (waiting, working int)) {
	gauge := func(state string, value func() int) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "nod_password_hashes", Help: "Passwords that wait to be hashed, and that are being hashed, by state.",
			ConstLabels: prometheus.Labels{"state": state},
		}, func() float64 { return float64(value()) })
	}
	m.registry.MustRegister(gauge("waiting", func() int { n, _ := read(); return n }), gauge("working", func() int { _, n := read(); return n }))
}

// Pool tells how often and how long a connection of a database was waited for, as
// read says.
func (m *Metrics) Pool(name string, read func() sql.DBStats) {
	counter := func(metric, help string, value func(sql.DBStats) float64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: metric, Help: help, ConstLabels: prometheus.Labels{"pool": name},
		}, func() float64 { return value(read()) })
	}
	m.registry.MustRegister(
		counter("nod_database_waits_total", "Times that a connection of a database was waited for, by pool.",
			func(s sql.DBStats) float64 { return float64(s.WaitCount) }),
		counter("nod_database_wait_seconds_total", "Time that was waited for a connection of a database, by pool.",
			func(s sql.DBStats) float64 { return s.WaitDuration.Seconds() }),
	)
}
