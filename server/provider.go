package server

import (
	"context"
	"errors"
	"fmt"
	"os"

	"nod/store"
)

// Where the provider finds us, on the public address.
const (
	callbackPath = "/authy/callback"
	logoPath     = "/static/logo.svg"
)

// providerName is whose phones are asked from now on.
func (s *site) providerName() store.Provider {
	if s.Simulated() {
		return store.Simulator
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
func explainStore(err error) error {
	if errors.Is(err, store.ErrWhichProvider) {
		return fmt.Errorf("%w: set LEGACY_PROVIDER to authy if they are real phones at Authy, or to simulator", err)
	}
	return err
}

// refuseForeignFactors stops a start that would lock everybody out: the
// accounts of this file have their phones at the other provider.
func (s *site) refuseForeignFactors(ctx context.Context, db *store.Store) error {
	counts, err := db.Providers(ctx)
	if err != nil {
		return err
	}
	switch {
	case s.Simulated() && counts[store.Authy] > 0:
		return fmt.Errorf("%s holds %d accounts with phones at Authy, and nobody could sign in to them with simulated phones: "+
			"set AUTHY_API_KEY, or DATABASE_URL to another file", s.Database, counts[store.Authy])
	case !s.Simulated() && counts[store.Simulator] > 0:
		return fmt.Errorf("%s holds %d accounts with simulated phones, and nobody could sign in to them through Authy: "+
			"unset AUTHY_API_KEY, or set DATABASE_URL to another file", s.Database, counts[store.Simulator])
	}
	return nil
}
