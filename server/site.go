package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fasthttp/websocket"
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"nod/config"
	"nod/hub"
	"nod/metrics"
	"nod/signin"
	"nod/simulator"
	"nod/stage"
	"nod/traces"
	"nod/wire"
)

// site is the running process, and what it takes to end it.
type site struct {
	config.Config
	logger  *slog.Logger
	now     func() time.Time // for what is stored; callbacks are judged by the wall clock unless Config.Now is set
	failed  chan error       // a listener that ended by itself
	running steps
	locked  []string // database files that are locked

	listening []string // host:port of each listener

	patience  patience      // with clients
	perSource int           // connections of one source on a listener
	room      func() int    // for clients that do not wait
	crowd     func() *crowd // the clients of all listeners

	onlyHere      bool     // others reach ADDR, but PUBLIC_URL was not set and is localhost
	phonesURL     string   // of the simulator, for people
	phonesNetwork []string // the same for other devices, if they can reach it
	lanURL        string   // of the phones of an audience; "" without one
	apiURL        string   // of the provider, for this process

	tracer   *traces.Tracer        // nil: nothing is traced
	recorder *wire.Recorder        // of what goes over the wire; nil: nothing is recorded
	reach    func(net.Addr) string // the URL by which this process reaches its own listeners

	phonesReady func(context.Context) error     // of the simulator's file; nil without it
	resetLimits func(context.Context) error     // for the simulator's demonstrations; nil if it runs alone
	flow        atomic.Pointer[signin.Flow]     // of the application, once it is put together
	hub         atomic.Pointer[hub.Hub]         // likewise
	limited     atomic.Pointer[metrics.Metrics] // counts what limits refuse; likewise
	stage       *stage.Stage                    // at the simulator's address
	simulator   *simulator.Simulator
}

func newSite(c config.Config, logger *slog.Logger) *site {
	wall := c.Now
	if wall == nil {
		wall = time.Now
	}
	s := &site{Config: c, logger: logger, now: steadyClock(wall), failed: make(chan error, 4), patience: usualPatience, perSource: perSource, reach: loopbackURL, stage: stage.New(logger), running: steps{factor: c.StopFactor}}
	s.room = s.roomForClients
	s.crowd = sync.OnceValue(func() *crowd { return newCrowd(s.perSource, s.ownProxy(), s.room, s.logger) })
	return s
}

// start opens everything, listeners first. What it has opened is ended by
// running.stop, also if it fails.
func (s *site) start(ctx context.Context) error {
	if err := s.trace(ctx); err != nil {
		return err
	}
	ln, err := s.listenAfter(ctx, "ADDR", s.Addr)
	if err != nil {
		return err
	}
	if s.PublicURL == "" {
		s.PublicURL = visitURL(ln.Addr(), "localhost")
		s.onlyHere = onAllAddresses(ln.Addr())
	}
	var phones net.Listener
	if s.Simulated() {
		if phones, err = s.listenAfter(ctx, "SIMULATOR_ADDR", s.SimulatorAddr); err != nil {
			return err
		}
	}
	if !s.onPostgres() {
		if err := s.lock(ctx, s.Database); err != nil {
			return err
		}
	}
	if err := s.refuseForeignPhones(); err != nil {
		return err
	}
	// Before the simulator, whose file tells whose phones an old database has.
	db, sessions, err := s.openDatabases(ctx)
	if err != nil {
		return s.explainStore(err)
	}
	s.apiURL = s.AuthyURL
	key := string(s.APIKey)
	if !s.Simulated() {
		s.recorder = nil // never beside a real key
	} else {
		s.resetLimits = s.forgetCounts
		// The way to PUBLIC_URL may be closed from inside: another name, a
		// certificate of one's own, a router with no way back.
		if key, err = s.simulate(ctx, phones, hostname(s.PublicURL), s.reach(ln.Addr())+callbackPath, s.PublicURL+callbackPath); err != nil {
			return err
		}
	}
	s.recorder.Hide(key)
	r, err := s.connect(ctx, db, sessions, key)
	if err != nil {
		return err
	}
	s.flow.Store(r.flow)
	if err := r.flow.CatchUpFirst(ctx); err != nil {
		s.logger.Error("what was answered just before its deadline could not be looked up", "error", err)
	}
	return s.serve(ln, r)
}

// trace tells of requests where the environment names a collector.
func (s *site) trace(ctx context.Context) (err error) {
	if s.tracer, err = traces.New(ctx, s.Build.Release, s.logger); s.tracer == nil {
		return err
	}
	s.running.add("the traces", time.Second, func(ctx context.Context) error {
		if err := s.tracer.Close(ctx); err != nil { // which is no failure of the stop
			s.logger.Warn("the last traces could not be sent", "error", err)
		}
		return nil
	})
	return nil
}

// forgetCounts lifts the limits of the application, as demonstrations need it.
func (s *site) forgetCounts(ctx context.Context) error {
	if flow := s.flow.Load(); flow != nil {
		return flow.ResetLimits(ctx)
	}
	return errors.New("the application has not started yet")
}

// serve starts the application. What is added last is stopped first.
func (s *site) serve(ln net.Listener, r rooms) error {
	if s.MetricsAddr != "" {
		if err := s.serveMetrics(r.metrics.Handler()); err != nil {
			return err
		}
	}
	s.inBackground("the sweeper", r.flow.Run)
	app := r.handlers.App()
	s.limit(app.Server())
	s.running.add("the application", 3*time.Second, s.shutdown(app))
	// Waiting pages are told first: they reconnect to the next process.
	s.running.add("the hub", 2*time.Second, func(ctx context.Context) error {
		return r.hub.Shutdown(ctx, websocket.CloseServiceRestart)
	})
	s.running.add("accepting connections", time.Second, closing(ln.Close))
	go func() { s.end("the application", app.Listener(s.behind(s.recorder.Listener(ln, wire.Application)))) }()
	return nil
}

// limit gives the application's server the patience of this site. Waiting browsers
// are hijacked connections, which these limits do not cover.
func (s *site) limit(server *fasthttp.Server) {
	server.ReadTimeout, server.IdleTimeout, server.WriteTimeout = s.patience.request, s.patience.idle, s.patience.write
	server.ConnState = followFast
}

// inBackground runs what goes on until the process stops, under a context of
// its own, so that it stops in its turn.
func (s *site) inBackground(name string, run func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { run(ctx); close(done) }()
	s.running.add(name, time.Second, func(context.Context) error { cancel(); <-done; return nil })
}

// shutdown lets requests finish. Browsers open connections ahead and send
// nothing on them: those are cut, and that is no failure.
func (s *site) shutdown(app *fiber.App) func(context.Context) error {
	return func(ctx context.Context) error {
		err := app.ShutdownWithContext(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			s.logger.Warn("connections that were still open are cut")
			return nil
		}
		return err
	}
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

// end reports a listener that stopped. After a stop on purpose nobody reads
// the report.
func (s *site) end(name string, err error) {
	if err != nil && !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		select {
		case s.failed <- fmt.Errorf("%s: %w", name, err):
		default:
		}
	}
}
