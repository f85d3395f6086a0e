package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// Kind is what an approval is for. One kind is never used for another.
type Kind string

// The things one can approve.
const (
	KindLogin    Kind = "login"
	KindTransfer Kind = "transfer"
)

// ApprovalStatus is where a request stands. Only pending ever changes.
type ApprovalStatus string

// An approved request is used once, see Approval.ConsumedAt.
const (
	Pending   ApprovalStatus = "pending"
	Approved  ApprovalStatus = "approved"
	Denied    ApprovalStatus = "denied"
	Expired   ApprovalStatus = "expired"
	Cancelled ApprovalStatus = "cancelled"
)

// Approval is one request to a phone. It belongs to one session and one user.
type Approval struct {
	ID         string // ours; travels in the hidden details
	UUID       string // the provider's, "" until it has replied
	Kind       Kind
	SessionID  string
	UserID     int64
	AuthyID    int64
	Status     ApprovalStatus
	Reason     string // of a cancelled one: superseded, by_user, other_method, unavailable, no_device, push_paused, signed_out
	Number     string // two digits, shown in the browser and on the phone
	Subject    string // digest of what the phone shows, "" for a login
	CreatedAt  time.Time
	ExpiresAt  time.Time
	DecidedAt  time.Time
	DecidedVia string // callback, provider
	ConsumedAt time.Time
}

const approvalColumns = `
	id,
	COALESCE(uuid, ''),
	kind,
	session_id,
	user_id,
	authy_id,
	status,
	reason,
	number,
	subject,
	created_at,
	expires_at,
	COALESCE(decided_at, 0),
	decided_via,
	COALESCE(consumed_at, 0)`

func scanApproval(r row) (Approval, error) {
	var a Approval
	var created, expires, decided, consumed int64
	err := r.Scan(&a.ID, &a.UUID, &a.Kind, &a.SessionID, &a.UserID, &a.AuthyID, &a.Status, &a.Reason, &a.Number,
		&a.Subject, &created, &expires, &decided, &a.DecidedVia, &consumed)
	a.CreatedAt, a.ExpiresAt, a.DecidedAt, a.ConsumedAt = at(created), at(expires), at(decided), at(consumed)
	return a, err
}

// BeginApproval writes the row of a request, before the provider is asked.
// Requests of the same kind that the user has pending are replaced: they are
// returned, cancelled as superseded, so that their browsers can be told.
func (s *Store) BeginApproval(ctx context.Context, sessionID string, kind Kind, subject string, ttl time.Duration) (a Approval, replaced []Approval, err error) {
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		const pending = `
			UPDATE approvals
			SET status = 'cancelled', reason = 'superseded', decided_at = ?
			WHERE kind = ? AND status = 'pending'
				AND user_id = (SELECT user_id FROM sessions WHERE id = ?)
			RETURNING ` + approvalColumns
		replaced, err = list(ctx, tx, scanApproval, pending, s.now(), kind, sessionID)
		if err != nil {
			return err
		}
		for _, r := range replaced {
			if err := s.recordDecision(ctx, tx, r); err != nil {
				return err
			}
		}
		a, err = s.beginApproval(ctx, tx, sessionID, kind, subject, ttl)
		return err
	})
	return a, replaced, err
}

func (s *Store) beginApproval(ctx context.Context, tx *sql.Tx, sessionID string, kind Kind, subject string, ttl time.Duration) (Approval, error) {
	const insert = `
		INSERT INTO approvals (id, kind, session_id, user_id, authy_id, status, number, subject, created_at, expires_at)
		SELECT ?, ?, sessions.id, users.id, users.authy_id, 'pending', ?, ?, ?, ?
		FROM sessions JOIN users ON users.id = sessions.user_id
		WHERE sessions.id = ? AND sessions.ended_at IS NULL AND sessions.level = ?
		RETURNING ` + approvalColumns
	now, level := s.now(), PasswordPassed
	if kind != KindLogin {
		level = SignedIn
	}
	number, err := rand.Int(rand.Reader, big.NewInt(90))
	if err != nil {
		return Approval{}, err
	}
	a, err := scanApproval(tx.QueryRowContext(ctx, insert, rand.Text(), kind, fmt.Sprint(10+number.Int64()), subject,
		now, now+ttl.Milliseconds(), sessionID, level))
	if err != nil {
		return Approval{}, err
	}
	return a, s.record(ctx, tx, Event{Kind: "approval_begun", UserID: a.UserID, SessionID: a.SessionID, ApprovalID: a.ID, Detail: string(kind)})
}

