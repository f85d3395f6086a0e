package store

import (
	"context"
	"io/fs"
	"time"
)

// Migrate lets tests run migrations other than the embedded ones: how a file
// goes from one version to the next can be seen only with more than one.
func (s *Store) Migrate(ctx context.Context, from fs.FS) error { return s.migrate(ctx, from) }

// PasswordWait is what SpendPasswordTry would say, spending nothing.
func (s *Store) PasswordWait(ctx context.Context, email, ip string) (time.Duration, error) {
	return passwordWait(ctx, s.read, s.mailHash(email), ip, s.now())
}
