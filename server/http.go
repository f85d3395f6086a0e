package server

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// serveMetrics serves /metrics, and nothing else, on a listener of its own.
func (s *site) serveMetrics(metrics http.Handler) error {
	ln, err := s.listen("METRICS_ADDR", s.MetricsAddr)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics)
	s.serveHTTP("the metrics", ln, mux)
	return nil
}

// serveHTTP serves what does not run on Fiber: metrics and the simulator.
func (s *site) serveHTTP(name string, ln net.Listener, handler http.Handler) {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute,
		ErrorLog: slog.NewLogLogger(s.logger.Handler(), slog.LevelDebug),
	}
	s.running.add(name, time.Second, stopHTTP(server))
	go func() { s.end(name, server.Serve(ln)) }()
}

// stopHTTP lets requests finish, then cuts what is left.
func stopHTTP(server *http.Server) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := server.Shutdown(ctx); err != nil {
			return server.Close()
		}
		return nil
	}
}
