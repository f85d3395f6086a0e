// Package store keeps users, sessions, approvals, transfers and the audit
// trail in one SQLite file, or in a PostgreSQL database that several processes share.
//
// Owns: the words of the tables (words.go), their rules, and every change of
// state. A transition is the WHERE clause of one statement, and the number of
// changed rows is the answer.
// Promises: a decision and its line in the audit trail are one transaction;
// what a method returns is committed; if callers race for the same step,
// exactly one succeeds, also if they are in several processes; every statement is
// one text for both databases (what differs is in sqlite.go and postgres.go).
// Never: lets an error of the driver out under its own name, stores what a
// cookie holds, or tells a browser anything: callers publish after the commit.
package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/alexedwards/argon2id"
)

// Options of a store. The zero value is usable.
type Options struct {
	Provider       Provider // "": Simulator; whose factors are asked and enrolled
	Existing       bool     // a missing file is not made, and an older one not brought up to date
	LegacyProvider Provider // whose phones a file from before factors has, "" if nobody knows
	SecretKey      []byte   // nil: that of KeyFile, which is made; seals what has to be read again

	Now         func() time.Time // nil: time.Now, or the clock of a PostgreSQL database
	SessionIdle time.Duration    // 0: 1 hour; how long a signed-in session may rest
	SessionMax  time.Duration    // 0: 24 hours; how long it may live
	PendingMax  time.Duration    // 0: 15 minutes; how long one may stay half signed in

	Logger *slog.Logger // nil: nothing is logged; gets every line of the audit trail

	OnLimit func(limit string) // nil: nothing; told the Name of a Limit each time it refuses

	// Demo is for what closes every account at its start: it has a file that it has made
	// itself, and nobody else takes that file. ErrNotDemo and ErrDemo say so.
	Demo bool

	// OneSource is for demonstrations, where everybody comes from one machine: nobody
	// is held up by what others do there.
	OneSource bool

	CodesPerCountry int // 0: 100; codes by SMS and call to the numbers of one country in a day
	CodesPerSite    int // 0: 500; to all of them

	HashConcurrency int              // 0: GOMAXPROCS; passwords hashed at once
	HashParams      *argon2id.Params // nil: 19 MiB, 2 passes, 1 lane
}

// Store is an open database. It is safe for concurrent use.
type Store struct {
	opts    Options
	path    string
	server  bool // it is PostgreSQL, and path its URL
	empty   bool // the file was, when it was opened
	probe   *Probe
	damage  atomic.Pointer[error] // met in the file
	db      *sql.DB               // one connection: SQLite has one writer
	read    *sql.DB               // the same as db on PostgreSQL
	clock   *sharedClock          // of the database; nil: Options.Now tells the time
	queue   *queue                // of those who wait for a hash
	limits  []Limit
	dummy   string        // a hash that no password has
	mailKey []byte        // keys the hashes of the e-mails and numbers that limits count
	keys    *keys         // seal what has to be read again
	refused refusalCounts // not written yet
	turn    chan struct{} // is full while a transaction is run again
}

// Open opens or makes the SQLite file at path and brings its schema up to
// date. A file that it makes can be read by its owner only. path may also be the URL of
// a PostgreSQL database, see IsServer.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	s := newStore(path, o.withDefaults())
	if s.server && o.Now == nil {
		s.clock, s.opts.Now = &sharedClock{}, s.Now
	}
	s.limits = s.opts.Limits()
	s.queue = newQueue(s.opts.HashConcurrency)
	if err := s.open(ctx); err != nil {
		_ = s.Close()
		return nil, fmt.Errorf("store: %s: %w", DatabaseName(path), wrap(err))
	}
	return s, nil
}

func newStore(path string, o Options) *Store {
	return &Store{opts: o, path: path, server: IsServer(path), turn: make(chan struct{}, 1)}
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.OnLimit == nil {
		o.OnLimit = func(string) {}
	}
	o.Provider = cmp.Or(o.Provider, Simulator)
	o.SessionIdle = cmp.Or(o.SessionIdle, time.Hour)
	o.SessionMax = cmp.Or(o.SessionMax, 24*time.Hour)
	o.PendingMax = cmp.Or(o.PendingMax, 15*time.Minute)
	o.CodesPerCountry = cmp.Or(o.CodesPerCountry, 100)
	o.CodesPerSite = cmp.Or(o.CodesPerSite, 500)
	o.HashConcurrency = cmp.Or(o.HashConcurrency, runtime.GOMAXPROCS(0))
	if o.HashParams == nil {
		// OWASP's choice for argon2id with the least memory.
		o.HashParams = &argon2id.Params{Memory: 19 << 10, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}
	}
	return o
}

func (s *Store) open(ctx context.Context) (err error) {
	connect := s.openFile
	if s.server {
		connect = s.openServer
	}
	if err = connect(); err != nil {
		return err
	}
	if s.clock != nil {
		if err := s.lookAtClock(ctx); err != nil {
			return err
		}
	}
	if err := s.bringUpToDate(ctx); err != nil {
		return err
	}
	if err := s.loadKeys(ctx); err != nil {
		return err
	}
	if s.mailKey, err = s.Secret(ctx, throttleSecret); err != nil {
		return err
	}
	s.dummy, err = argon2id.CreateHash("nobody has this password", s.opts.HashParams)
	return err
}

func (s *Store) openFile() (err error) {
	if err = s.inspect(); err != nil {
		return err
	}
	if s.db, err = pool(s.path, "_txlock=immediate", 1); err != nil {
		return err
	}
	if s.read, err = pool(s.path, "_query_only=true", 4); err != nil {
		return err
	}
	s.probe, err = NewProbe(s.path, s.db, healthStatement, s.opts.Now)
	return err
}

func (s *Store) openServer() (err error) {
	if s.db, err = serverPool(s.path); err != nil {
		return err
	}
	s.read, s.probe = s.db, newServerProbe(s.db, healthStatement, s.opts.Now)
	return nil
}

func (s *Store) inspect() error {
	if s.opts.Existing {
		if _, err := os.Stat(s.path); err != nil {
			return err
		}
	}
	if err := inspect(s.path); err != nil {
		return err
	}
	info, err := os.Stat(s.path)
	s.empty = err == nil && info.Size() == 0
	return err
}

func (s *Store) bringUpToDate(ctx context.Context) error {
	if s.opts.Existing {
		return s.refuseOtherVersion(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, migrationLimit)
	defer cancel()
	return s.migrate(ctx, migrations)
}

// Close closes the database. The writer goes last, so that it can fold the
// write-ahead log into the file.
func (s *Store) Close() error {
	var err error
	for _, db := range []*sql.DB{s.read, s.db} {
		if db != nil {
			err = errors.Join(err, db.Close())
		}
	}
	return err
}

const healthStatement = `
	INSERT INTO health (id, at)
	VALUES (1, ?)
	ON CONFLICT (id) DO UPDATE SET at = excluded.at`

// Ready says whether the database answers, can be written, is still the file at
// its path, and was not found damaged since it was opened.
func (s *Store) Ready(ctx context.Context) error {
	if damage := s.damage.Load(); damage != nil {
		return fmt.Errorf("store: %w", *damage)
	}
	if err := s.probe.Check(ctx); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

// now is the time as the tables keep it.
func (s *Store) now() int64 { return s.Now().UnixMilli() }

// ms is a time as the tables keep it; the zero time is 0.
func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func at(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