// AttachUUID keeps the provider's id of a request. The callback may have
// brought it already; that is no error.
func (s *Store) AttachUUID(ctx context.Context, approvalID, uuid string) error {
	const update = `UPDATE approvals SET uuid = ? WHERE id = ? AND (uuid IS NULL OR uuid = ?)`
	found, err := changed(s.db.ExecContext(ctx, update, uuid, approvalID, uuid))
	if err == nil && !found {
		return ErrNotFound
	}
	return wrap(err)
}

// Decision is an answer from the phone, through a callback or on asking.
type Decision struct {
	ApprovalID string // from the hidden details, "" if there were none
	UUID       string
	AuthyID    int64
	Status     ApprovalStatus // Approved or Denied
	Via        string         // callback, provider
	Receipt    string         // names the delivery, "" for none
}

// Decide applies an answer: to a request that is pending, not expired, of this
// phone, and this one. The first answer wins; of a repeated, late or
// contradicting one nothing changes. ErrNotFound for an unknown request.
func (s *Store) Decide(ctx context.Context, d Decision) (a Approval, applied bool, err error) {
	if d.Status != Approved && d.Status != Denied {
		return Approval{}, false, fmt.Errorf("store: a phone cannot decide %q", d.Status)
	}
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		a, applied, err = s.decide(ctx, tx, d)
		return err
	})
	return a, applied, err
}

func (s *Store) decide(ctx context.Context, tx *sql.Tx, d Decision) (a Approval, applied bool, err error) {
	const update = `
		UPDATE approvals
		SET status = ?, uuid = ?, decided_at = ?, decided_via = ?
		WHERE (uuid = ? OR (uuid IS NULL AND id = ?))
			AND authy_id = ?
			AND status = 'pending'
			AND expires_at > ?
		RETURNING ` + approvalColumns
	fresh, err := s.keepReceipt(ctx, tx, d.Receipt)
	if err != nil {
		return a, false, err
	}
	now := s.now()
	if fresh {
		a, err = scanApproval(tx.QueryRowContext(ctx, update, d.Status, d.UUID, now, d.Via, d.UUID, d.ApprovalID, d.AuthyID, now))
		if err == nil {
			return a, true, s.recordDecision(ctx, tx, a)
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return a, false, err
		}
	}
	const query = `SELECT ` + approvalColumns + ` FROM approvals WHERE (uuid = ? OR (uuid IS NULL AND id = ?)) AND authy_id = ?`
	a, err = scanApproval(tx.QueryRowContext(ctx, query, d.UUID, d.ApprovalID, d.AuthyID))
	return a, false, err
}

func (s *Store) keepReceipt(ctx context.Context, tx *sql.Tx, receipt string) (fresh bool, err error) {
	if receipt == "" {
		return true, nil
	}
	const insert = `INSERT INTO receipts (receipt, at) VALUES (?, ?) ON CONFLICT (receipt) DO NOTHING`
	return changed(tx.ExecContext(ctx, insert, receipt, s.now()))
}

func (s *Store) recordDecision(ctx context.Context, tx *sql.Tx, a Approval) error {
	detail := a.Reason
	if detail == "" {
		detail = a.DecidedVia
	}
	return s.record(ctx, tx, Event{Kind: "approval_" + string(a.Status), UserID: a.UserID, SessionID: a.SessionID, ApprovalID: a.ID, Detail: detail})
}

// CancelApproval ends a pending request for the reason given.
func (s *Store) CancelApproval(ctx context.Context, id, reason string) (a Approval, applied bool, err error) {
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		const update = `
			UPDATE approvals
			SET status = 'cancelled', reason = ?, decided_at = ?
			WHERE id = ? AND status = 'pending'
			RETURNING ` + approvalColumns
		a, err = scanApproval(tx.QueryRowContext(ctx, update, reason, s.now(), id))
		if err == nil {
			applied = true
			return s.recordDecision(ctx, tx, a)
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		a, err = scanApproval(tx.QueryRowContext(ctx, `SELECT `+approvalColumns+` FROM approvals WHERE id = ?`, id))
		return err
	})
	return a, applied, err
}

