package handlers

import (
	"context"
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
	config.ConnConfig, config.MaxConns = conn, sessionConnections
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
	err = insist(func(ctx context.Context) error {
		value, err = s.GetWithContext(ctx, hashKey(key))
		return err
	})
	return value, err
}

// Delete forgets a key.
func (s *SessionTable) Delete(key string) error {
	return insist(func(ctx context.Context) error { return s.DeleteWithContext(ctx, hashKey(key)) })
}

// Set keeps a value under a key.
func (s *SessionTable) Set(key string, value []byte, life time.Duration) error {
	return insist(func(ctx context.Context) error { return s.SetWithContext(ctx, hashKey(key), value, life) })
}

// insist does something on another connection where the server has closed one, as
// after its restart: it may have closed all of them. Each step may be done twice.
func insist(do func(context.Context) error) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), busyTimeout)
	defer cancel()
	for range sessionConnections + 1 {
		if err = store.Neutral(do(ctx)); !errors.Is(err, store.ErrUnavailable) {
			return err
		}
	}
	return err
}

// Ready says whether the table can be reached.
func (s *SessionTable) Ready(ctx context.Context) error { return store.Neutral(s.pool.Ping(ctx)) }

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
		result, err := s.pool.Exec(ctx, some, now.Unix(), sessionsPruned)
		if err != nil || result.RowsAffected() < sessionsPruned {
			return store.Neutral(err)
		}
	}
}
