// Package server is the running process: it opens the listeners and the
// databases, puts the rooms together, and ends everything again.
//
// Owns: listeners, the order of starting and stopping, limits of the process,
// and the addresses it prints.
// Promises: ADDR and SIMULATOR_ADDR are opened before any database, so that a
// busy port leaves no file behind; a stop closes the listener, tells the browsers
// that wait, ends the rest, and gives up on what hangs after about five seconds;
// a shortage of file descriptors does not end the process. On every listener a
// client that is silent, slow or never reads is cut, and one source cannot hold all
// connections; no server gets a head that two readers could read differently.
// Never: decides anything about a sign-in; prints or logs a key, except that
// RunSimulator prints one that it has made, for its clients need it.
package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"nod/config"
)

// Run runs the application, and the simulator beside it if there is no key,
// until ctx ends or a listener fails.
func Run(ctx context.Context, c config.Config, stdout io.Writer, logger *slog.Logger) error {
	s := newSite(c, logger)
	err := s.start(ctx)
	if err == nil {
		s.announce(stdout)
		err = s.wait(ctx)
	}
	return errors.Join(err, s.running.stop())
}

// announce says where everything is.
func (s *site) announce(out io.Writer) {
	fmt.Fprintf(out, "Nod is at        %s\n", s.PublicURL)
	if s.onlyHere {
		fmt.Fprintf(out, "Only this machine can open that. For others set PUBLIC_URL to the address that\nthey use, such as %s\n", networkURL(s.PublicURL))
	}
	if s.OwnOnly() {
		fmt.Fprintf(out, "People sign in with phones of their own, which they add at %s/signup.\n", s.PublicURL)
	}
	if !s.Simulated() {
		return
	}
	s.announcePhones(out, "The phones are at")
	fmt.Fprintln(out)
	fmt.Fprintln(out, "There is no Authy key, so the phones are simulated. For real ones set PUBLIC_URL to")
	fmt.Fprintln(out, "https with a name, and PHONES=own for people's own, or AUTHY_API_KEY for those at Authy;")
	fmt.Fprintln(out, "nod -h explains them.")
}
