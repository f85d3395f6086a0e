package store

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Report is what Verify has found. The trail is whole if there are no Problems.
type Report struct {
	Lines    int // signed, and as they were
	Pruned   int // checkpoints whose lines are older than a year, and gone
	Newest   Checkpoint
	Unsigned int       // lines that are not signed yet: nobody would see a change of them
	Since    time.Time // the oldest of those
	Problems []string
}

func (r *Report) problem(format string, args ...any) {
	r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
}

// ParseCheckpoint reads the Name of a checkpoint. ok is false for anything else.
func ParseCheckpoint(name string) (c Checkpoint, ok bool) {
	number, hash, _ := strings.Cut(name, ":")
	n, err := strconv.ParseInt(number, 10, 64)
	raw, herr := base64url.DecodeString(hash)
	return Checkpoint{Batch: n, Hash: hash}, err == nil && n > 0 && herr == nil && len(raw) == 32
}

// verifying is the state of one Verify.
type verifying struct {
	Report
	keys   *keys
	key    string // that signs now
	yearly time.Time
	known  []Checkpoint   // that somebody has kept elsewhere
	trust  int64          // up to here they vouch for the lines, whoever has signed them
	closed map[int64]bool // accounts that were closed
	seen   bool           // lines, so that later ones cannot have been pruned
	next   int64
}

// Verify checks that every line is what was signed, that none is missing, and
// that the checkpoints follow each other and are signed by the key of now. known
// are checkpoints that were kept elsewhere: they must be there, and what comes
// before them may be signed by an older key.
func (t *Trail) Verify(ctx context.Context, known ...Checkpoint) (Report, error) {
	v := &verifying{keys: t.keys, key: publicKey(t.keys.trail), yearly: t.now.AddDate(0, 0, -trailDays), known: known, closed: map[int64]bool{}, next: 1}
	if err := v.trustKnown(ctx, t.db); err != nil {
		return Report{}, err
	}
	err := t.each(ctx, func(tx *sql.Tx, b batch) error {
		if b.Batch > 0 {
			v.checkpoint(b)
			v.lines(b)
			return nil
		}
		return v.rest(ctx, tx, b.lines)
	})
	return v.Report, err
}

// trustKnown looks up the checkpoints that were kept, and who has left.
func (v *verifying) trustKnown(ctx context.Context, q querier) error {
	for _, k := range v.known {
		found, err := list(ctx, q, scanCheckpoint, `SELECT `+checkpointColumns+` FROM checkpoints WHERE batch = ?`, k.Batch)
		if err != nil {
			return err
		}
		if len(found) == 0 || found[0].Hash != k.Hash {
			v.problem("checkpoint %d is not the one that you have kept: lines up to it were changed or deleted", k.Batch)
			continue
		}
		v.trust = max(v.trust, k.Batch)
	}
	scan := func(r row) (id int64, err error) { return id, r.Scan(&id) }
	closed, err := list(ctx, q, scan, `SELECT id FROM users WHERE closed_at IS NOT NULL`)
	for _, id := range closed {
		v.closed[id] = true
	}
	return err
}

func (v *verifying) checkpoint(b batch) {
	if b.Batch != v.next {
		v.problem("checkpoints %d to %d are missing", v.next, b.Batch-1)
	}
	v.next, v.Newest = b.Batch+1, b.Checkpoint
	text := b.signed(b.before)
	if digest(text) != b.Hash {
		v.problem("checkpoint %d was changed, or does not follow from the one before", b.Batch)
		return
	}
	key, _ := base64url.DecodeString(b.Key)
	signature, _ := base64url.DecodeString(b.Signature)
	if len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, text, signature) {
		v.problem("the signature of checkpoint %d is wrong", b.Batch)
		return
	}
	if b.Key != v.key && b.Batch > v.trust {
		v.problem("checkpoint %d is signed by another key, %s; if that was yours once, name its last checkpoint, which the log has", b.Batch, b.Key)
	}
}

func (v *verifying) lines(b batch) {
	if len(b.lines) == 0 {
		if v.seen || b.Newest.After(v.yearly) {
			v.problem("the %d lines of checkpoint %d were deleted", b.Checkpoint.Lines, b.Batch)
			return
		}
		v.Pruned++
		return
	}
	v.seen = true
	if len(b.lines) != b.Checkpoint.Lines || digestOf(b.lines) != b.Digest {
		v.problem("the lines of checkpoint %d, from line %d on, are not those that were signed", b.Batch, b.lines[0].id)
		return
	}
	v.Lines += len(b.lines)
	for _, l := range b.lines {
		v.address(l)
	}
}

// address checks what the digest does not cover. It may be gone, with its account.
func (v *verifying) address(l line) {
	ip := l.event.IP
	switch {
	case ip == "" && l.salt == "" && (l.mark == "" || v.closed[l.event.UserID]):
	case ip == "":
		v.problem("the address of line %d was deleted, though its account is open", l.id)
	case addressMark(l.salt, ip) != l.mark:
		v.problem("the address of line %d was changed", l.id)
	}
}

// rest checks what no checkpoint covers.
func (v *verifying) rest(ctx context.Context, tx *sql.Tx, unsigned []line) error {
	v.Unsigned = len(unsigned)
	if len(unsigned) > 0 {
		oldest := slices.MinFunc(unsigned, func(a, b line) int { return a.event.At.Compare(b.event.At) })
		v.Since = oldest.event.At
	}
	const orphans = `SELECT COUNT(*) FROM events WHERE batch IS NOT NULL AND NOT EXISTS (SELECT 1 FROM checkpoints WHERE checkpoints.batch = events.batch)`
	var lost int
	if err := tx.QueryRowContext(ctx, orphans).Scan(&lost); err != nil {
		return wrap(err)
	}
	if lost > 0 {
		v.problem("the checkpoints of %d lines are missing", lost)
	}
	return v.end(ctx, tx)
}
