package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"nod/store"
)

// A transaction that met another one is run again, from the beginning; one that was
// refused is not.
func TestATransactionThatMetAnotherIsRunAgain(t *testing.T) {
	w := newWorld(t)
	store.Rehearse(0)
	t.Cleanup(func() { store.Rehearse(rehearsals()) })
	for _, test := range []struct {
		code      string
		fails     int
		want      error
		wantTries int
	}{
		{"40001", 2, nil, 3},
		{"40P01", 1, nil, 2},
		{"23505", 3, nil, 4},
		{"40001", 1000, store.ErrLocked, 40},
		{"57014", 1, store.ErrUnavailable, 1},
		{"53100", 1, store.ErrUnavailable, 1},
		{"25006", 1, store.ErrUnavailable, 1},
		{"55P03", 1, nil, 2},
	} {
		tries := 0
		err := w.store.InTx(t.Context(), func() error {
			if tries++; tries > test.fails {
				return nil
			}
			return &pgconn.PgError{Code: test.code, Message: "refused", Detail: "Key (email)=(ada@example.com) already exists."}
		})
		if !errors.Is(err, test.want) || tries != test.wantTries {
			t.Errorf("%s, %d times: got error %v in %d tries, want %v in %d", test.code, test.fails, err, tries, test.want, test.wantTries)
		}
		var driver *pgconn.PgError
		if errors.As(err, &driver) || err != nil && strings.Contains(err.Error(), "ada@") {
			t.Errorf("%s: the driver's error came out: %v", test.code, err)
		}
	}
}

// A transaction whose time runs out amid it was waited for too long, and changes nothing.
func TestTheTimeOfATransactionRunsOut(t *testing.T) {
	w := newWorld(t)
	store.Rehearse(0)
	t.Cleanup(func() { store.Rehearse(rehearsals()) })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := w.store.InTx(ctx, func() error {
		<-ctx.Done()
		return fmt.Errorf("the next statement: %w", sql.ErrTxDone)
	})
	wantErr(t, "out of time", err, store.ErrLocked)
}

// Those who have met another transaction do not all try again at once, or they would
// meet each other until some have no tries left.
func TestACrowdIsRunAgainOneAtATime(t *testing.T) {
	w := newWorld(t)
	const crowd = 16
	var failed sync.WaitGroup // for the first time
	failed.Add(crowd)
	var inside, most atomic.Int64
	race(t, crowd, nil, func(int) error {
		first := true
		return w.store.Again(t.Context(), func() error {
			if first {
				first = false
				failed.Done()
				return &pgconn.PgError{Code: "40001", Message: "refused"}
			}
			failed.Wait()
			inside.Add(1)
			defer inside.Add(-1)
			for range 1000 { // others have time to come in
				runtime.Gosched()
				most.Store(max(most.Load(), inside.Load()))
			}
			return nil
		})
	})
	if got := most.Load(); got > 1 {
		t.Errorf("%d were run again at once, want 1", got)
	}
}

// What a limit refuses is counted once, however often the transaction was run.
func TestARefusalIsCountedOnce(t *testing.T) {
	w := newWorld(t)
	w.fail(5, mail, address)
	store.Rehearse(3)
	t.Cleanup(func() { store.Rehearse(rehearsals()) })
	for range 2 {
		if _, err := w.store.SpendPasswordTry(t.Context(), mail, store.Client{IP: address}); err == nil {
			t.Fatal("the limit is not reached")
		}
	}
	w.sign()
	if got := w.number(`SELECT SUM(times) FROM refusals`); got != 2 {
		t.Errorf("%d refusals are counted, want 2", got)
	}
}

// Two processes on one database cannot exceed a limit together.
func TestALimitHoldsAcrossProcesses(t *testing.T) {
	w := newWorld(t)
	second, err := store.Open(t.Context(), w.path, w.options())
	must(t, err)
	t.Cleanup(func() { must(t, second.Close()) })
	processes := []*store.Store{w.store, second}
	limit := errors.New("a limit")
	won := race(t, 40, limit, func(i int) error {
		_, err := processes[i%2].SpendPasswordTry(t.Context(), mail, store.Client{IP: address})
		var over *store.RateError
		if errors.As(err, &over) {
			return limit
		}
		return err
	})
	if won != 5 {
		t.Errorf("%d passwords were tried, want 5", won)
	}
}

// Parameters are written as PostgreSQL takes them.
func TestParametersAreNumbered(t *testing.T) {
	for _, test := range []struct {
		query string
		args  int
		want  string
	}{
		{"a = ? AND b IN (?, ?)", 3, "a = $1 AND b IN ($2, $3)"},
		{"a = ?2 AND b = ?1 AND c = ?12", 12, "a = $2 AND b = $1 AND c = $12"},
		{"why?", 0, "why?"},
		{"LIMIT ?", 1, "LIMIT $1"},
	} {
		if got := store.Numbered(test.query, test.args); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

// What a URL holds that is secret stands in no error.
func TestNoErrorShowsAPassword(t *testing.T) {
	for _, url := range []string{
		"postgres://nod:s3cret@127.0.0.1:1/nod?connect_timeout=1",
		"postgres://nod:s3cret@127.0.0.1:port/nod",
		"postgres://nod:s3cret@127.0.0.1:1/nod?sslmode=odd",
		"postgres://127.0.0.1:1/nod?password=s3cret&sslmode=odd",
		"postgres://127.0.0.1:1/nod?password=s3cret&connect_timeout=1",
		"postgres://nod:s3cret%@127.0.0.1/nod",
	} {
		_, err := store.Open(t.Context(), url, store.Options{SecretKey: serverKey})
		if err == nil || strings.Contains(err.Error(), "s3cret") || strings.Contains(store.DatabaseName(url), "s3cret") {
			t.Errorf("got error %v and name %q", err, store.DatabaseName(url))
		}
	}
}
