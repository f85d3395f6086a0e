package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/mattn/go-sqlite3"
)

// What the store answers. Compare with errors.Is.
var (
	ErrNotFound           = errors.New("not found")
	ErrEmailTaken         = errors.New("this e-mail has an account")
	ErrInvalidCredentials = errors.New("e-mail or password is wrong")
	ErrBusy               = errors.New("too many passwords are being checked")
	ErrNotApproved        = errors.New("there is no approval to use")
	ErrNotFresh           = errors.New("the last sign-in, tap or code is too old to change the account")
	ErrNoTriesLeft        = errors.New("no tries left")
	ErrWrongCode          = errors.New("wrong code")
	ErrCodeUsed           = errors.New("this code was used already")
	ErrLastFactor         = errors.New("nothing else is left to sign in by")
	ErrTooManyFactors     = errors.New("there are as many as an account may have")
	ErrTransferPending    = errors.New("a transfer is waiting already")
	ErrExecuted           = errors.New("this transfer was carried out already")
	ErrReplaced           = errors.New("another request has taken the place of this one")
	ErrChanged            = errors.New("this is not what was approved")
	ErrWhichProvider      = errors.New("it is not known whose phones the accounts in this file have")
	ErrSecretKey          = errors.New("this is not the key that the secrets in this database are sealed with")
	ErrNotDemo            = errors.New("was made by no demonstration")
	ErrDemo               = errors.New("was made by a demonstration, which closes every account in it")
	ErrMoved              = errors.New("was moved to PostgreSQL: set DATABASE_URL to that database")
	ErrNotEmpty           = errors.New("there is something in it already: make a new database")
	ErrUnavailable        = errors.New("the database cannot do it now") // full, broken, gone, read-only; also ErrLocked
)

// ErrLocked is an ErrUnavailable that passes: others write, and waiting for
// them took too long. What was to be written was not.
var ErrLocked = fmt.Errorf("%w: others write for too long", ErrUnavailable)

// LegacyError refuses to migrate a file whose accounts have their phones at
// another provider than the one in use: nobody could sign in to them.
type LegacyError struct {
	Accounts int
	Provider Provider // theirs
}

func (e *LegacyError) Error() string {
	return fmt.Sprintf("%d accounts have their phones at %q", e.Accounts, e.Provider)
}

// RateError refuses something that may be done again at RetryAt. Limit is the
// Name of the Limit that it would exceed.
type RateError struct {
	RetryAt time.Time
	Limit   string
}

// Is says that a source which floods the queue of hashes is an ErrBusy, too.
func (e *RateError) Is(target error) bool { return target == ErrBusy && e.Limit == limitHashing }

func (e *RateError) Error() string {
	return "too often (" + e.Limit + "); again at " + e.RetryAt.Format(time.RFC3339)
}

// errDamaged is an ErrUnavailable that does not pass.
var errDamaged = fmt.Errorf("%w: the file is damaged", ErrUnavailable)

// Neutral turns an error of the driver into one of the above: for others who
// keep a file in the same way.
func Neutral(err error) error { return wrap(err) }

// wrap stops the driver's errors at the door, with their text but not their
// type, and leaves ours and those of the context as they are. Time that runs out
// in here has run out waiting for the writer.
func wrap(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	if errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, ErrLocked) && !errors.Is(err, ErrBusy) {
		return fmt.Errorf("%w: %w", ErrLocked, err)
	}
	var driver sqlite3.Error
	if !errors.As(err, &driver) {
		return cmp.Or(wrapServer(err), err)
	}
	switch driver.Code {
	case sqlite3.ErrBusy, sqlite3.ErrLocked, sqlite3.ErrProtocol:
		return fmt.Errorf("%w: %v", ErrLocked, err)
	case sqlite3.ErrFull, sqlite3.ErrIoErr, sqlite3.ErrReadonly, sqlite3.ErrPerm, sqlite3.ErrAuth,
		sqlite3.ErrCantOpen, sqlite3.ErrNomem:
		return fmt.Errorf("%w: %v", ErrUnavailable, err)
	case sqlite3.ErrCorrupt, sqlite3.ErrNotADB:
		return fmt.Errorf("%w: %v", errDamaged, err)
	}
	return errors.New(err.Error())
}

// met is wrap for what is read and written most. It remembers damage: the page
// that a probe writes may be a good one.
func (s *Store) met(err error) error {
	err = wrap(err)
	if errors.Is(err, errDamaged) {
		s.damage.Store(&err)
	}
	return err
}

// isUnique recognises a broken UNIQUE by the driver's code, not by its text.
func isUnique(err error) bool {
	var driver sqlite3.Error
	var pg *pgconn.PgError
	return errors.As(err, &driver) && driver.ExtendedCode == sqlite3.ErrConstraintUnique ||
		errors.As(err, &pg) && pg.Code == codeUnique
}
