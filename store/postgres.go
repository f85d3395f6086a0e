package store

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// What PostgreSQL has in another way than SQLite: how it is opened, how parameters
// are written, the words of migrations, and that a transaction may have to be run
// again. Everything else is one text for both.

// IsServer says whether a database is a PostgreSQL URL, and not the path of a file.
func IsServer(database string) bool {
	return strings.HasPrefix(database, "postgres://") || strings.HasPrefix(database, "postgresql://")
}

// serverConnections is how many connections one process has to PostgreSQL for the
// store: more than a few processors can use, and few beside the hundred that a server
// takes by default.
const serverConnections = 16

// serverSettings are those of each connection that the URL does not set. Who waits for
// a row would have to be run again anyway once it is free, so nobody waits for long, not
// even for whoever waits for them: deadlocks are looked for after a second only. A
// process that was suspended in the middle of a transaction holds nobody up for longer
// than SQLite's busy_timeout.
var serverSettings = []string{"lock_timeout", "100", "idle_in_transaction_session_timeout", "5000"}

// ServerConfig is how a PostgreSQL database is reached, with further settings as names
// and values. Its errors do not quote the URL, which may hold a password.
func ServerConfig(database string, further ...string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(database)
	if err != nil {
		if cause := errors.Unwrap(err); cause != nil {
			err = cause // the error itself repeats the URL
		}
		return nil, fmt.Errorf("the URL cannot be used: %v", err)
	}
	config.ConnectTimeout = cmp.Or(config.ConnectTimeout, connectLimit)
	named := config.RuntimeParams
	named["application_name"] = cmp.Or(named["application_name"], "nod")
	// By a statement: PgBouncer refuses connections that begin with such settings.
	var set strings.Builder
	for pair := range slices.Chunk(append(further, serverSettings...), 2) {
		if _, has := named[pair[0]]; !has {
			fmt.Fprintf(&set, "SET %s = %s;", pair[0], pair[1])
		}
	}
	config.AfterConnect = func(ctx context.Context, conn *pgconn.PgConn) error {
		_, err := conn.Exec(ctx, set.String()).ReadAll()
		return err
	}
	return config, nil
}

