package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"time"

	"nod/config"
	"nod/store"
)

// ErrTrailBroken: what was signed of the audit trail is not what is there.
var ErrTrailBroken = errors.New("the audit trail is not whole")

// ExportTrail writes the audit trail as lines of JSON.
func ExportTrail(ctx context.Context, c config.Config, out io.Writer) error {
	return withTrail(ctx, c, func(trail *store.Trail) error { return trail.Export(ctx, out) })
}

// Checkpoints reads the names of checkpoints.
func Checkpoints(names []string) (all []store.Checkpoint, err error) {
	for _, name := range names {
		c, ok := store.ParseCheckpoint(name)
		if !ok {
			return nil, fmt.Errorf("%q is no checkpoint: give a number, a colon and a hash, as the log and an earlier check name it", name)
		}
		all = append(all, c)
	}
	return all, nil
}

// VerifyTrail checks the audit trail and says what it has found. known are
// checkpoints that somebody has kept. ErrTrailBroken.
func VerifyTrail(ctx context.Context, c config.Config, known []store.Checkpoint, out io.Writer) error {
	return withTrail(ctx, c, func(trail *store.Trail) error {
		report, err := trail.Verify(ctx, known...)
		if err != nil {
			return err
		}
		tellReport(out, report)
		if len(report.Problems) > 0 {
			return ErrTrailBroken
		}
		return nil
	})
}

func withTrail(ctx context.Context, c config.Config, do func(*store.Trail) error) error {
	s := newSite(c, slog.New(slog.DiscardHandler))
	trail, err := store.OpenTrail(ctx, s.database(), s.storeOptions())
	if err != nil {
		return explainMissing(c, err)
	}
	return errors.Join(do(trail), trail.Close())
}

// explainMissing is for what works on a database that is there already.
func explainMissing(c config.Config, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no database %s: set DATABASE_URL to that of your Nod, or change into its folder", c.Database)
	}
	return err
}

func tellReport(out io.Writer, r store.Report) {
	if r.Newest.Batch > 0 {
		fmt.Fprintf(out, "%s are as they were signed. The newest checkpoint, of %s, is\n%s\n",
			count(r.Lines, "line"), r.Newest.At.Format(time.DateTime), r.Newest.Name())
	}
	if r.Pruned > 0 {
		fmt.Fprintf(out, "The lines of %s are older than a year and were pruned.\n", count(r.Pruned, "checkpoint"))
	}
	if r.Unsigned > 0 {
		fmt.Fprintf(out, "%s, the oldest of %s, are not signed yet. A running Nod signs new lines within a minute.\n",
			count(r.Unsigned, "line"), r.Since.Format(time.DateTime))
	}
	const most = 50
	for i, problem := range r.Problems {
		if i == most {
			fmt.Fprintf(out, "BROKEN: and %d more\n", len(r.Problems)-most)
			break
		}
		fmt.Fprintf(out, "BROKEN: %s\n", problem)
	}
	if len(r.Problems) == 0 {
		fmt.Fprintln(out, "The audit trail is whole.")
	}
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
