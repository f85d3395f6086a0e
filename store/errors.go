package store

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/mattn/go-sqlite3"
)

// What the store answers. Compare with errors.Is.
var (
	ErrNotFound           = errors.New("not found")
	ErrEmailTaken         = errors.New("this e-mail has an account")
	ErrInvalidCredentials = errors.New("e-mail or password is wrong")
	ErrBusy               = errors.New("too many passwords are being checked")
	ErrNotApproved        = errors.New("there is no approval to use")
	ErrNoTriesLeft        = errors.New("no tries left")
	ErrCodeUsed           = errors.New("this code was used already")
	ErrTransferPending    = errors.New("a transfer is waiting already")
	ErrChanged            = errors.New("this is not what was approved")
)

// RateError refuses something that may be done again at RetryAt.
type RateError struct{ RetryAt time.Time }

func (e *RateError) Error() string { return "too often; again at " + e.RetryAt.Format(time.RFC3339) }

// wrap stops the driver's errors at the door and leaves ours as they are.
func wrap(err error) error {
	var ours *RateError
	switch {
	case err == nil || errors.As(err, &ours):
		return err
	case errors.Is(err, sql.ErrNoRows):
		return ErrNotFound
	}
	var driver sqlite3.Error
	if errors.As(err, &driver) {
		return fmt.Errorf("store: %w", err)
	}
	return err
}

// isUnique recognises a broken UNIQUE by the driver's code, not by its text.
func isUnique(err error) bool {
	var driver sqlite3.Error
	return errors.As(err, &driver) && driver.ExtendedCode == sqlite3.ErrConstraintUnique
}
