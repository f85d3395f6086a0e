package store

import (
	"context"
	"fmt"

	"github.com/alexedwards/argon2id"
)

// queuePerHash bounds how many wait for a hash: beyond it the answer is ErrBusy
// at once, instead of a page that hangs for minutes.
const queuePerHash = 64

// hashed runs do when one of the few slots for hashing is free. A hash takes
// 19 MiB and a core; two hundred at once would starve everything else.
func (s *Store) hashed(ctx context.Context, do func() error) error {
	select {
	case s.queue <- struct{}{}:
		defer func() { <-s.queue }()
	default:
		return ErrBusy
	}
	if err := s.hashing.Acquire(ctx, 1); err != nil {
		return fmt.Errorf("%w: %w", ErrBusy, err)
	}
	defer s.hashing.Release(1)
	return do()
}

func (s *Store) hash(ctx context.Context, password string) (hash string, err error) {
	err = s.hashed(ctx, func() error {
		hash, err = argon2id.CreateHash(password, s.opts.HashParams)
		return err
	})
	return hash, err
}

// matches compares in constant time. A hash that no password has costs the
// same.
func (s *Store) matches(ctx context.Context, password, hash string) (ok bool, err error) {
	err = s.hashed(ctx, func() error {
		ok, err = argon2id.ComparePasswordAndHash(password, hash)
		return err
	})
	return ok, err
}
