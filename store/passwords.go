package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/alexedwards/argon2id"
	"golang.org/x/text/unicode/norm"
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

// Password is a password as it is hashed and measured: one spelling, whatever
// the keyboard. Systems differ in how they encode an accent, and in the blank
// that a key makes (RFC 8265, OpaqueString).
func Password(typed string) string {
	return norm.NFC.String(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Zs, r) {
			return ' '
		}
		return r
	}, typed))
}

// spellings are what a hash may have been made of: of one spelling now, of the
// password as it came on some system before.
func spellings(typed string) []string {
	all := []string{Password(typed), typed, norm.NFC.String(typed), norm.NFD.String(typed)}
	var different []string
	for _, one := range all {
		if !slices.Contains(different, one) {
			different = append(different, one)
		}
	}
	return different
}

// hash makes the hash of a password, in its one spelling.
func (s *Store) hash(ctx context.Context, password string) (hash string, err error) {
	err = s.hashed(ctx, func() error {
		hash, err = argon2id.CreateHash(Password(password), s.opts.HashParams)
		return err
	})
	return hash, err
}

// matches compares in constant time. A hash that no password has costs the
// same. outdated is true for a hash of a spelling that is no longer used.
func (s *Store) matches(ctx context.Context, password, hash string) (ok, outdated bool, err error) {
	err = s.hashed(ctx, func() error {
		for i, spelling := range spellings(password) {
			if ok, err = argon2id.ComparePasswordAndHash(spelling, hash); ok || err != nil {
				outdated = i > 0
				return err
			}
		}
		return nil
	})
	return ok, outdated, err
}

// rehash replaces a hash by one of the spelling that is used now. Nobody is
// kept out if it cannot: the next sign-in tries again.
func (s *Store) rehash(ctx context.Context, userID int64, password, old string) {
	hash, err := s.hash(ctx, password)
	if err != nil {
		return
	}
	const update = `UPDATE users SET password_hash = ? WHERE id = ? AND password_hash = ?`
	_, _ = s.db.ExecContext(ctx, update, hash, userID, old)
}
