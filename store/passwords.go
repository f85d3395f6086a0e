package store

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/alexedwards/argon2id"
	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// hashed runs do when it is its turn to hash. A hash takes 19 MiB and a core; two
// hundred at once would starve everything else. ErrBusy; *RateError for a source that
// has too many waiting.
func (s *Store) hashed(ctx context.Context, do func() error) error {
	err := s.queue.enter(ctx, turnOf(ctx))
	if errors.Is(err, errFlooded) {
		s.opts.OnLimit(limitHashing)
		return &RateError{RetryAt: at(s.now()).Add(longestQueue), Limit: limitHashing}
	}
	if err != nil {
		return err
	}
	defer s.queue.leave()
	return do()
}

type turnKey struct{}

// InTurn returns a context in which the try's hash waits among those of its kind: of
// known browsers, or of strangers.
func (t Try) InTurn(ctx context.Context) context.Context {
	return context.WithValue(ctx, turnKey{}, t.claim)
}

// turnOf is who waits for a hash.
func turnOf(ctx context.Context) entrant {
	c, _ := ctx.Value(turnKey{}).(claim)
	if c.known {
		return entrant{source: strconv.FormatInt(c.userID, 10), device: c.device}
	}
	return entrant{source: Network(cmp.Or(c.ip, actorOf(ctx).IP))}
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

// hashFor makes the hash of a password for an e-mail. All hashes for one e-mail
// share their salt, that of its account if there is one: a password is compared
// with all of them by computing one, so that it takes as long whoever has the e-mail.
func (s *Store) hashFor(ctx context.Context, email, password string) (string, error) {
	found, err := s.credentials(ctx, s.read, email)
	if err != nil {
		return "", err
	}
	if len(found) > 0 {
		return s.hashLike(ctx, password, found[0].hash)
	}
	return s.hashLike(ctx, password, encodeHash(s.opts.HashParams, s.saltOf(email), nil))
}

// saltOf is the salt of the passwords for an e-mail that nobody has.
func (s *Store) saltOf(email string) []byte {
	mac := hmac.New(sha256.New, s.mailKey)
	mac.Write([]byte("salt|" + emailKey(email)))
	return mac.Sum(nil)[:min(s.opts.HashParams.SaltLength, sha256.Size)]
}

// hashLike makes the hash of a password, with the salt and the cost of another.
func (s *Store) hashLike(ctx context.Context, password, like string) (hash string, err error) {
	params, salt, _, err := argon2id.DecodeHash(like)
	if err != nil {
		return "", err
	}
	params.KeyLength = s.opts.HashParams.KeyLength
	err = s.hashed(ctx, func() error {
		hash = encodeHash(params, salt, keyOf(Password(password), params, salt))
		return nil
	})
	return hash, err
}

// keyOf is what costs: a variable for the test that counts it.
var keyOf = func(password string, p *argon2id.Params, salt []byte) []byte {
	return argon2.IDKey([]byte(password), salt, p.Iterations, p.Memory, p.Parallelism, p.KeyLength)
}

// encodeHash writes a hash as argon2id does.
func encodeHash(p *argon2id.Params, salt, key []byte) string {
	text := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.Memory, p.Iterations, p.Parallelism, text(salt), text(key))
}

// match finds the first of some hashes that a password was made into, -1 for none, by
// computing one hash for each salt among them. Each comparison takes constant time.
// outdated is true for a hash of a spelling that is no longer used.
func (s *Store) match(ctx context.Context, password string, hashes []string) (found int, outdated bool, err error) {
	found = -1
	err = s.hashed(ctx, func() error {
		for _, like := range eachSalt(hashes) {
			if found, outdated, err = matchLike(password, like, hashes); found >= 0 || err != nil {
				return err
			}
		}
		return nil
	})
	return found, outdated, err
}

// eachSalt is one hash for each salt and cost among some.
func eachSalt(hashes []string) []string {
	salted := func(hash string) string { return hash[:strings.LastIndexByte(hash, '$')+1] }
	var different []string
	for _, hash := range hashes {
		if !slices.ContainsFunc(different, func(one string) bool { return salted(one) == salted(hash) }) {
			different = append(different, hash)
		}
	}
	return different
}

// matchLike is match for the hashes with the salt and the cost of like.
func matchLike(password, like string, hashes []string) (found int, outdated bool, err error) {
	params, salt, _, err := argon2id.DecodeHash(like)
	if err != nil {
		return -1, false, err
	}
	for i, spelling := range spellings(password) {
		made := encodeHash(params, salt, keyOf(spelling, params, salt))
		found = slices.IndexFunc(hashes, func(hash string) bool {
			return subtle.ConstantTimeCompare([]byte(hash), []byte(made)) == 1
		})
		if outdated = i > 0; found >= 0 {
			return found, outdated, nil
		}
	}
	return -1, false, nil
}

// rehash replaces a hash by one of the spelling that is used now, and returns that. Nobody
// is kept out if it cannot: the next sign-in tries again. Of two at once each makes the same.
func (s *Store) rehash(ctx context.Context, userID int64, password, old string) string {
	hash, err := s.hashLike(ctx, password, old)
	if err != nil {
		return old
	}
	const update = `UPDATE users SET password_hash = ? WHERE id = ? AND password_hash = ?`
	_, _ = s.exec(ctx, update, hash, userID, old)
	return hash
}
