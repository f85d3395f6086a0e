package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"nod/authy"
	"nod/check"
	"nod/handlers"
	"nod/hub"
	"nod/locales"
	"nod/metrics"
	"nod/simulator"
	"nod/store"
	"nod/views"
)

// runSite is the application, and the simulator beside it where there is no
// key, until ctx ends.
func runSite(ctx context.Context, getenv lookup, stdout io.Writer, logger *slog.Logger) error {
	c, err := configFromEnv(getenv)
	if err != nil {
		return err
	}
	s := newSite(c, logger)
	if err = s.start(ctx); err == nil {
		s.announce(stdout)
		err = s.wait(ctx)
	}
	return errors.Join(err, s.running.stop())
}

func newSite(c Config, logger *slog.Logger) *site {
	return &site{Config: c, logger: logger, failed: make(chan error, 4)}
}

// wait returns when ctx ends, or with the failure of a listener.
func (s *site) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-s.failed:
		return err
	}
}

// site is the running application.
type site struct {
	Config
	logger  *slog.Logger
	failed  chan error // a listener that ended by itself
	running steps

	phonesURL string // of the simulator, for people
	apiURL    string // of the provider, for this process
}

// start opens everything, listeners first: a busy port should cost no
// half-opened database. What was opened is ended by running.stop.
func (s *site) start(ctx context.Context) error {
	ln, err := s.listen("ADDR", s.Addr)
	if err != nil {
		return err
	}
	if s.PublicURL == "" {
		_, port, _ := net.SplitHostPort(ln.Addr().String())
		s.PublicURL = "http://localhost:" + port
	}
	s.apiURL = s.AuthyURL
	key := string(s.APIKey)
	if s.Simulated() {
		if key, err = s.simulate(hostname(s.PublicURL), s.PublicURL+"/authy/callback"); err != nil {
			return err
		}
	}
	return s.serve(ctx, ln, key)
}

func (s *site) listen(setting, addr string) (net.Listener, error) {
	ln, err := listen(setting, addr, s.logger)
	if err != nil {
		return nil, err
	}
	s.running.add("the listener of "+setting, time.Second, closing(ln.Close))
	return ln, nil
}

// simulate starts the phones on a listener of their own, and returns the key
// of their application. elsewhere is the host people use where the listener is
// on all addresses.
func (s *site) simulate(elsewhere, callbackURL string) (key string, err error) {
	ln, err := s.listen("SIMULATOR_ADDR", s.SimulatorAddr)
	if err != nil {
		return "", err
	}
	sim, err := simulator.New(simulator.Config{
		APIKey:      string(s.APIKey), // only the simulator alone is given one
		CallbackURL: callbackURL,
		Path:        beside(s.Database, "simulator"),
		Logger:      s.logger,
	})
	if err != nil {
		return "", err
	}
	s.running.add("the simulator", 2*time.Second, sim.Close)
	s.serveHTTP("the phones", ln, sim.Handler())
	s.phonesURL, s.apiURL = visitURL(ln.Addr(), elsewhere), dialURL(ln.Addr())
	return sim.APIKey(), nil
}

// serve opens the databases and starts the application.
func (s *site) serve(ctx context.Context, ln net.Listener, key string) error {
	db, err := store.Open(ctx, s.Database, store.Options{SessionIdle: s.SessionIdle, SessionMax: s.SessionMax})
	if err != nil {
		return err
	}
	// The databases are closed last, and may take what time is left.
	s.running.add("the database", stopLimit, closing(db.Close))
	sessions, err := handlers.NewSessionStorage(beside(s.Database, "sessions"))
	if err != nil {
		return err
	}
	s.running.add("the sessions", stopLimit, closing(sessions.Close))

	waiting := hub.New(hub.Options{Total: waitingLimit(), PerAddr: s.WaitingPerAddress})
	counts := metrics.New(waiting.Waiting, nil)
	client := authy.NewClient(s.apiURL, key)
	pages, err := readPages()
	if err != nil {
		return err
	}
	h, err := handlers.New(handlers.Config{
		Store: db, Hub: waiting, Pages: pages, Authy: client, SessionStorage: sessions,
		PublicURL: s.PublicURL, APIKey: key, PhonesURL: s.phonesURL,
		ApprovalTTL: s.ApprovalTTL, SessionMax: s.SessionMax,
		TrustedProxies: s.TrustedProxies, Metrics: counts, Logger: s.logger,
	})
	if err != nil {
		return err
	}
	client.Observe = h.ObserveProvider
	if s.MetricsAddr != "" {
		if err := s.serveMetrics(counts); err != nil {
			return err
		}
	}
	s.keepDeadlines(h)
	app := h.App()
	s.running.add("the application", 3*time.Second, func(ctx context.Context) error {
		err := app.ShutdownWithContext(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			// Browsers open connections ahead and ask nothing on them: no
			// stop waits for those, and none is a failure for them.
			s.logger.Warn("connections that were still open are cut")
			return nil
		}
		return err
	})
	// Who waits is told first: their pages come back to the next process.
	s.running.add("the hub", 2*time.Second, func(ctx context.Context) error { return waiting.Shutdown(ctx, closeRestart) })
	s.running.add("the door", time.Second, closing(ln.Close))
	go func() { s.end("the application", app.Listener(ln)) }()
	return nil
}

// readPages is the pages with their English words.
func readPages() (*views.Pages, error) {
	words, err := locales.New()
	if err != nil {
		return nil, err
	}
	return views.Parse(words.In("en"))
}

// closeRestart of RFC 6455's registry: the server restarts, come back.
const closeRestart = 1012

// keepDeadlines runs the sweeper apart from ctx, so that it ends in its turn.
func (s *site) keepDeadlines(h *handlers.Handlers) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { h.Run(ctx); close(done) }()
	s.running.add("the deadlines", time.Second, func(context.Context) error { cancel(); <-done; return nil })
}

func (s *site) serveMetrics(counts *metrics.Metrics) error {
	ln, err := s.listen("METRICS_ADDR", s.MetricsAddr)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", counts.Handler())
	s.serveHTTP("the metrics", ln, mux)
	return nil
}

func (s *site) serveHTTP(name string, ln net.Listener, handler http.Handler) {
	server := newServer(handler, s.logger)
	s.running.add(name, time.Second, stopServer(server))
	go func() { s.end(name, server.Serve(ln)) }()
}

func newServer(handler http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute,
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
}

// stopServer lets requests finish, then cuts what is left.
func stopServer(server *http.Server) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := server.Shutdown(ctx); err != nil {
			return server.Close()
		}
		return nil
	}
}

// end reports a listener that stopped; after a stop on purpose nobody reads.
func (s *site) end(name string, err error) {
	if err != nil && !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		select {
		case s.failed <- fmt.Errorf("%s: %w", name, err):
		default:
		}
	}
}

func (s *site) announce(out io.Writer) {
	fmt.Fprintf(out, "Nod is at        %s\n", s.PublicURL)
	if !s.Simulated() {
		return
	}
	fmt.Fprintf(out, "The phones are at %s\n\n", s.phonesURL)
	fmt.Fprintln(out, "There is no Authy key, so the phones are simulated. To use real ones, set")
	fmt.Fprintln(out, "AUTHY_API_KEY (or AUTHY_API_KEY_FILE) and PUBLIC_URL; nod -h explains them.")
}

// runCheck opens a running Nod through its public address.
func runCheck(ctx context.Context, args []string, stdout io.Writer) error {
	if len(args) != 1 {
		return fmt.Errorf("%w: check wants one address, such as https://nod.example.com", errUsage)
	}
	return check.Run(ctx, args[0], stdout)
}
