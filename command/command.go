// Package command is what a person types: nod, nod simulator, nod check and
// their help.
//
// Owns: arguments, usage, exit status, signals.
// Promises: the first SIGINT or SIGTERM stops the program in order, the second
// kills it; arguments and settings that cannot be used end it with status 2,
// any other failure with status 1.
// Never: opens a listener or a file of its own but .env.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"

	"nod/check"
	"nod/config"
	"nod/server"
)

// Main runs the program with the arguments and environment of the process, and
// returns its exit status.
func Main() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal finds the default handling again, and kills.
	context.AfterFunc(ctx, stop)
	err := run(ctx, os.Args[1:], os.LookupEnv, os.Stdout, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "nod:", err)
	}
	return exitStatus(err)
}

// errUsage is returned for arguments that mean nothing.
var errUsage = errors.New("nod takes no such arguments")

func exitStatus(err error) int {
	var configuration *config.Error
	switch {
	case err == nil:
		return 0
	case errors.As(err, &configuration), errors.Is(err, errUsage):
		return 2
	default:
		return 1
	}
}

// run is the program, apart from the process: it returns when ctx ends and
// everything is stopped, or with what went wrong.
func run(ctx context.Context, args []string, getenv config.Lookup, stdout, stderr io.Writer) error {
	logger := slog.New(slog.NewTextHandler(stderr, nil))
	command, rest := "", args
	if len(args) > 0 {
		command, rest = args[0], args[1:]
	}
	switch command {
	case "", "simulator":
		withFile, err := config.WithDotEnv(".env", getenv)
		if err != nil {
			return err
		}
		getenv = withFile
	}
	switch command {
	case "":
		return runApplication(ctx, getenv, stdout, logger)
	case "simulator":
		return runSimulator(ctx, rest, getenv, stdout, logger)
	case "check":
		return runCheck(ctx, rest, stdout)
	case "help", "-h", "-help", "--help":
		return usage(stdout)
	default:
		return fmt.Errorf("%w: %s\n%s", errUsage, strings.Join(args, " "), commands)
	}
}

const commands = `nod                    the application; without an Authy key the phones are simulated
nod simulator          only the simulator, for Authy applications in any language (--help says more)
nod check URL          open a running Nod through its public address and say what a proxy breaks
nod -h                 this text
`

// usage prints the commands and the table of settings.
func usage(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "Nod: login with a tap.\n\n%s\nSettings, from the environment or a file .env (the environment wins):\n\n", commands)
	for _, s := range config.Settings() {
		fmt.Fprintf(w, "%s\t%s\t%s\n", s.Name, s.Shown(), s.What)
	}
	return w.Flush()
}

// runApplication is nod without arguments.
func runApplication(ctx context.Context, getenv config.Lookup, stdout io.Writer, logger *slog.Logger) error {
	c, err := config.Application(getenv)
	if err != nil {
		return err
	}
	return server.Run(ctx, c, stdout, logger)
}

// runSimulator is nod simulator.
func runSimulator(ctx context.Context, args []string, getenv config.Lookup, stdout io.Writer, logger *slog.Logger) error {
	help := slices.ContainsFunc(args, func(a string) bool { return a == "-h" || a == "-help" || a == "--help" })
	if len(args) > 0 && !help {
		return fmt.Errorf("%w: simulator %v", errUsage, args)
	}
	c, err := config.Simulator(getenv)
	if err != nil {
		return err
	}
	if help {
		_, err := fmt.Fprintln(stdout, server.SimulatorGuide(c.SimulatorCallbackURL))
		return err
	}
	return server.RunSimulator(ctx, c, stdout, logger)
}

// runCheck opens a running Nod through its public address.
func runCheck(ctx context.Context, args []string, stdout io.Writer) error {
	if len(args) != 1 {
		return fmt.Errorf("%w: check wants one address, such as https://nod.example.com", errUsage)
	}
	return check.Run(ctx, args[0], stdout)
}
