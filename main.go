// Command nod is login with a tap: the application, and, where there is no
// key of a provider, the simulated phones beside it.
//
// Owns: the configuration, the listeners, and the order of starting and
// stopping.
// Promises: every problem of a configuration is said at once, by name; a
// signal ends everything within five seconds, those who wait first.
// Never: decides anything about a sign-in; prints a key of a provider.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"text/tabwriter"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal finds the default handling again, and kills.
	context.AfterFunc(ctx, stop)
	err := run(ctx, os.Args[1:], os.LookupEnv, os.Stdout, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "nod:", err)
	}
	os.Exit(exitStatus(err))
}

// errUsage is returned for arguments that mean nothing.
var errUsage = errors.New("nod takes no such arguments")

func exitStatus(err error) int {
	var configuration *configError
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
func run(ctx context.Context, args []string, getenv lookup, stdout, stderr io.Writer) error {
	logger := slog.New(slog.NewTextHandler(stderr, nil))
	command, rest := "", args
	if len(args) > 0 {
		command, rest = args[0], args[1:]
	}
	switch command {
	case "", "simulator":
		withFile, err := withDotEnv(".env", getenv)
		if err != nil {
			return err
		}
		getenv = withFile
	}
	switch command {
	case "":
		return runSite(ctx, getenv, stdout, logger)
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
	for _, s := range settings() {
		fmt.Fprintf(w, "%s\t%s\t%s\n", s.Name, s.Default, s.What)
	}
	return w.Flush()
}
