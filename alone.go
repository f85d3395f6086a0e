package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"

	"nod/simulator"
)

// runSimulator is only the simulator, for Authy applications in any language.
func runSimulator(ctx context.Context, args []string, getenv lookup, stdout io.Writer, logger *slog.Logger) error {
	help := slices.ContainsFunc(args, func(a string) bool { return a == "-h" || a == "-help" || a == "--help" })
	if len(args) > 0 && !help {
		return fmt.Errorf("%w: simulator %v", errUsage, args)
	}
	c, err := simulatorFromEnv(getenv)
	if err != nil {
		return err
	}
	if help {
		_, err := fmt.Fprintln(stdout, simulator.Guide("http://localhost:3001", "YOUR-KEY", c.SimulatorCallbackURL))
		return err
	}
	s := newSite(c, logger)
	key, err := s.simulate("localhost", c.SimulatorCallbackURL)
	if err == nil {
		fmt.Fprintf(stdout, "The phones and the API are at %s\nThe key is %s\n", s.phonesURL, key)
		if c.SimulatorCallbackURL == "" {
			fmt.Fprintln(stdout, "Nobody is told of answers: set SIMULATOR_CALLBACK_URL to your application's callback.")
		}
		fmt.Fprintln(stdout, "nod simulator --help says how to point clients at it.")
		err = s.wait(ctx)
	}
	return errors.Join(err, s.running.stop())
}
