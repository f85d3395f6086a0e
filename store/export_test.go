package store

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"sync/atomic"
	"time"

	"github.com/alexedwards/argon2id"
)

// Migrate lets tests run migrations other than the embedded ones: how a file
// goes from one version to the next can be seen only with more than one.
func (s *Store) Migrate(ctx context.Context, from fs.FS) error { return s.migrate(ctx, from) }

// Record writes a line of the audit trail alone.
func (s *Store) Record(ctx context.Context, e Event) error {
	return s.inTx(ctx, func(tx *txn) error { return tx.record(ctx, e) })
}

// Notice tells a user something alone.
func (s *Store) Notice(ctx context.Context, userID int64, kind NoticeKind, c Client, detail ...string) error {
	return s.inTx(ctx, func(tx *txn) error { return tx.noticeFrom(ctx, userID, kind, c, detail...) })
}

// FreshSession is a session that has just signed in, however it did.
func (s *Store) FreshSession(ctx context.Context, userID int64, c Client) (sess Session, err error) {
	err = s.inTx(ctx, func(tx *txn) error {
		sess = tx.newSession(userID, SignedIn, c)
		sess.Method = MethodPush
		return tx.insertSession(ctx, sess)
	})
	return sess, err
}

// DropSession leaves nothing of a session.
func (s *Store) DropSession(ctx context.Context, id string) error {
	_, err := s.db.ExecContext(ctx, `DELETE FROM sessions WHERE id = ?`, id)
	return err
}

// AnySession returns a session whether or not it still counts.
func (s *Store) AnySession(ctx context.Context, id string) (Session, error) {
	const query = `SELECT ` + sessionColumns + ` FROM sessions WHERE id = ?`
	sess, err := scanSession(s.read.QueryRowContext(ctx, query, id))
	return sess, wrap(err)
}

// Scopes are those that a limit counts by.
func (l Limit) Scopes() []Scope { return l.scopes() }

// SetLimits takes the place of the table.
func (s *Store) SetLimits(limits []Limit) { s.limits = limits }

// Claim is a claim, for Spend.
type Claim struct {
	Action                              Action
	Known                               bool
	Account, Phone, Device, IP, Country string
}

// Spend counts a claim in a transaction of its own.
func (s *Store) Spend(ctx context.Context, c Claim) error {
	return s.inTx(ctx, func(tx *txn) error {
		return tx.spend(ctx, claim{action: c.Action, known: c.Known, account: c.Account, phone: c.Phone, device: c.Device, ip: c.IP, country: c.Country})
	})
}

// PasswordAllowed is what SpendPasswordTry would say, spending nothing.
func (s *Store) PasswordAllowed(ctx context.Context, email string, c Client) error {
	return s.allowed(ctx, s.read, s.now(), claim{action: ActPassword, account: s.mailHash(email), ip: c.IP})
}

// OpenServer opens a PostgreSQL database that takes parameters as SQLite does.
func OpenServer(url string) (*sql.DB, error) { return serverPool(url) }

// HurryServer has nobody without a deadline wait long for a server, until undo.
func HurryServer() (undo func()) {
	before := statementLimit
	statementLimit = 500 * time.Millisecond
	return func() { statementLimit = before }
}

// PingServer has each connection show that it is alive before it is used again, until undo.
func PingServer() (undo func()) {
	before := rested
	rested = 0
	return func() { rested = before }
}

// SharedClock follows that of a database.
type SharedClock = sharedClock

// Set is what the database told when it was asked, and how long that took.
func (c *SharedClock) Set(told, here time.Time, took time.Duration) { c.set(told, here, took) }

// Now is the time that it tells.
func (c *SharedClock) Now() time.Time { return c.now() }

// Numbered writes parameters as PostgreSQL takes them.
func Numbered(query string, args int) string { return numbered(query, args) }

// InTx runs something in a transaction.
func (s *Store) InTx(ctx context.Context, do func() error) error {
	return s.inTx(ctx, func(*txn) error { return do() })
}

// Again runs what may meet other transactions.
func (s *Store) Again(ctx context.Context, do func() error) error {
	return s.again(ctx, func() error { return wrap(do()) })
}

// Rehearse has each transaction run and rolled back so often before it counts.
func Rehearse(times int) { rehearsals = times }

// ToForget is read each second, however many phones there are.
const ToForget = toForget

// HotQueries are those that run most.
func HotQueries() []string { return hotQueries }

// How many wait for one place to hash, in all and of one source.
const (
	QueuePerHash   = queuePerHash
	QueuePerSource = queuePerSource
	QueuePerDevice = queuePerDevice
)

