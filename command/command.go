// Package command is what a person types: nod, nod demo, nod simulator, nod check, nod
// doctor, nod audit, nod user, nod backup, nod move, nod verify-receipt, nod version and their help.
//
// Owns: arguments, usage, exit status, signals.
// Promises: the first SIGINT or SIGTERM stops the program in order, the second
// kills it; arguments, settings that cannot be used and those that do not fit the database
// end it with status 2, any other failure with status 1.
// Never: opens a listener or a database.
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
	"time"

	"nod/check"
	"nod/config"
	"nod/server"
)

// Main runs the program with the arguments and environment of the process, and
// returns its exit status.
func Main() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The second signal gets the default handling again, which kills.
	context.AfterFunc(ctx, stop)
	err := run(ctx, os.Args[1:], os.LookupEnv, os.Stdout, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "nod:", err)
	}
	return exitStatus(err)
}

// errUsage is returned for arguments that nod does not know or cannot use.
var errUsage = errors.New("nod takes no such arguments")

func exitStatus(err error) int {
	var configuration *config.Error
	switch {
	case err == nil:
		return 0
	case errors.As(err, &configuration), errors.Is(err, errUsage), server.IsSettings(err):
		return 2
	default:
		return 1
	}
}

// run is the program without the process: it returns when ctx has ended and
// everything is stopped, or with what went wrong.
func run(ctx context.Context, args []string, getenv config.Lookup, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return runApplication(ctx, getenv, stdout, stderr)
	}
	name, rest := args[0], args[1:]
	switch name {
	case "simulator":
		return runSimulator(ctx, rest, getenv, stdout, stderr)
	case "demo":
		return runDemo(ctx, rest, getenv, stdout, stderr)
	case "check":
		return runCheck(ctx, rest, stdout)
	case "audit":
		return runAudit(ctx, rest, getenv, stdout)
	case "backup":
		return runBackup(ctx, rest, getenv, stdout)
	case "move":
		return runMove(ctx, rest, getenv, stdout, stderr)
	case "user":
		return runUser(ctx, rest, getenv, stdout, stderr)
	case "verify-receipt":
		return runVerifyReceipt(rest, stdout)
	case "doctor":
		return runDoctor(rest, getenv, stdout)
	}
	if len(rest) > 0 {
		return unknown(args)
	}
	switch name {
	case "version", "-v", "-version", "--version":
		return printVersion(stdout)
	case "help", "-h", "-help", "--help":
		return printUsage(stdout)
	default:
		return unknown(args)
	}
}

func unknown(args []string) error {
	return fmt.Errorf("%w: %s\n%s", errUsage, strings.Join(args, " "), commands)
}

// stopFactor is larger in tests: on a busy machine, a stop that takes long is
// no failure.
var stopFactor = 1

// clock is another one than the machine's in tests.
var clock func() time.Time

// dotEnv is read from the working directory.
const dotEnv = ".env"

// withLog adds the settings of dotEnv, and makes the log that they ask for.
func withLog(getenv config.Lookup, stderr io.Writer) (config.Lookup, *slog.Logger, error) {
	getenv, err := config.WithDotEnv(dotEnv, getenv)
	if err != nil {
		return nil, nil, err
	}
	return getenv, newLog(stderr, config.Logging(getenv)), nil
}

// runApplication is nod without arguments.
func runApplication(ctx context.Context, getenv config.Lookup, stdout, stderr io.Writer) error {
	getenv, logger, err := withLog(getenv, stderr)
	if err != nil {
		return err
	}
	c, err := config.Application(getenv)
	begin(logger, phones(c, err)...)
	if err != nil {
		return err
	}
	c.StopFactor, c.Build, c.Now = stopFactor, build(), clock
	return server.Run(ctx, c, stdout, logger)
}

// begin is the first line of the log, with what else it is to say, and what there is to
// say of names that are no settings.
func begin(logger *slog.Logger, more ...any) {
	logger.Info("nod starts", append([]any{"version", build().String()}, more...)...)
	for _, line := range config.Unknown(dotEnv, os.Environ()) {
		logger.Warn("ignored: " + line)
	}
}

// phones say whose are asked; nothing where the settings cannot be used.
func phones(c config.Config, err error) []any {
	if err != nil {
		return nil
	}
	return []any{"phones", strings.Join(c.Asked(), ",")}
}

// runSimulator is nod simulator.
func runSimulator(ctx context.Context, args []string, getenv config.Lookup, stdout, stderr io.Writer) error {
	help := onlyHelp(args)
	if len(args) > 0 && !help {
		return unknown(append([]string{"simulator"}, args...))
	}
	getenv, logger, err := withLog(getenv, stderr)
	if err != nil {
		return err
	}
	if !help {
		begin(logger)
	}
	c, err := config.Simulator(getenv)
	if err != nil {
		return err
	}
	if help {
		_, err := fmt.Fprintln(stdout, server.SimulatorGuide(c.SimulatorCallbackURL))
		return err
	}
	c.StopFactor = stopFactor
	return server.RunSimulator(ctx, c, stdout, logger)
}

func onlyHelp(args []string) bool {
	return len(args) == 1 && slices.Contains([]string{"-h", "-help", "--help"}, args[0])
}

// runCheck is nod check URL.
func runCheck(ctx context.Context, args []string, stdout io.Writer) error {
	if onlyHelp(args) {
		_, err := fmt.Fprint(stdout, checkUsage)
		return err
	}
	if len(args) != 1 {
		return fmt.Errorf("%w: check wants one address, such as https://nod.example.com", errUsage)
	}
	site, err := config.Origin(args[0])
	if err != nil {
		return fmt.Errorf("%w: check: %w", errUsage, err)
	}
	return check.Run(ctx, site, stdout)
}
