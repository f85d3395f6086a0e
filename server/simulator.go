package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"nod/config"
	"nod/simulator"
)

// RunSimulator is only the simulator, for Authy applications in any language,
// until ctx ends.
func RunSimulator(ctx context.Context, c config.Config, stdout io.Writer, logger *slog.Logger) error {
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

// SimulatorGuide tells how to point clients at a simulator with the default
// address.
func SimulatorGuide(callbackURL string) string {
	return simulator.Guide("http://localhost:3001", "YOUR-KEY", callbackURL)
}
