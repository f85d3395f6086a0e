// Package nudges tells the other processes that work on one PostgreSQL database that
// something has changed there.
//
// Owns: two connections, one that tells (NOTIFY) and one that listens (LISTEN).
// Promises: a word reaches every process that listens, or that process hears that it
// may have missed something, as soon as it listens again; to tell waits for nobody. A
// word whose connection was cut may arrive twice.
// Never: says what has changed to what (who is told reads the database); carries
// anything that a stranger may not see.
//
// Words are gathered: what comes while one statement is under way goes with the next.
// Within the transaction of a change a NOTIFY would hold up all others.
package nudges

import (
	"context"
	"hash/maphash"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	channel = "nod"
	// maxPayload is less than the 8,000 bytes that PostgreSQL takes.
	maxPayload = 7900
	// maxWaiting words are kept while nobody can be told; more than that become one
	// that says everything may have changed.
	maxWaiting = 10_000
	everything = "*"

	firstPause = 20 * time.Millisecond // before a connection is opened again; doubled each time
	lastPause  = time.Second
	// quiet is how long a listener hears nothing before it makes sure that it still would.
	quiet = 5 * time.Second
	// hearers read the database at once, the words of one kind and subject in their order.
	hearers = 8
)

// Options of Nudges. All are required.
type Options struct {
	Connect *pgx.ConnConfig
	Heard   func(ctx context.Context, word string) // of another process
	Missed  func(ctx context.Context)              // it listens from now on; words may have been missed
	Logger  *slog.Logger
}

// Nudges is what one process tells and hears. It is safe for concurrent use.
type Nudges struct {
	Options
	self string // tells our own words from those of others

	mu      sync.Mutex
	waiting map[string]bool
	wake    chan struct{}
}

// New prepares nudges; Run connects.
func New(o Options, self string) *Nudges {
	return &Nudges{Options: o, self: self, waiting: map[string]bool{}, wake: make(chan struct{}, 1)}
}

// Tell tells all other processes a word without blanks, soon. It does not wait.
func (n *Nudges) Tell(word string) {
	n.put(word)
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

func (n *Nudges) put(words ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, word := range words {
		if !n.waiting[everything] {
			n.waiting[word] = true
		}
	}
	if len(n.waiting) > maxWaiting {
		n.waiting = map[string]bool{everything: true}
	}
}

// take takes as many words as go into one payload.
func (n *Nudges) take() (words []string, more bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	size := len(n.self)
	for word := range n.waiting {
		if size += 1 + len(word); size > maxPayload {
			return words, true
		}
		words = append(words, word)
		delete(n.waiting, word)
	}
	return words, false
}

// Run tells and listens until ctx ends.
func (n *Nudges) Run(ctx context.Context) {
	var running sync.WaitGroup
	running.Go(func() { n.keep(ctx, "told", n.tell) })
	running.Go(func() { n.keep(ctx, "heard", n.listen) })
	running.Wait()
}

// keep does something on a connection, and again on another one when that is lost.
func (n *Nudges) keep(ctx context.Context, what string, do func(context.Context, *pgx.Conn) error) {
	pause := firstPause
	for ctx.Err() == nil {
		began := time.Now()
		err := n.on(ctx, do)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > lastPause {
			pause = firstPause
		}
		n.Logger.Warn("other processes cannot be "+what+" for a moment", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, lastPause)
	}
}

func (n *Nudges) on(ctx context.Context, do func(context.Context, *pgx.Conn) error) error {
	conn, err := pgx.ConnectConfig(ctx, n.Connect.Copy())
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // it may be lost
	return do(ctx, conn)
}

// tell sends what waits. What could not be sent waits on.
func (n *Nudges) tell(ctx context.Context, conn *pgx.Conn) error {
	for {
		words, more := n.take()
		if len(words) > 0 {
			payload := n.self + " " + strings.Join(words, " ")
			if err := notify(ctx, conn, payload); err != nil {
				n.put(words...)
				return err
			}
		}
		if more {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-n.wake:
		}
	}
}

// notify has a deadline: what was dropped on the way would hold all words up until TCP
// gives up.
func notify(ctx context.Context, conn *pgx.Conn, payload string) error {
	soon, cancel := context.WithTimeout(ctx, quiet)
	defer cancel()
	_, err := conn.Exec(soon, `SELECT pg_notify($1, $2)`, channel, payload)
	return err
}

// listen hears others until the connection is lost.
func (n *Nudges) listen(ctx context.Context, conn *pgx.Conn) error {
	soon, cancel := context.WithTimeout(ctx, quiet)
	_, err := conn.Exec(soon, `LISTEN `+channel)
	cancel()
	if err != nil {
		return err
	}
	hear, stop := n.hearers(ctx)
	defer stop()
	n.Missed(ctx)
	for {
		payload, err := next(ctx, conn)
		if err != nil {
			return err
		}
		words := strings.Fields(payload)
		if len(words) == 0 || words[0] == n.self {
			continue
		}
		for _, word := range words[1:] {
			if word == everything {
				n.Missed(ctx)
				continue
			}
			hear(word)
		}
	}
}

// next waits for a payload. Where nothing comes for long it asks the server, which may
// be gone without a word.
func next(ctx context.Context, conn *pgx.Conn) (string, error) {
	for {
		some, cancel := context.WithTimeout(ctx, quiet)
		heard, err := conn.WaitForNotification(some)
		silent := some.Err() != nil
		cancel()
		if err == nil {
			return heard.Payload, nil
		}
		if ctx.Err() != nil || !silent {
			return "", err
		}
		asked, cancel := context.WithTimeout(ctx, quiet)
		err = conn.Ping(asked)
		cancel()
		if err != nil {
			return "", err
		}
	}
}

// hearers work through words, each word always by the same of them.
func (n *Nudges) hearers(ctx context.Context) (hear func(word string), stop func()) {
	var running sync.WaitGroup
	var lines [hearers]chan string
	for i := range lines {
		lines[i] = make(chan string, 1024)
		running.Go(func() {
			for word := range lines[i] {
				n.Heard(ctx, word)
			}
		})
	}
	seed := maphash.MakeSeed()
	hear = func(word string) { lines[maphash.String(seed, word)%hearers] <- word }
	stop = func() {
		for _, line := range lines {
			close(line)
		}
		running.Wait()
	}
	return hear, stop
}
