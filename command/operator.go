package command

import (
	"context"
	"fmt"
	"io"
	"strings"

	"nod/config"
	"nod/server"
)

// withSettings reads the settings of the application, for what works on its
// database.
func withSettings(getenv config.Lookup, do func(config.Config) error) error {
	getenv, err := config.WithDotEnv(dotEnv, getenv)
	if err != nil {
		return err
	}
	c, err := config.Application(getenv)
	if err != nil {
		return err
	}
	return do(c)
}

// runAudit is nod audit.
func runAudit(ctx context.Context, args []string, getenv config.Lookup, stdout io.Writer) error {
	if onlyHelp(args) {
		_, err := fmt.Fprint(stdout, auditUsage)
		return err
	}
	what := "verify"
	if len(args) > 0 {
		what, args = args[0], args[1:]
	}
	switch {
	case what == "export" && len(args) == 0:
		return withSettings(getenv, func(c config.Config) error { return server.ExportTrail(ctx, c, stdout) })
	case what == "verify":
		known, err := server.Checkpoints(args)
		if err != nil {
			return fmt.Errorf("%w: audit verify: %w", errUsage, err)
		}
		return withSettings(getenv, func(c config.Config) error { return server.VerifyTrail(ctx, c, known, stdout) })
	}
	return fmt.Errorf("%w: audit %s\n%s", errUsage, what, auditUsage)
}

// runUser is nod user.
func runUser(ctx context.Context, args []string, getenv config.Lookup, stdout, stderr io.Writer) error {
	if onlyHelp(args) {
		_, err := fmt.Fprint(stdout, userUsage)
		return err
	}
	if len(args) == 1 {
		args = append(args, "show")
	}
	actions := map[string]func(server.Operator, context.Context) error{
		"show":          server.Operator.Show,
		"end-sessions":  server.Operator.EndSessions,
		"reset-factors": server.Operator.ResetFactors,
		"close":         server.Operator.Close,
	}
	if len(args) != 2 || actions[args[1]] == nil {
		return fmt.Errorf("%w: user wants an e-mail and what to do\n%s", errUsage, userUsage)
	}
	getenv, logger, err := withLog(getenv, stderr)
	if err != nil {
		return err
	}
	c, err := config.Application(getenv)
	if err != nil {
		return err
	}
	return server.WithAccount(ctx, c, args[0], stdout, logger, func(o server.Operator) error { return actions[args[1]](o, ctx) })
}

// runDoctor is nod doctor FILE.
func runDoctor(args []string, getenv config.Lookup, stdout io.Writer) error {
	if onlyHelp(args) {
		_, err := fmt.Fprint(stdout, doctorUsage)
		return err
	}
	if len(args) != 1 || strings.HasPrefix(args[0], "-") {
		return fmt.Errorf("%w: doctor wants one file with the callback\n%s", errUsage, doctorUsage)
	}
	return withSettings(getenv, func(c config.Config) error { return server.Doctor(c, args[0], stdout) })
}

// runMove is nod move FROM [TO].
func runMove(ctx context.Context, args []string, getenv config.Lookup, stdout, stderr io.Writer) error {
	if onlyHelp(args) {
		_, err := fmt.Fprint(stdout, moveUsage)
		return err
	}
	if len(args) < 1 || len(args) > 2 {
		return fmt.Errorf("%w: move wants where from and where to\n%s", errUsage, moveUsage)
	}
	getenv, logger, err := withLog(getenv, stderr)
	if err != nil {
		return err
	}
	c, err := config.Move(getenv, args[0], append(args, "")[1])
	if err != nil {
		return err
	}
	return server.Move(ctx, c, stdout, logger)
}

// runBackup is nod backup FILE.
func runBackup(ctx context.Context, args []string, getenv config.Lookup, stdout io.Writer) error {
	if onlyHelp(args) {
		_, err := fmt.Fprint(stdout, backupUsage)
		return err
	}
	if len(args) != 1 || strings.HasPrefix(args[0], "-") || strings.HasSuffix(args[0], "/") {
		return fmt.Errorf("%w: backup wants the name of one new file\n%s", errUsage, backupUsage)
	}
	return withSettings(getenv, func(c config.Config) error { return server.Backup(ctx, c, args[0], stdout) })
}