// DatabaseName is what messages call a database: its path, or its URL without what is
// secret in it.
func DatabaseName(database string) string {
	if !IsServer(database) {
		return database
	}
	u, err := url.Parse(database)
	if err != nil {
		return "the PostgreSQL database"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

func serverPool(database string, set ...string) (*sql.DB, error) {
	config, err := ServerConfig(database, set...)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(serverConnector{stdlib.GetConnector(*config, stdlib.OptionShouldPing(shouldPing)), new(atomic.Int64)})
	db.SetMaxOpenConns(serverConnections)
	db.SetMaxIdleConns(serverConnections)
	return db, nil
}

// serverConnector makes connections that take parameters as SQLite does.
type serverConnector struct {
	driver.Connector
	round *atomic.Int64
}

// Connect opens one connection.
func (c serverConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &serverConn{conn.(*stdlib.Conn), c.round.Load(), c.round}, nil
}

type serverConn struct {
	*stdlib.Conn
	made  int64         // in this round
	round *atomic.Int64 // see note
}

// ExecContext takes parameters as SQLite does.
func (c *serverConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	ctx, cancel := limited(ctx)
	defer cancel()
	result, err := c.Conn.ExecContext(ctx, numbered(query, len(args)), allLegible(args))
	return result, c.note(err)
}

// QueryContext takes parameters as SQLite does. What only reads is asked on another
// connection when the server has closed this one, as after its restart.
func (c *serverConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	ctx, cancel := limited(ctx)
	rows, err := c.Conn.QueryContext(ctx, numbered(query, len(args)), allLegible(args))
	if err == nil {
		return serverRows{rows.(*stdlib.Rows), cancel}, nil
	}
	cancel()
	if strings.HasPrefix(strings.TrimSpace(query), "SELECT") {
		err = c.unlessClosed(err)
	}
	return nil, c.note(err)
}

// BeginTx begins on another connection when the server has closed this one.
func (c *serverConn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	ctx, cancel := limited(ctx)
	tx, err := c.Conn.BeginTx(ctx, options)
	if err != nil {
		cancel()
		return nil, c.unlessClosed(err)
	}
	return serverTx{tx, cancel}, nil
}

// unlessClosed is driver.ErrBadConn, after which database/sql tries another connection,
// where nothing was lost but this one.
func (c *serverConn) unlessClosed(err error) error {
	if err != nil && c.Conn.Conn().IsClosed() && lostServer(err) {
		return driver.ErrBadConn
	}
	return err
}

// legible is a text as PostgreSQL takes it: UTF-8 without NUL. What people type is
// checked; what their browsers say of themselves need be neither.
func legible(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

func allLegible(args []driver.NamedValue) []driver.NamedValue {
	for i := range args {
		if text, ok := args[i].Value.(string); ok {
			args[i].Value = legible(text)
		}
	}
	return args
}

// numbered writes ? and ?2 as $1 and $2. No text within a statement holds a question
// mark.
func numbered(query string, args int) string {
	if args == 0 {
		return query
	}
	var b strings.Builder
	b.Grow(len(query) + 2*args)
	last := 0
	for i := 0; i < len(query); i++ {
		if query[i] != '?' {
			b.WriteByte(query[i])
			continue
		}
		b.WriteByte('$')
		if i+1 == len(query) || query[i+1] < '0' || query[i+1] > '9' {
			last++
			b.WriteString(strconv.Itoa(last))
		}
	}
	return b.String()
}

// serverWords are those in which PostgreSQL's tables differ from SQLite's.
var serverWords = strings.NewReplacer(
	") STRICT", ")",
	"INTEGER PRIMARY KEY", "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
	"INTEGER", "BIGINT",
	"BLOB", "BYTEA",
)

// script writes a migration as the database at hand takes it. What only one of them
// takes stands between "-- <SQLite>" and "-- </SQLite>", or the same for PostgreSQL.
func (s *Store) script(text string) string {
	if s.server {
		return serverWords.Replace(withoutSection(text, "SQLite"))
	}
	return withoutSection(text, "PostgreSQL")
}

// withoutSection leaves out what stands between the marks of a name.
func withoutSection(text, name string) string {
	for {
		before, rest, found := strings.Cut(text, "-- <"+name+">\n")
		if !found {
			return text
		}
		_, after, _ := strings.Cut(rest, "-- </"+name+">\n")
		text = before + after
	}
}

const migrationsLock = `SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock(hashtext('nod migrations'))`

// alone lets one process at a time bring the schema up to date; the others wait, however
// long that takes.
func (tx *txn) alone(ctx context.Context) error {
	if !tx.store.server {
		return nil
	}
	_, err := tx.ExecContext(ctx, migrationsLock)
	return err
}

// hold takes the row of a session before its request's, as a sign-in by a code does: in
// the other order the two would wait for each other.
func (tx *txn) hold(ctx context.Context, sessionID string) error {
	if !tx.store.server {
		return nil
	}
	_, err := tx.ExecContext(ctx, `SELECT 1 FROM sessions WHERE id = ? FOR UPDATE`, sessionID)
	return err
}

// conflict is the failure of a transaction that met another one: run again, it may
// succeed.
type conflict struct {
	text   string
	unique bool // both wanted to be the only one; else it is an ErrLocked
}

func (c *conflict) Error() string { return c.text }

func (c *conflict) Unwrap() error {
	if c.unique {
		return nil
	}
	return ErrLocked
}

// PostgreSQL's codes of errors, see its appendix A.
const (
	codeUnique        = "23505"
	codeSerialization = "40001"
	codeDeadlock      = "40P01"
	codeLockTimeout   = "55P03"
	codeReadOnly      = "25006"
	codePrepared      = "42P05" // already
	codeNotPrepared   = "26000"
	codeUnsupported   = "0A000" // by a standby, or by a plan from before a migration
)

// unavailableClasses are the classes of codes by which a server says that it cannot
// do it now: connection, transaction (read-only, or ended by the server), resources,
// an operator, the system, its own faults.
const unavailableClasses = "08 25 53 57 58 XX"

// wrapServer is wrap for PostgreSQL; nil for what is not its error.
func wrapServer(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		text := pg.Message + " (" + pg.Code + ")" // without the detail, which quotes rows
		switch {
		case pg.Code == codeSerialization, pg.Code == codeDeadlock, pg.Code == codeLockTimeout:
			return &conflict{text: text}
		case pg.Code == codeUnique:
			return &conflict{text: text, unique: true}
		case strings.Contains(unavailableClasses, pg.Code[:2]), pg.Code == codeUnsupported, lostServer(err):
			return fmt.Errorf("%w: %s", ErrUnavailable, text)
		}
		if pg.Code == codePrepared || pg.Code == codeNotPrepared {
			text += ": is there a pooler in transaction mode? Connect directly, or use its session mode"
		}
		return errors.New(text)
	}
	if lostServer(err) {
		return fmt.Errorf("%w: %v", ErrUnavailable, err)
	}
	return nil
}

// lostServer says whether a server could not be reached, or was lost amid a question. A
// server that stops may still say so.
func lostServer(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.SeverityUnlocalized == "FATAL"
	}
	var connect *pgconn.ConnectError
	var network *net.OpError // a net.Error is also what a file cannot do
	return errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, pgconn.ErrConnClosed) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
