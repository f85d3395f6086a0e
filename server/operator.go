package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"nod/config"
	"nod/signin"
	"nod/store"
)

// ErrNoAccount: an e-mail has no account.
var ErrNoAccount = errors.New("there is no account with this e-mail")

// Operator is what a person at the machine does to one account. A server may be
// running on the same database.
type Operator struct {
	db   *store.Store
	user store.User
	out  io.Writer
}

// WithAccount opens the database and finds the account. ErrNoAccount.
func WithAccount(ctx context.Context, c config.Config, email string, out io.Writer, logger *slog.Logger, do func(Operator) error) error {
	s := newSite(c, logger)
	options := s.storeOptions()
	options.Existing = true
	db, err := store.Open(ctx, s.database(), options)
	if err != nil {
		return explainMissing(c, err)
	}
	defer db.Close()
	user, err := db.AccountOf(ctx, email)
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("%w: %s", ErrNoAccount, printable(email))
	}
	if err != nil {
		return err
	}
	return do(Operator{db, user, out})
}

// EndSessions signs the owner out everywhere.
func (o Operator) EndSessions(ctx context.Context) error {
	ended, err := o.db.EndSessionsOf(ctx, o.user.ID)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.out, "Ended %s of %s.\n", count(ended, "session"), printable(o.user.Email))
	return nil
}

// ResetFactors prints the new recovery codes: they are for the owner alone.
func (o Operator) ResetFactors(ctx context.Context) error {
	codes, err := o.db.ResetFactors(ctx, o.user.ID)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.out, `Phones of their own, authenticator apps, recovery codes and known browsers of %s
are gone, and all sessions have ended. The password and a phone with a number have
stayed. With the password and one of these new recovery codes the owner signs in, and
can add a phone or change it. Give them to nobody whom you have not recognised; they
are shown this once.

`, printable(o.user.Email))
	for _, code := range codes {
		fmt.Fprintln(o.out, signin.Grouped(code))
	}
	return nil
}

// Close closes the account for good.
func (o Operator) Close(ctx context.Context) error {
	if err := o.db.CloseAccountOf(ctx, o.user.ID); err != nil {
		return err
	}
	fmt.Fprintf(o.out, "The account of %s is closed. A running Nod, or the next one, takes its phone off the provider.\n", printable(o.user.Email))
	return nil
}

// shownLines is how much of the audit trail Show prints.
const shownLines = 20

// Show prints what there is to know about the account, and no secret.
func (o Operator) Show(ctx context.Context) error {
	sessions, err := o.db.Sessions(ctx, o.user.ID)
	if err != nil {
		return err
	}
	events, err := o.db.Events(ctx, o.user.ID, shownLines)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(o.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "name\t%s\ne-mail\t%s\nphone\t%s\nsince\t%s\n", printable(o.user.Name), printable(o.user.Email), o.user.PhoneNumber, when(o.user.CreatedAt))
	if err := o.showFactors(ctx, w); err != nil {
		return err
	}
	fmt.Fprintf(w, "\n%s\n", count(len(sessions), "session"))
	for _, s := range sessions {
		fmt.Fprintf(w, "since %s\tlast used %s\tby %s\t%s\t%s\n", when(s.CreatedAt), when(s.LastSeenAt), s.Method, s.IP, printable(signin.BrowserName(s.UserAgent)))
	}
	fmt.Fprintf(w, "\nlast of the audit trail\n")
	for _, e := range events {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", when(e.At), e.Kind.Outcome(), e.Kind, e.Detail, e.IP)
	}
	return w.Flush()
}

func (o Operator) showFactors(ctx context.Context, w io.Writer) error {
	phone, err := o.db.Factor(ctx, o.user.ID)
	if err == nil && phone.ProvedAt.IsZero() {
		fmt.Fprintln(w, "phone\tnever proved")
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	own, err := o.db.OwnPhones(ctx, o.user.ID)
	if err != nil {
		return err
	}
	for _, p := range own {
		if p.Counts() {
			fmt.Fprintf(w, "phone of their own\t%s, since %s\n", printable(p.Name), when(p.CreatedAt))
		}
	}
	apps, err := o.db.Authenticators(ctx, o.user.ID)
	if err != nil {
		return err
	}
	for _, app := range apps {
		fmt.Fprintf(w, "authenticator app\t%s, since %s\n", printable(app.Name), when(app.CreatedAt))
	}
	codes, err := o.db.RecoveryCodesOf(ctx, o.user.ID)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "recovery codes\t%d of %d left\n", codes.Left, codes.Of)
	devices, err := o.db.Devices(ctx, o.user.ID)
	fmt.Fprintf(w, "known browsers\t%d\n", len(devices))
	return err
}

func when(t time.Time) string { return t.Format(time.DateTime) }

// printable is what somebody has typed, as a terminal may show it.
func printable(typed string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, typed)
}
