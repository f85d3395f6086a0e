package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// movedMark stands among the migrations of a file whose rows were carried to
// PostgreSQL. Every version refuses the file from then on: nobody goes on with accounts
// that live elsewhere.
const movedMark = "moved to PostgreSQL"

// Moved is a table that was carried over.
type Moved struct {
	Table string
	Rows  int
}

// OtherTable is a table of another file that goes along, and the name that it gets.
type OtherTable struct {
	From        querier
	Table, Name string
}

// MoveTo carries everything to the PostgreSQL database at url, in one transaction there:
// each row is read back and compared before that is committed. From then on the file is
// refused. The database may have been opened, but not used. ErrNotEmpty, ErrDemo.
func (s *Store) MoveTo(ctx context.Context, url string, o Options, others ...OtherTable) ([]Moved, error) {
	if err := refuseAccounts(ctx, url); err != nil {
		return nil, fmt.Errorf("store: %s: %w", DatabaseName(url), wrap(err))
	}
	to, err := Open(ctx, url, o) // which makes the tables
	if err != nil {
		return nil, err
	}
	if err := to.Close(); err != nil {
		return nil, err
	}
	// Until it ends nobody writes to the file, not even an operator beside it.
	from, err := s.db.BeginTx(ctx, serializable)
	if err != nil {
		return nil, wrap(err)
	}
	defer from.Rollback() //nolint:errcheck // after a commit there is nothing to roll back
	if err := markMoved(ctx, &txn{Tx: from, store: s, now: s.now()}); err != nil {
		return nil, fmt.Errorf("store: %s: %w", s.path, wrap(err))
	}
	moved, err := carry(ctx, from, url, others)
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", DatabaseName(url), wrap(err))
	}
	if err := from.Commit(); err != nil {
		return moved, fmt.Errorf("store: all was moved, but %s could not be closed for good (start no Nod on it): %w", s.path, wrap(err))
	}
	return moved, nil
}

// refuseAccounts finds a database that is used before anything in it is changed, as its
// schema would be.
func refuseAccounts(ctx context.Context, url string) error {
	conn, err := connectServer(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx) //nolint:errcheck // it has only read
	var used bool
	err = conn.QueryRow(ctx, `SELECT to_regclass('users') IS NOT NULL`).Scan(&used)
	if err == nil && used {
		err = conn.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM users)`).Scan(&used)
	}
	if err == nil && used {
		return ErrNotEmpty
	}
	return err
}

func connectServer(ctx context.Context, url string) (*pgx.Conn, error) {
	config, err := ServerConfig(url)
	if err != nil {
		return nil, err
	}
	return pgx.ConnectConfig(ctx, config)
}

func markMoved(ctx context.Context, from *txn) error {
	var marks int
	if err := from.QueryRowContext(ctx, `SELECT COUNT(*) FROM migrations WHERE name = ?`, demoMark).Scan(&marks); err != nil {
		return err
	}
	if marks > 0 {
		return ErrDemo
	}
	_, err := from.ExecContext(ctx, `INSERT INTO migrations (name, at) VALUES (?, ?)`, movedMark, from.now)
	return err
}

// carry copies all tables, or none.
func carry(ctx context.Context, from querier, url string, others []OtherTable) ([]Moved, error) {
	conn, err := connectServer(ctx, url)
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx) //nolint:errcheck // after a commit there is nothing to lose
	tx, err := conn.Begin(ctx)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback(ctx) //nolint:errcheck // after a commit there is nothing to roll back
	// Whoever starts on the database now waits until all is there.
	if _, err := tx.Exec(ctx, migrationsLock+`; SET LOCAL idle_in_transaction_session_timeout = 0`); err != nil {
		return nil, err
	}
	m := &move{to: tx}
	if m.tables, err = tablesOf(ctx, from); err != nil {
		return nil, err
	}
	m.tables = append(m.tables, others...)
	for _, step := range []func(context.Context, OtherTable) error{m.refuseUsed, m.copy} {
		for _, table := range m.tables {
			if err := step(ctx, table); err != nil {
				return nil, fmt.Errorf("table %s: %w", table.Name, wrap(err))
			}
		}
	}
	return m.moved, tx.Commit(ctx)
}

// tablesOf are all tables of a file but the list of migrations, in an order in which
// none refers to what comes later.
func tablesOf(ctx context.Context, from querier) (ordered []OtherTable, err error) {
	name := func(r row) (name string, err error) { return name, r.Scan(&name) }
	const all = `
		SELECT name
		FROM sqlite_schema
		WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'migrations'
		ORDER BY name`
	left, err := list(ctx, from, name, all)
	if err != nil {
		return nil, err
	}
	refers := map[string][]string{}
	for _, table := range left {
		if refers[table], err = list(ctx, from, name, `SELECT DISTINCT "table" FROM pragma_foreign_key_list(?)`, table); err != nil {
			return nil, err
		}
	}
	for len(left) > 0 {
		next := slices.IndexFunc(left, func(table string) bool {
			return !slices.ContainsFunc(refers[table], func(other string) bool { return other != table && slices.Contains(left, other) })
		})
		if next < 0 {
			return nil, errors.New("these tables refer to each other: " + strings.Join(left, ", "))
		}
		ordered = append(ordered, OtherTable{from, left[next], left[next]})
		left = slices.Delete(left, next, next+1)
	}
	return ordered, nil
}
