package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Trail is the audit trail of a file, to be read. A server may be running on the
// file.
type Trail struct {
	db   *sql.DB
	keys *keys
	now  time.Time
}

// OpenTrail opens the audit trail of an existing file. It changes nothing there.
func OpenTrail(ctx context.Context, path string, o Options) (*Trail, error) {
	t, err := openTrail(ctx, path, o.withDefaults())
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", DatabaseName(path), wrap(err))
	}
	return t, nil
}

func openTrail(ctx context.Context, path string, o Options) (*Trail, error) {
	db, err := openToRead(path)
	if err != nil {
		return nil, err
	}
	o.Existing = true
	s := newStore(path, o)
	s.db = db
	if err = s.refuseOtherVersion(ctx); err == nil {
		err = s.loadKeys(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	return &Trail{db: s.db, keys: s.keys, now: o.Now()}, nil
}

// openToRead opens a database that is there, and changes nothing.
func openToRead(path string) (*sql.DB, error) {
	if IsServer(path) {
		return serverPool(path, "default_transaction_read_only", "on")
	}
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	dsn := "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?mode=ro&_query_only=true&_busy_timeout=5000"
	return sql.OpenDB(connector{dsn}), nil
}

// refuseOtherVersion is for what must not bring a file up to date.
func (s *Store) refuseOtherVersion(ctx context.Context) error {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	ran, err := s.migrated(ctx, files)
	if err != nil {
		return err
	}
	for _, name := range files {
		if !slices.Contains(ran, name) {
			return errors.New("was made by an older version: start this one on it once, which brings it up to date")
		}
	}
	return nil
}

// Close closes the file.
func (t *Trail) Close() error { return t.db.Close() }

// batch is a checkpoint with its lines, none once they were pruned. That of the
// lines that are not signed yet has number 0.
type batch struct {
	Checkpoint
	before string // the hash before
	lines  []line
}

// each calls do with every batch in order, and with the lines that are not signed
// at the end, if there are any: all as they were at one moment.
func (t *Trail) each(ctx context.Context, do func(*sql.Tx, batch) error) error {
	tx, err := t.db.BeginTx(ctx, serializable)
	if err != nil {
		return wrap(err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	const (
		page  = `SELECT ` + checkpointColumns + ` FROM checkpoints WHERE batch > ? ORDER BY batch LIMIT 500`
		lines = `SELECT ` + lineColumns + ` FROM events WHERE batch = ? ORDER BY id`
	)
	var last Checkpoint
	for {
		some, err := list(ctx, tx, scanCheckpoint, page, last.Batch)
		if err != nil {
			return err
		}
		if len(some) == 0 {
			break
		}
		for _, c := range some {
			b := batch{Checkpoint: c, before: last.Hash}
			if b.lines, err = list(ctx, tx, scanLine, lines, c.Batch); err != nil {
				return err
			}
			if err := do(tx, b); err != nil {
				return err
			}
			last = c
		}
	}
	rest, err := list(ctx, tx, scanLine, unsigned)
	if err != nil {
		return err
	}
	return do(tx, batch{lines: rest})
}

// exported is a line as it is exported: what is signed first, in its order.
type exported struct {
	keptLine
	Time    time.Time `json:"time"`
	Outcome Outcome   `json:"outcome"`
	IP      string    `json:"ip"`
	Salt    string    `json:"ip_salt"`
	Batch   int64     `json:"batch"` // 0: not signed yet
}

// exportedCheckpoint follows its lines: what is signed first, in its order.
type exportedCheckpoint struct {
	signedCheckpoint
	Hash      string `json:"hash"`
	Key       string `json:"key"`
	Signature string `json:"signature"`
}

// Export writes the audit trail as lines of JSON, each batch followed by its
// checkpoint.
func (t *Trail) Export(ctx context.Context, to io.Writer) error {
	out := json.NewEncoder(to)
	return t.each(ctx, func(_ *sql.Tx, b batch) error {
		for _, l := range b.lines {
			e := l.event
			if err := out.Encode(exported{l.keptLine(), e.At, e.Kind.Outcome(), e.IP, l.salt, b.Batch}); err != nil {
				return err
			}
		}
		if b.Batch == 0 {
			return nil
		}
		return out.Encode(exportedCheckpoint{b.signedText(b.before), b.Hash, b.Key, b.Signature})
	})
}