// HoldHashing takes all places to hash until it is released.
func (s *Store) HoldHashing() (release func()) {
	for range s.opts.HashConcurrency {
		if w, err := s.queue.join(entrant{source: "a test"}); w != nil || err != nil {
			panic("a password is being hashed")
		}
	}
	return func() {
		for range s.opts.HashConcurrency {
			s.queue.leave()
		}
	}
}

// Queue is the queue of hashes alone.
type Queue struct{ q *queue }

func NewQueue(places int) Queue { return Queue{newQueue(places)} }

// Join takes a place, or returns what says that there is one. A stranger has no device.
func (q Queue) Join(source, device string) (turn <-chan error, err error) {
	w, err := q.q.join(entrant{source, device})
	if w == nil {
		return nil, err
	}
	return w.turn, nil
}

func (q Queue) Leave() { q.q.leave() }

// TurnOf is whose hash waits.
func TurnOf(ctx context.Context) (source, device string) {
	who := turnOf(ctx)
	return who.source, who.device
}

// Waiting is how many wait for a hash.
func (s *Store) Waiting() int {
	s.queue.mu.Lock()
	defer s.queue.mu.Unlock()
	return s.queue.lines[0].waiting + s.queue.lines[1].waiting
}

// Pragma reads a setting of SQLite on the connection that writes and on one of
// those that read: it belongs to a connection, so no other program can see it.
func (s *Store) Pragma(ctx context.Context, name string) (writer, reader string, err error) {
	if err = s.db.QueryRowContext(ctx, "PRAGMA "+name).Scan(&writer); err == nil {
		err = s.read.QueryRowContext(ctx, "PRAGMA "+name).Scan(&reader)
	}
	return writer, reader, err
}

// PruneEach prunes and says after each transaction how many rows it deleted and
// for how long it held the writer.
func (s *Store) PruneEach(ctx context.Context, held func(deleted int, hold time.Duration)) error {
	p := s.pruner()
	p.held = held
	return p.run(ctx)
}

// PruneStatements are what pruning reads and deletes by, with three arguments
// each.
func PruneStatements() (all []string) {
	for _, o := range prunable {
		all = append(all, o.findQuery(), o.deleteStatement(3))
	}
	return append(all, oldestBatch, deleteBatch)
}

// FillDisk lets the file grow no more until it is released.
func (s *Store) FillDisk(ctx context.Context) (release func()) {
	limit := func(pages string) {
		if _, err := s.db.ExecContext(ctx, `PRAGMA max_page_count = `+pages); err != nil {
			panic(err)
		}
	}
	limit("1")
	return func() { limit("1000000") }
}

// SetBusyTimeout is how long the writer waits for other programs.
func (s *Store) SetBusyTimeout(ctx context.Context, d time.Duration) error {
	_, err := s.db.ExecContext(ctx, fmt.Sprintf(`PRAGMA busy_timeout = %d`, d.Milliseconds()))
	return err
}

// Seal seals in a transaction of its own.
func (s *Store) Seal(ctx context.Context, what string, plain []byte) (sealed []byte, err error) {
	err = s.inTx(ctx, func(tx *txn) error {
		sealed, err = tx.seal(ctx, what, plain)
		return err
	})
	return sealed, err
}

// Unseal opens what was sealed.
func (s *Store) Unseal(what string, sealed []byte) ([]byte, error) { return s.unseal(what, sealed) }

// KnownDevice is what a transaction finds out about a browser.
func (s *Store) KnownDevice(ctx context.Context, userID int64, device string) (known bool, err error) {
	err = s.inTx(ctx, func(tx *txn) error {
		known, err = tx.knownDevice(ctx, userID, device)
		return err
	})
	return known, err
}

// CountHashes counts the hashes that are made until the test ends.
func CountHashes(t interface{ Cleanup(func()) }, made *atomic.Int64) {
	real := keyOf
	keyOf = func(password string, p *argon2id.Params, salt []byte) []byte {
		made.Add(1)
		return real(password, p, salt)
	}
	t.Cleanup(func() { keyOf = real })
}

// Retention is for how many days rows are kept, as table and days.
func Retention() [][2]any {
	kept := [][2]any{{"events", int64(trailDays)}}
	for _, o := range prunable {
		kept = append(kept, [2]any{o.table, o.days})
	}
	return kept
}

// Plain is a user without what Authenticate has compared.
func (u User) Plain() User {
	u.compared = nil
	return u
}
