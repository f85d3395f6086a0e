package server

import (
	"bytes"
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
	s.MetricsAddr = ln.Addr().String()
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics)
	s.serveHTTP("the metrics", ln, headed(mux))
	return nil
}

// bareHeaders are those of answers that are nothing to look at.
var bareHeaders = [][2]string{
	{"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	{"Referrer-Policy", "same-origin"},
	{"X-Content-Type-Options", "nosniff"},
	{"X-Frame-Options", "DENY"},
}

// headed puts the headers on every answer of next.
func headed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, header := range bareHeaders {
			w.Header().Set(header[0], header[1])
		}
		next.ServeHTTP(w, r)
	})
}

// ownHeaders are what net/http writes in a refusal of its own, of a request that
// no handler gets to see.
var ownHeaders = []byte("\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n")

// withBareHeaders adds the headers to such a refusal; ok is false for anything
// else.
func withBareHeaders(b []byte) (_ []byte, ok bool) {
	if !bytes.HasPrefix(b, []byte("HTTP/1.1 4")) && !bytes.HasPrefix(b, []byte("HTTP/1.1 5")) {
		return nil, false
	}
	line := bytes.Index(b, []byte("\r\n"))
	if line < 0 || !bytes.HasPrefix(b[line:], ownHeaders) {
		return nil, false
	}
	var whole bytes.Buffer
	whole.Write(b[:line])
	for _, header := range bareHeaders {
		whole.WriteString("\r\n" + header[0] + ": " + header[1])
	}
	whole.Write(b[line:])
	return whole.Bytes(), true
}

// serveHTTP serves what does not run on Fiber: metrics and the simulator.
func (s *site) serveHTTP(name string, ln net.Listener, handler http.Handler) {
	server := &http.Server{
		Handler: handler, ReadTimeout: s.patience.request, IdleTimeout: s.patience.idle,
		ConnState: followHTTP, ErrorLog: slog.NewLogLogger(s.logger.Handler(), slog.LevelDebug),
	}
	door := s.behind(ln)
	door.bare = true
	s.running.add(name, time.Second, stopHTTP(server))
	go func() { s.end(name, server.Serve(door)) }()
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