// Approval returns the request with our id.
func (s *Store) Approval(ctx context.Context, id string) (Approval, error) {
	a, err := scanApproval(s.read.QueryRowContext(ctx, `SELECT `+approvalColumns+` FROM approvals WHERE id = ?`, id))
	return s.present(a), wrap(err)
}

// LatestApproval returns the newest request of a session. One past its
// deadline reads as expired, also before ExpireDue has come round.
func (s *Store) LatestApproval(ctx context.Context, sessionID string, kind Kind) (Approval, error) {
	const query = `
		SELECT ` + approvalColumns + `
		FROM approvals
		WHERE session_id = ? AND kind = ?
		ORDER BY created_at DESC, rowid DESC
		LIMIT 1`
	a, err := scanApproval(s.read.QueryRowContext(ctx, query, sessionID, kind))
	return s.present(a), wrap(err)
}

// present shows a request as it is at this moment.
func (s *Store) present(a Approval) Approval {
	if a.Status == Pending && a.ExpiresAt.UnixMilli() <= s.now() {
		a.Status = Expired
	}
	return a
}

// ExpireDue flips what is past its deadline, and returns what it flipped.
func (s *Store) ExpireDue(ctx context.Context) (expired []Approval, err error) {
	if due, err := s.due(ctx, s.now()); err != nil || !due {
		return nil, err
	}
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		const update = `
			UPDATE approvals
			SET status = 'expired', decided_at = ?
			WHERE status = 'pending' AND expires_at <= ?
			RETURNING ` + approvalColumns
		now := s.now()
		expired, err = list(ctx, tx, scanApproval, update, now, now)
		if err != nil {
			return err
		}
		for _, a := range expired {
			if err := s.recordDecision(ctx, tx, a); err != nil {
				return err
			}
		}
		return nil
	})
	return expired, err
}

// due keeps a sweep that finds nothing from taking the writer's place.
func (s *Store) due(ctx context.Context, before int64) (found bool, err error) {
	const query = `SELECT EXISTS (SELECT 1 FROM approvals WHERE status = 'pending' AND expires_at <= ?)`
	err = s.read.QueryRowContext(ctx, query, before).Scan(&found)
	return found, wrap(err)
}

// ClaimReconcile returns pending requests whose deadline is nearer than
// within, each only once, so that the provider is asked about them once.
func (s *Store) ClaimReconcile(ctx context.Context, within time.Duration) ([]Approval, error) {
	now := s.now()
	before := now + within.Milliseconds()
	if due, err := s.due(ctx, before); err != nil || !due {
		return nil, err
	}
	const update = `
		UPDATE approvals
		SET asked_at = ?
		WHERE status = 'pending' AND uuid IS NOT NULL AND asked_at IS NULL
			AND expires_at <= ? AND expires_at > ?
		RETURNING ` + approvalColumns
	return list(ctx, s.db, scanApproval, update, now, before, now)
}

// Limits on requests that ring and are not approved, since the last one that
// was: enough for a demonstration, too few to wear somebody down.
const (
	pushesPerTenMinutes = 10
	pushesPerHour       = 30
)

// PushAllowed says whether the phone of this user may ring once more, and if
// not, when. It counts by phone: two accounts with one phone share the limit.
func (s *Store) PushAllowed(ctx context.Context, userID int64) (retryAt time.Time, ok bool, err error) {
	now := s.now()
	for _, limit := range []struct {
		n      int
		window time.Duration
	}{{pushesPerTenMinutes, 10 * time.Minute}, {pushesPerHour, time.Hour}} {
		const query = `
			SELECT created_at
			FROM approvals
			WHERE authy_id = (SELECT authy_id FROM users WHERE id = ?1)
				AND kind = 'login' AND uuid IS NOT NULL AND created_at > ?2
				AND created_at > COALESCE((
					SELECT MAX(created_at) FROM approvals
					WHERE authy_id = (SELECT authy_id FROM users WHERE id = ?1) AND consumed_at IS NOT NULL), 0)
			ORDER BY created_at DESC
			LIMIT 1 OFFSET ?3`
		var oldest int64
		err := s.read.QueryRowContext(ctx, query, userID, now-limit.window.Milliseconds(), limit.n-1).Scan(&oldest)
		switch {
		case err == nil:
			return at(oldest).Add(limit.window), false, nil
		case !errors.Is(err, sql.ErrNoRows):
			return time.Time{}, false, wrap(err)
		}
	}
	return time.Time{}, true, nil
}
