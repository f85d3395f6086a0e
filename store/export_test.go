package store

import (
	"context"
	"io/fs"
)

// Migrate lets tests run migrations other than the embedded ones: how a file
// goes from one version to the next can be seen only with more than one.
func (s *Store) Migrate(ctx context.Context, from fs.FS) error { return s.migrate(ctx, from) }
