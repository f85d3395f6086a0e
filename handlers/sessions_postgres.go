package handlers

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/gofiber/storage/postgres/v3"
	"github.com/jackc/pgx/v5/pgxpool"

	"nod/store"
)

// SessionTableName is that of Fiber's sessions in PostgreSQL. Package store makes it with
// its own tables.
const SessionTableName = "nod_cookies"

// sessionPing is how long a connection that rested may take to show that it is alive. Whoever
// waits for a cookie has time to find out that all of them are gone.
const sessionPing = busyTimeout / (sessionConnections + 1)

// SessionTable is Fiber's session storage in PostgreSQL, with the same promises as
// SessionFile: it keeps what a cookie holds out of the table, and its errors are those
// of package store.
type SessionTable struct {
	*postgres.Storage
	pool *pgxpool.Pool
}

// NewSessionTable opens the table of sessions of a PostgreSQL database that the store has
// opened.
func NewSessionTable(ctx context.Context, url string) (table *SessionTable, err error) {
	conn, err := store.ServerConfig(url)
	if err != nil {
		return nil, err
	}
	config, err := pgxpool.ParseConfig("")
	if err != nil {
		return nil, err
	}
	config.ConnConfig, config.MaxConns, config.PingTimeout = conn, sessionConnections, sessionPing
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, store.Neutral(err)
	}
	// postgres.New panics where the table cannot be made.
	defer func() {
		if r := recover(); r != nil {
			pool.Close()
			table, err = nil, fmt.Errorf("the table of sessions cannot be opened: %w", neutral(r))
		}
	}()
	var schema string // the library takes another one to be the default
	if err := pool.QueryRow(ctx, `SELECT current_schema()`).Scan(&schema); err != nil {
		pool.Close()
		return nil, store.Neutral(err)
	}
	storage := postgres.New(postgres.Config{DB: pool, Table: schema + "." + SessionTableName, GCInterval: never})
	return &SessionTable{storage, pool}, nil
}

func neutral(panicked any) error {
	if err, ok := panicked.(error); ok {
		return store.Neutral(err)
	}
	return fmt.Errorf("%v", panicked)
}

// Get reads the value of a key.
func (s *SessionTable) Get(key string) (value []byte, err error) {
	err = s.insist(func(ctx context.Context) error {
		value, err = s.GetWithContext(ctx, hashKey(key))
		return err
	})
	return value, err
}

// Delete forgets a key.
func (s *SessionTable) Delete(key string) error {
	return s.insist(func(ctx context.Context) error { return s.DeleteWithContext(ctx, hashKey(key)) })
}

// maxApart is how far apart the clocks of the machines may be: the library compares the
// time at which a value ends with its own, and that is here only for pruning, since what
// a cookie refers to has a row that says how long it counts.
const maxApart = 12 * time.Hour

// Set keeps a value under a key.
func (s *SessionTable) Set(key string, value []byte, life time.Duration) error {
	if life > 0 { // 0 is for ever
		life += maxApart
	}
	return s.insist(func(ctx context.Context) error { return s.SetWithContext(ctx, hashKey(key), value, life) })
}

// insist does something on another connection where the server has closed one, as
// after its restart: it may have closed all of them. Each step may be done twice.
func (s *SessionTable) insist(do func(context.Context) error) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), busyTimeout)
	defer cancel()
	for range sessionConnections + 1 {
		if err = s.met(do(ctx)); !errors.Is(err, store.ErrUnavailable) {
			return err
		}
	}
	return err
}

// met is store.Neutral. Connections of a server that took no writes are made anew.
func (s *SessionTable) met(err error) error {
	if store.IsReadOnly(err) {
		s.pool.Reset()
	}
	return store.Neutral(err)
}

// Ready says whether the table can be reached, and written.
func (s *SessionTable) Ready(context.Context) error {
	return s.insist(func(ctx context.Context) error {
		_, err := s.pool.Exec(ctx, probeTable)
		return err
	})
}

// probeTable writes nothing, which a server that takes no writes refuses, too.
const probeTable = `DELETE FROM ` + SessionTableName + ` WHERE k = ''`

// Stats says how often and how long one of the connections was waited for.
func (s *SessionTable) Stats() sql.DBStats {
	all := s.pool.Stat()
	return sql.DBStats{WaitCount: all.EmptyAcquireCount(), WaitDuration: all.EmptyAcquireWaitTime()}
}

// Close closes the connections.
func (s *SessionTable) Close() error {
	err := s.Storage.Close()
	s.pool.Close()
	return err
}

// KeepPruned deletes what has expired, at once and then every minute, until ctx ends.
// problem is told what went wrong.
func (s *SessionTable) KeepPruned(ctx context.Context, problem func(error)) {
	keepPruned(ctx, problem, s.prune)
}

// prune deletes a few rows at a time.
func (s *SessionTable) prune(ctx context.Context, now time.Time) error {
	const some = `DELETE FROM ` + SessionTableName + ` WHERE k IN (SELECT k FROM ` + SessionTableName + ` WHERE e <> 0 AND e <= $1 ORDER BY e LIMIT $2)`
	for {
		soon, cancel := context.WithTimeout(ctx, busyTimeout)
		result, err := s.pool.Exec(soon, some, now.Unix(), sessionsPruned)
		cancel()
		if err != nil || result.RowsAffected() < sessionsPruned {
			return store.Neutral(err)
		}
	}
}
