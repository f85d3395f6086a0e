package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
)

// markAddress makes the mark that stands for an address in the chain of the audit
// trail, and the salt that it was made with. Without the salt nobody can find the
// address by trying all: to forget one is to delete both. "" for no address.
func markAddress(ip string) (salt, mark string) {
	if ip == "" {
		return "", ""
	}
	salt = rand.Text()
	return salt, addressMark(salt, ip)
}

func addressMark(salt, ip string) string {
	sum := sha256.Sum256([]byte(salt + "|" + ip))
	return hex.EncodeToString(sum[:])
}

// markOldAddresses is for lines from before there were marks.
func (tx *txn) markOldAddresses(ctx context.Context) error {
	type line struct {
		id int64
		ip string
	}
	scan := func(r row) (l line, err error) { return l, r.Scan(&l.id, &l.ip) }
	lines, err := list(ctx, tx, scan, `SELECT id, ip FROM events WHERE ip <> ''`)
	if err != nil {
		return err
	}
	const update = `UPDATE events SET ip_salt = ?, ip_mark = ?, network = ? WHERE id = ?`
	for _, l := range lines {
		salt, mark := markAddress(l.ip)
		if _, err := tx.ExecContext(ctx, update, salt, mark, surroundings(l.ip), l.id); err != nil {
			return err
		}
	}
	return nil
}
