package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"nod/simulator"
)

// runSimulator is only the simulator, for Authy applications in any language.
func runSimulator(ctx context.Context, args []string, getenv lookup, stdout io.Writer, logger *slog.Logger) error {
	help := slices.ContainsFunc(args, func(a string) bool { return a == "-h" || a == "-help" || a == "--help" })
	if len(args) > 0 && !help {
		return fmt.Errorf("%w: simulator %v", errUsage, args)
	}
	getenv, err := withDotEnv(".env", getenv)
	if err != nil {
		return err
	}
	c, err := simulatorFromEnv(getenv)
	if err != nil {
		return err
	}
	if help {
		_, err := fmt.Fprintln(stdout, simulator.Guide("http://localhost:3001", "YOUR-KEY", c.SimulatorCallbackURL))
		return err
	}
	s := &site{Config: c, logger: logger, failed: make(chan error, 1)}
	key, err := s.simulateAlone()
	if err == nil {
		fmt.Fprintf(stdout, "The phones and the API are at %s\nThe key is %s\n", s.phonesURL, key)
		if c.SimulatorCallbackURL == "" {
			fmt.Fprintln(stdout, "Nobody is told of answers: set SIMULATOR_CALLBACK_URL to your application's callback.")
		}
		fmt.Fprintln(stdout, "nod simulator --help says how to point clients at it.")
		select {
		case <-ctx.Done():
		case err = <-s.failed:
		}
	}
	return errors.Join(err, s.running.stop())
}

func (s *site) simulateAlone() (key string, err error) {
	ln, err := s.listen("SIMULATOR_ADDR", s.SimulatorAddr)
	if err != nil {
		return "", err
	}
	sim, err := simulator.New(simulator.Config{
		APIKey: string(s.APIKey), CallbackURL: s.SimulatorCallbackURL,
		Path: beside(s.Database, "simulator"), Logger: s.logger,
	})
	if err != nil {
		return "", err
	}
	s.running.add("the simulator", 2*time.Second, sim.Close)
	s.serveHTTP("the phones", ln, sim.Handler())
	s.phonesURL = visitURL(ln.Addr(), "localhost")
	return sim.APIKey(), nil
}
