package store

import (
	"cmp"
	"context"
	"time"
)

// Event is one line of the audit trail: who, when, where, what. What became of it
// is Kind.Outcome.
type Event struct {
	ID         int64     // grows; set by the store, as is the next
	At         time.Time // of a refusal that was counted its minute
	Kind       EventKind
	UserID     int64  // whom it is about; 0 for nobody known
	SessionID  string // what it is about
	ApprovalID string
	Detail     string // a word of ours, never what somebody typed: it outlives the account

	// Where and by whom. What is empty is taken from the Actor of the context.
	Actor   string // the session that acted, ActorOperator, or "" for nobody's request
	IP      string // forgotten with the account
	Network string // the network around IP, which many share, and kept; set by the store
	Device  string
	Times   int // refusals of one minute that were counted in this line; 0 means one
}

// ActorOperator is the Actor of what was done by a command and not in a browser.
const ActorOperator = "operator"

// Actor is who acts, for every line of the audit trail that a request leaves. It
// travels in the context: most steps need nothing of it but this.
type Actor struct {
	Session string // the id of the session that the request came with, or ActorOperator
	IP      string
	Device  string
}

type actorKey struct{}

// In returns a context of what this actor does.
func (a Actor) In(ctx context.Context) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

func actorOf(ctx context.Context) Actor {
	a, _ := ctx.Value(actorKey{}).(Actor)
	return a
}

const recordQuery = `
	INSERT INTO events (
		at,
		kind,
		user_id,
		session_id,
		approval_id,
		detail,
		actor,
		ip,
		ip_salt,
		ip_mark,
		network,
		device,
		times
	)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

// record writes a line of the audit trail. It is logged once it is committed.
func (tx *txn) record(ctx context.Context, e Event) error {
	who := actorOf(ctx)
	if e.At.IsZero() {
		e.At = at(tx.now)
	}
	e.Actor, e.IP, e.Device = cmp.Or(e.Actor, who.Session), cmp.Or(e.IP, who.IP), cmp.Or(e.Device, who.Device)
	e.Network, e.Times = surroundings(e.IP), max(e.Times, 1)
	salt, mark := markAddress(e.IP)
	_, err := tx.ExecContext(ctx, recordQuery, e.At.UnixMilli(), e.Kind, e.UserID, e.SessionID, e.ApprovalID,
		e.Detail, e.Actor, e.IP, salt, mark, e.Network, e.Device, e.Times)
	if err == nil {
		tx.recorded = append(tx.recorded, e)
	}
	return err
}

// Events returns the newest lines about a user, newest first.
func (s *Store) Events(ctx context.Context, userID int64, limit int) ([]Event, error) {
	return s.EventsBefore(ctx, userID, 0, limit)
}

// EventsBefore returns the newest of the lines about a user that are older than
// the one with this ID, 0 for all of them, newest first: by their time, since what
// is counted by the minute is written once the minute is over.
func (s *Store) EventsBefore(ctx context.Context, userID, before int64, limit int) ([]Event, error) {
	const (
		query = `SELECT id, ` + eventColumns + ` FROM events WHERE user_id = ?1`
		older = ` AND (at, id) < (SELECT at, id FROM events WHERE id = ?3 AND user_id = ?1)`
		order = ` ORDER BY at DESC, id DESC LIMIT ?2`
	)
	if before <= 0 {
		return list(ctx, s.read, scanEvent, query+order, userID, limit)
	}
	return list(ctx, s.read, scanEvent, query+older+order, userID, limit, before)
}

const eventColumns = `
	at,
	kind,
	COALESCE(user_id, 0),
	session_id,
	approval_id,
	detail,
	actor,
	ip,
	network,
	device,
	times`

func scanEvent(r row) (Event, error) {
	var e Event
	var ms int64
	err := r.Scan(append([]any{&e.ID, &ms}, e.fields()...)...)
	e.At = at(ms)
	return e, err
}

// fields receive the columns above but for the time.
func (e *Event) fields() []any {
	return []any{&e.Kind, &e.UserID, &e.SessionID, &e.ApprovalID, &e.Detail, &e.Actor, &e.IP, &e.Network, &e.Device, &e.Times}
}
