package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// A server may be gone without a word, as when its machine or the way to it is: nothing
// comes back on its connections, and the system takes a quarter of an hour to say so.
// Nobody here waits for that.
const (
	// connectLimit is how long it may take to connect, unless the URL says otherwise.
	connectLimit = 5 * time.Second
	// pingLimit is how long a connection that rested may take to show that it is alive:
	// then another one is taken, and whoever has ten seconds still gets an answer.
	pingLimit = 2 * time.Second
	// migrationLimit is for those that have time: a table may be large, and another
	// process is waited for.
	migrationLimit = 24 * time.Hour
)

// statementLimit is for whoever has no deadline, as what goes on in the background.
// Tests hurry.
var statementLimit = 30 * time.Second

// limited is ctx with a deadline.
func limited(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, has := ctx.Deadline(); has {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, statementLimit)
}

// rested is how long a connection has not been used that has to show that it is alive.
var rested = time.Second

func shouldPing(_ context.Context, p stdlib.ShouldPingParams) bool { return p.IdleDuration >= rested }

// ResetSession says whether a connection that rested can be used again. Where one does not
// show that it is alive, a new round begins: nobody waits for the others to be as dead.
func (c *serverConn) ResetSession(ctx context.Context) error {
	if !c.IsValid() {
		return driver.ErrBadConn
	}
	soon, cancel := context.WithTimeout(ctx, pingLimit)
	defer cancel()
	err := c.Conn.ResetSession(soon)
	if err != nil && soon.Err() != nil {
		c.renew()
	}
	return err
}

// renew begins a new round of connections, unless another one has.
func (c *serverConn) renew() { c.round.CompareAndSwap(c.made, c.made+1) }

// IsReadOnly says whether an error is that of a server which takes no writes. Connections
// that were made meanwhile may stay so when it does again.
func IsReadOnly(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == codeReadOnly
}

// note begins a new round of connections when one takes no writes.
func (c *serverConn) note(err error) error {
	if IsReadOnly(err) {
		c.renew()
	}
	return err
}

// IsValid says whether a connection may be used again.
func (c *serverConn) IsValid() bool { return c.made == c.round.Load() }

// serverRows end the limit of their statement.
type serverRows struct {
	*stdlib.Rows
	cancel context.CancelFunc
}

// Close ends the reading.
func (r serverRows) Close() error {
	defer r.cancel()
	return r.Rows.Close()
}

// serverTx ends the limit of its beginning, by which its end is limited, too.
type serverTx struct {
	driver.Tx
	cancel context.CancelFunc
}

// Commit ends a transaction.
func (tx serverTx) Commit() error {
	defer tx.cancel()
	return tx.Tx.Commit()
}

// Rollback ends a transaction that is to have done nothing.
func (tx serverTx) Rollback() error {
	defer tx.cancel()
	return tx.Tx.Rollback()
}
