package store

import (
	"context"
	"crypto/rand"
)

// Secret returns the 32 random bytes kept under name, making them the first
// time. They outlive a restart, so that what they sign does too.
func (s *Store) Secret(ctx context.Context, name string) (value []byte, err error) {
	err = s.inTx(ctx, func(tx *txn) error {
		value, err = secret(ctx, tx, name)
		return err
	})
	return value, err
}

func secret(ctx context.Context, q querier, name string) ([]byte, error) {
	fresh := make([]byte, 32)
	rand.Read(fresh)
	const keep = `
		INSERT INTO secrets (name, value)
		VALUES (?, ?)
		ON CONFLICT (name) DO UPDATE SET name = excluded.name -- so that RETURNING has a row
		RETURNING value`
	var value []byte
	err := q.QueryRowContext(ctx, keep, name, fresh).Scan(&value)
	return value, wrap(err)
}
