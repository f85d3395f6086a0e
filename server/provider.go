package server

import (
	"context"
	"errors"
	"fmt"
	"os"

	"nod/phone"
	"nod/store"
)

// Where the provider finds us, on the public address.
const (
	callbackPath = "/authy/callback"
	logoPath     = "/static/logo.svg"
)

// providerName is whose phones are asked from now on, beside people's own.
func (s *site) providerName() store.Provider {
	switch {
	case s.Simulated():
		return store.Simulator
	case s.OwnOnly():
		return store.Own
	}
	return store.Authy
}

// legacyProvider is whose phones the accounts of a database from before factors
// have, "" if that cannot be told: simulated ones where the simulator's file
// lies beside it.
func (s *site) legacyProvider() store.Provider {
	if named := store.Provider(s.LegacyProvider); named != "" {
		return named
	}
	if _, err := os.Stat(beside(s.Database, simulatorFile)); err == nil {
		return store.Simulator
	}
	return ""
}

// explainStore adds what to do to an error of the database that settings mend.
func (s *site) explainStore(err error) error {
	if said := s.settingsFor(err); said != nil {
		return settingsError{said}
	}
	return err
}

// settingsError is of settings that do not fit the database.
type settingsError struct{ error }

func (e settingsError) Unwrap() error { return e.error }

// IsSettings says whether an error is of settings that do not fit the database: no further
// start mends it.
func IsSettings(err error) bool {
	var settings settingsError
	return errors.As(err, &settings)
}

// settingsFor says what to set where the settings do not fit the database; nil where that
// is not what is wrong.
func (s *site) settingsFor(err error) error {
	var legacy *store.LegacyError
	if errors.As(err, &legacy) {
		return s.foreignFactors(legacy.Provider, legacy.Accounts,
			"; or LEGACY_PROVIDER, if that is not whose phones they have")
	}
	if errors.Is(err, store.ErrWhichProvider) {
		return fmt.Errorf("%w: set LEGACY_PROVIDER to authy if they are real phones at Authy, or to simulator", err)
	}
	if errors.Is(err, store.ErrSecretKey) && s.onPostgres() {
		return fmt.Errorf("%w: set SECRET_KEY to the key that it was used with", err)
	}
	if errors.Is(err, store.ErrSecretKey) {
		return fmt.Errorf("%w: set SECRET_KEY to the key that it was used with, or put back %s and set none", err, store.KeyFile(s.Database))
	}
	if errors.Is(err, store.ErrNotDemo) {
		return s.notOfDemo(err)
	}
	if errors.Is(err, store.ErrDemo) {
		return fmt.Errorf("%w: set DATABASE_URL to another file", err)
	}
	if errors.Is(err, store.ErrMoved) {
		return err
	}
	return nil
}

// refuseForeignFactors stops a start that would lock everybody out: the
// accounts of this file have their phones at the other provider.
func (s *site) refuseForeignFactors(ctx context.Context, db *store.Store) error {
	counts, err := db.Providers(ctx)
	if err != nil {
		return err
	}
	for provider, accounts := range counts {
		if provider == store.Own && !s.Own() {
			return settingsError{fmt.Errorf("%s holds %d accounts with phones of their own, and nobody could sign in to them by others: add own to PHONES, "+
				"or set DATABASE_URL to another database", store.DatabaseName(s.database()), accounts)}
		}
		if _, nowhere := phone.PasskeyHost(s.PublicURL); provider == store.Own && nowhere != nil {
			return settingsError{fmt.Errorf("%s holds %d accounts with phones of their own, and none of them could answer at %s (%w): "+
				"set PUBLIC_URL to the address where they were added, or DATABASE_URL to another database",
				store.DatabaseName(s.database()), accounts, s.PublicURL, nowhere)}
		}
		if provider != s.providerName() && provider != store.Own {
			return s.foreignFactors(provider, accounts, "")
		}
	}
	return nil
}

// foreignFactors is the sentence for accounts whose phones are at another
// provider than the one in use. more is a further thing to do.
func (s *site) foreignFactors(theirs store.Provider, accounts int, more string) error {
	phones, first := "simulated phones", "unset AUTHY_API_KEY"
	switch {
	case theirs == store.Authy:
		phones, first = "phones at Authy", "set AUTHY_API_KEY"
	case s.OwnOnly():
		first = "add simulated to PHONES"
	}
	return settingsError{fmt.Errorf("%s holds %d accounts with %s, and nobody could sign in to them %s: %s, or set DATABASE_URL to another database%s",
		store.DatabaseName(s.database()), accounts, phones, inUse[s.providerName()], first, more)}
}

// inUse says by what people sign in.
var inUse = map[store.Provider]string{
	store.Authy: "through Authy", store.Simulator: "with simulated phones", store.Own: "with phones of people's own alone",
}
