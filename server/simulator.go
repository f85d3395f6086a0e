package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"nod/config"
	"nod/simulator"
	"nod/wire"
)

// RunSimulator runs only the simulator, for Authy applications in any
// language, until ctx ends or its listener fails. It prints the key that
// clients must send if it has made that key itself.
func RunSimulator(ctx context.Context, c config.Config, stdout io.Writer, logger *slog.Logger) error {
	s := newSite(c, logger)
	err := s.startSimulator(ctx, stdout)
	if err == nil {
		err = s.wait(ctx)
	}
	return errors.Join(err, s.running.stop())
}

func (s *site) startSimulator(ctx context.Context, stdout io.Writer) error {
	ln, err := s.listen("SIMULATOR_ADDR", s.SimulatorAddr)
	if err != nil {
		return err
	}
	key, err := s.simulate(ctx, ln, "localhost", s.SimulatorCallbackURL, s.Phones.SignedURL)
	if err != nil {
		return err
	}
	if s.ForeignDatabase {
		s.logger.Info("DATABASE_URL is of another program and ignored", "phones", beside(s.Database, simulatorFile))
	}
	s.announcePhones(stdout, "The phones and the API are at")
	if s.APIKey == "" {
		fmt.Fprintf(stdout, "The key is %s\n", key)
	} else {
		fmt.Fprintln(stdout, "The key is the one that was set.")
	}
	if s.SimulatorCallbackURL == "" {
		fmt.Fprintln(stdout, "No callbacks are sent: set SIMULATOR_CALLBACK_URL to your application's callback.")
	}
	fmt.Fprintln(stdout, "nod simulator --help says how to point clients at it.")
	return nil
}

// announcePhones says where the phones are, also for other devices if they can reach
// them.
func (s *site) announcePhones(out io.Writer, where string) {
	fmt.Fprintf(out, "%s %s\n", where, s.phonesURL)
	for _, url := range s.phonesNetwork {
		if url != s.phonesURL {
			fmt.Fprintf(out, "Other devices in this network open %s\n", url)
		}
	}
}

// SimulatorGuide says how to point clients at a simulator on its default
// address.
func SimulatorGuide(callbackURL string) string {
	return simulator.Guide("http://localhost:3001", "YOUR-KEY", callbackURL)
}

// simulatorFile is the part of its file's name that marks it: nod-simulator.db.
const simulatorFile = "simulator"

// simulate starts the phones on a listener of their own, and returns the key
// of their application. publicHost is the host that people use if the listener
// is on all addresses. Callbacks are sent to callbackURL and signed for signedURL.
func (s *site) simulate(ctx context.Context, ln net.Listener, publicHost, callbackURL, signedURL string) (key string, err error) {
	path := beside(s.Database, simulatorFile)
	if err := s.lock(ctx, path); err != nil {
		return "", err
	}
	s.phonesNetwork = inNetwork(ln.Addr())
	sim, err := simulator.New(simulator.Config{
		ResetLimits: s.resetLimits,
		APIKey:      string(s.APIKey), // set for the simulator alone; else it makes one
		CallbackURL: callbackURL,
		Path:        path,
		Logger:      s.logger,
		Now:         s.Now,

		SignedURL: signedURL, CallbackMethod: s.Phones.CallbackMethod, CallbackRetries: s.Phones.CallbackRetries,
		NetworkURLs: s.phonesNetwork, AllowedHosts: s.Phones.Hosts, Stage: s.stage, Framed: s.Demo, AppName: s.Phones.Name, CodesPerHour: s.Phones.CodesPerHour,
		Keep: s.Phones.Keep, SandboxToken: s.Phones.SandboxToken,
	})
	if err != nil {
		return "", err
	}
	s.running.add("the simulator", 2*time.Second, sim.Close)
	s.serveHTTP("the phones", s.recorder.Listener(ln, wire.Phones), sim.Handler())
	s.serveOnIPv6(ln, sim.Handler())
	s.simulator, s.phonesReady = sim, sim.Ready
	s.phonesURL, s.apiURL = visitURL(ln.Addr(), publicHost), s.reach(ln.Addr())
	return sim.APIKey(), nil
}

// serveOnIPv6 serves the phones on [::1] too if they listen on 127.0.0.1:
// localhost may be either, and some clients, such as Node 17 to 19, try only the
// first. A machine without IPv6 needs no second listener.
func (s *site) serveOnIPv6(ln net.Listener, phones http.Handler) {
	host, port, err := net.SplitHostPort(ln.Addr().String())
	if err != nil || host != "127.0.0.1" {
		return
	}
	twin, err := listen("SIMULATOR_ADDR", net.JoinHostPort("::1", port), s.logger)
	if err != nil {
		s.logger.Info("the phones listen on 127.0.0.1 alone: a client that takes localhost for ::1 does not find them", "error", err)
		return
	}
	s.running.add("the second listener of SIMULATOR_ADDR", time.Second, closing(twin.Close))
	s.listening = append(s.listening, twin.Addr().String())
	s.serveHTTP("the phones on ::1", s.recorder.Listener(twin, wire.Phones), phones)
}
