package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"

	"nod/config"
	"nod/simulator"
)

// RunSimulator runs only the simulator, for Authy applications in any
// language, until ctx ends or its listener fails. It prints the key that
// clients must send.
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
	key, err := s.simulate(ctx, ln, "localhost", s.SimulatorCallbackURL)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "The phones and the API are at %s\nThe key is %s\n", s.phonesURL, key)
	if s.SimulatorCallbackURL == "" {
		fmt.Fprintln(stdout, "No callbacks are sent: set SIMULATOR_CALLBACK_URL to your application's callback.")
	}
	fmt.Fprintln(stdout, "nod simulator --help says how to point clients at it.")
	return nil
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
// is on all addresses.
func (s *site) simulate(ctx context.Context, ln net.Listener, publicHost, callbackURL string) (key string, err error) {
	path := beside(s.Database, simulatorFile)
	if err := s.lock(ctx, path); err != nil {
		return "", err
	}
	sim, err := simulator.New(simulator.Config{
		APIKey:      string(s.APIKey), // set for the simulator alone; else it makes one
		CallbackURL: callbackURL,
		Path:        path,
		Logger:      s.logger,
	})
	if err != nil {
		return "", err
	}
	s.running.add("the simulator", 2*time.Second, sim.Close)
	s.serveHTTP("the phones", ln, sim.Handler())
	s.phonesReady = sim.Ready
	s.phonesURL, s.apiURL = visitURL(ln.Addr(), publicHost), dialURL(ln.Addr())
	return sim.APIKey(), nil
}
