package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
)

// How far the audit trail is signed is also kept beside it, sealed: who cannot
// make a seal cannot have the trail signed anew as if it began there.

const trailMark = "audit trail"

// ErrTrailCut says that checkpoints are missing which were made.
var ErrTrailCut = errors.New("the end of the audit trail was cut off, and nothing is signed after it: see nod audit")

type mark struct {
	Batch int64
	Hash  string
}

// markOf reads the mark. kept says whether there is one, ours whether it is sealed
// with this key.
func markOf(ctx context.Context, q querier, k *keys) (m mark, kept, ours bool, err error) {
	var sealed []byte
	err = q.QueryRowContext(ctx, `SELECT value FROM secrets WHERE name = ?`, trailMark).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return mark{}, false, false, nil
	}
	if err != nil {
		return mark{}, false, false, err
	}
	box, ok := bytes.CutPrefix(sealed, k.id)
	if !ok {
		return mark{}, true, false, nil
	}
	plain, err := k.aead.Open(nil, nil, box, []byte(trailMark))
	if err != nil {
		return mark{}, true, false, nil //nolint:nilerr // sealed with another key, or with none
	}
	return m, true, true, json.Unmarshal(plain, &m)
}

// goesOn refuses to sign after a checkpoint that is not the last one that was made.
// Another key may go on where the one before has stopped.
func (tx *txn) goesOn(ctx context.Context, last Checkpoint) error {
	m, kept, ours, err := markOf(ctx, tx, tx.store.keys)
	switch {
	case err != nil:
		return err
	case !kept:
		tx.store.opts.Logger.LogAttrs(ctx, slog.LevelWarn, "the audit trail is signed from here on: nothing says that it was before",
			slog.Int64("checkpoint", last.Batch))
		return nil
	case ours && m == mark{last.Batch, last.Hash}:
		return nil
	case !ours && last.Batch > 0 && last.Key != publicKey(tx.store.keys.trail):
		return nil
	}
	return ErrTrailCut
}

func (tx *txn) markTrail(ctx context.Context, c Checkpoint) error {
	k := tx.store.keys
	sealed := k.aead.Seal(bytes.Clone(k.id), nil, mustJSON(mark{c.Batch, c.Hash}), []byte(trailMark))
	const keep = `INSERT INTO secrets (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`
	_, err := tx.ExecContext(ctx, keep, trailMark, sealed)
	return err
}

// end compares the last checkpoint with the mark.
func (v *verifying) end(ctx context.Context, q querier) error {
	m, _, ours, err := markOf(ctx, q, v.keys)
	if err != nil {
		return fmt.Errorf("how far the trail was signed: %w", err)
	}
	if ours && m != (mark{v.Newest.Batch, v.Newest.Hash}) {
		v.problem("the trail was signed up to checkpoint %d:%s, which is not its last one now: its end was changed or cut off", m.Batch, m.Hash)
	}
	return nil
}
